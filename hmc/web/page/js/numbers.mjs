// Numbers as Python prints them: ties between two decimals go to the even digit, as exact arithmetic finds them.

const EXACT_DIGITS = 100; // the most that JavaScript gives; a tie at the third digit shows far earlier

/** f"{x:.2f}" of Python.
 * @param {number} x @returns {string} */
export function twoDecimals(x) {
  if (!Number.isFinite(x)) return pythonName(x);
  const sign = x < 0 || Object.is(x, -0) ? "-" : "";
  const size = Math.abs(x);
  if (size >= 1e21) return `${sign}${BigInt(size)}.00`; // a whole number, which toFixed gives with an exponent
  const exact = size.toFixed(EXACT_DIGITS);
  const isTie = /\.\d[02468]50*$/.test(exact);
  return sign + (isTie ? exact.slice(0, exact.indexOf(".") + 3) : size.toFixed(2));
}

/** Three significant digits: f"{x:.3g}" of Python, "not a number" for NaN.
 * @param {number} x @returns {string} */
export function short(x) {
  if (Number.isNaN(x)) return "not a number";
  if (!Number.isFinite(x)) return pythonName(x);
  if (x === 0) return Object.is(x, -0) ? "-0" : "0";
  const sign = x < 0 ? "-" : "";
  const [digits, power] = threeDigits(Math.abs(x));
  if (power < -4 || power >= 3) {
    const size = String(Math.abs(power)).padStart(2, "0");
    return `${sign}${withoutZeros(`${digits[0]}.${digits.slice(1)}`)}e${power < 0 ? "-" : "+"}${size}`;
  }
  const point = power + 1;
  const plain = power < 0 ? `0.${"0".repeat(-point)}${digits}` : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return sign + withoutZeros(plain);
}

/** The first three digits of a positive number, and the power of ten of the first.
 * @param {number} size @returns {[string, number]} */
function threeDigits(size) {
  const exact = size.toExponential(EXACT_DIGITS);
  const isTie = /^\d\.\d[02468]50*e/.test(exact);
  const [digits, power] = isTie ? [exact.slice(0, 4), exact.split("e")[1]] : size.toExponential(2).split("e");
  return [digits.replace(".", ""), Number(power)];
}

function withoutZeros(text) {
  return text.replace(/\.?0*$/, "");
}

function pythonName(x) {
  if (Number.isNaN(x)) return "nan";
  return x > 0 ? "inf" : "-inf";
}
