// The arguments of a chain in a module's memory: words in the order of the description, then the arrays that they
// point to (hmc/jit/packing.py).

const KINDS = {
  "<f8": Float64Array, "<f4": Float32Array, "<i8": BigInt64Array, "<u8": BigUint64Array, "<i4": Int32Array,
  "<u4": Uint32Array, "<i2": Int16Array, "<u2": Uint16Array, "|i1": Int8Array, "|u1": Uint8Array, "|b1": Uint8Array,
};
const ALIGNMENT = 16;

const aligned = (address) => Math.ceil(address / ALIGNMENT) * ALIGNMENT;

/** Arguments that lie in a module's memory.
 * @typedef {object} LaidOut
 * @property {number} address  of the words
 * @property {number} end  of all
 * @property {(name: string) => any} array  a view, of the type of the field's numbers, until the memory grows
 * @property {(name: string, value: number) => void} setNumber
 * @property {(name: string) => void} shorten  a vector, to no numbers at all */

/** Write the arguments of a chain from an address on.
 * @param {WebAssembly.Memory} memory
 * @param {[string, keyof KINDS, (string | number)[] | null][]} fields  the description's
 * @param {number} base
 * @param {{sizes: Record<string, number>, numbers: Record<string, number>, arrays: Record<string, ArrayLike<number>>}} given
 * @returns {LaidOut} */
export function laidOut(memory, fields, base, { sizes, numbers, arrays }) {
  const places = new Map();
  const words = [];
  const address = aligned(base);
  let end = aligned(address + 8 * fields.reduce((count, [, , extents]) => count + 1 + (extents?.length ?? 0), 0));
  for (const [name, kind, extents] of fields) {
    if (extents === null) {
      places.set(name, { kind, word: words.length });
      words.push([kind, numbers[name] ?? 0]);
      continue;
    }
    const shape = extents.map((extent) => (typeof extent === "string" ? sizes[extent] : extent));
    const length = shape.reduce((product, extent) => product * extent, 1);
    places.set(name, { kind, at: end, length, word: words.length });
    words.push(["<i8", end], ...shape.map((extent) => ["<i8", extent]));
    end = aligned(end + length * KINDS[kind].BYTES_PER_ELEMENT);
  }
  reach(memory, end);
  const array = (name) => {
    const { kind, at, length } = places.get(name);
    return new KINDS[kind](memory.buffer, at, length);
  };
  const setNumber = (name, value) => {
    const { kind, word } = places.get(name);
    writeWord(new DataView(memory.buffer), address + 8 * word, kind, value);
  };
  const view = new DataView(memory.buffer);
  words.forEach(([kind, value], k) => writeWord(view, address + 8 * k, kind, value));
  for (const [name, values] of Object.entries(arrays)) {
    const into = array(name);
    const isBig = into instanceof BigInt64Array || into instanceof BigUint64Array;
    for (let i = 0; i < values.length; i++) into[i] = isBig ? BigInt(values[i]) : values[i];
  }
  const shorten = (name) => writeWord(new DataView(memory.buffer), address + 8 * (places.get(name).word + 1), "<i8", 0);
  return { address, end, array, setNumber, shorten };
}

function writeWord(view, address, kind, value) {
  if (kind === "<f8") view.setFloat64(address, value, true);
  else view.setBigInt64(address, BigInt(value), true);
}

/** Let the memory reach to an address.
 * @param {WebAssembly.Memory} memory @param {number} end */
export function reach(memory, end) {
  const missing = Math.ceil((end - memory.buffer.byteLength) / 65536);
  if (missing > 0) memory.grow(missing);
}
