// Numbers for readers: a real minus, thin spaces between thousands, a dash for what is not known.

/** A number of so many digits. @param {number} x @param {number} [digits] @returns {string} */
export function shownNumber(x, digits = 3) {
  if (!Number.isFinite(x)) return x === Infinity ? "∞" : "–";
  if (x === 0) return "0";
  const size = Math.abs(x);
  const text = size < 1e-3 || size >= 1e5 ? x.toExponential(digits - 1) : x.toPrecision(digits);
  return text.replaceAll("-", "\u2212");
}

/** A whole number. @param {number} x @returns {string} */
export function shownWhole(x) {
  return Number.isFinite(x) ? String(Math.round(x)).replace(/\B(?=(\d{3})+$)/g, "\u2009") : "–";
}
