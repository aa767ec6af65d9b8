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
    if (typeof value === "function") made.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (value === null || value === undefined || value === false) made.removeAttribute(name);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
}
