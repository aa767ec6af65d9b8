/** For JSON.stringify: numbers that JSON has no words for, arrays of float64 as hexadecimal bytes, single ones by name. */
export function exact(key, value) {
  if (value instanceof Float64Array) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return { float64: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") };
  }
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) return { number: Object.is(value, -0) ? "-0" : `${value}` };
  return value;
}
