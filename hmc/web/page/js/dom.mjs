// Elements, made of names, attributes and children. Text goes in as text: nothing of a model is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element.
 * @param {string} tag
 * @param {Record<string, unknown>} attributes  `onclick` and the like are listeners; true is an empty attribute; null,
 *   undefined and false are none
 * @param {...(Node | string)} children */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** An SVG element, by the same rules.
 * @param {string} tag @param {Record<string, unknown>} attributes @param {...(Node | string)} children */
export function shape(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(made, attributes, children) {
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

/** Set attributes of an element by the rules of `element`.
 * @param {Element} made @param {Record<string, unknown>} attributes */
export function setAttributes(made, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value === null || value === undefined || value === false) made.removeAttribute(name);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
}

/** A number in few characters, the same width for the same kind: 0.0123, 1.23, 12.3, 1.2e+6.
 * @param {number} x @param {number} digits */
export function short(x, digits = 3) {
  if (Number.isNaN(x)) return "not a number";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  const size = Math.abs(x);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5) ? x.toExponential(digits - 1) : x.toPrecision(digits);
  return text.replace("-", "−").replace("e-", "e−");
}
