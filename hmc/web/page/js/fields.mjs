// Form fields that show a part of the state and change it.

import { element, setAttributes } from "./dom.mjs";

let count = 0;

/** A field of a form: its row, and a function that makes it show the state.
 * @typedef {{row: HTMLElement, show: (state: any) => void}} Field */

/** @param {string} words @param {string[][] | ((state: any) => string[][])} options  [value, words]
 * @param {(state: any) => string} read @param {(value: string) => void} write @returns {Field} */
export function choice(words, options, read, write) {
  const select = element("select", { id: `field-${++count}`, onchange: () => write(select.value) });
  const optionsOf = typeof options === "function" ? options : () => options;
  let listed = "";
  const show = (state) => {
    const now = optionsOf(state);
    if (JSON.stringify(now) !== listed) {
      listed = JSON.stringify(now);
      select.replaceChildren(...now.map(([value, label]) => element("option", { value }, label)));
    }
    select.value = read(state);
  };
  return { row: row(words, select), show };
}

/** A number; what is outside of its limits changes nothing, and is marked, with the limits.
 * @param {string} words @param {{min: number, max: number, step: number | string}} limits  step: "any" where it need not be whole
 * @param {(state: any) => number} read @param {(value: number) => void} write @returns {Field} */
export function number(words, limits, read, write) {
  const id = `field-${++count}`;
  const hint = element("p", { class: "trouble", id: `${id}-limits`, hidden: true }, inWords(limits));
  const input = element("input", {
    id, type: "number", required: true, ...limits,
    inputmode: limits.step === 1 ? "numeric" : "decimal",
    onchange: () => {
      mark(input.checkValidity());
      if (input.checkValidity()) write(input.valueAsNumber);
    },
  });
  function mark(isGood) {
    input.setAttribute("aria-invalid", String(!isGood));
    setAttributes(input, { "aria-describedby": isGood ? null : hint.id });
    hint.hidden = isGood;
  }
  const show = (state) => {
    const value = read(state);
    if (/** @type {ShadowRoot} */ (input.getRootNode()).activeElement === input && input.valueAsNumber === value) return;
    input.value = Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "";
    if (limits.step === 1) input.value = String(value);
    mark(true);
  };
  return { row: row(words, input, hint), show };
}

/** @param {{min: number, max: number, step: number | string}} limits */
function inWords({ min, max, step }) {
  const kind = step === 1 ? "A whole number" : "A number";
  return max === Number.MAX_SAFE_INTEGER ? `${kind}, ${min} or more` : `${kind} from ${min} to ${max}`;
}

/** @param {string} words @param {(state: any) => boolean} read @param {(value: boolean) => void} write
 * @returns {Field} */
export function check(words, read, write) {
  const input = element("input", { id: `field-${++count}`, type: "checkbox", onchange: () => write(input.checked) });
  const made = element("div", { class: "field check" }, input, element("label", { for: input.id }, words));
  return { row: made, show: (state) => (input.checked = read(state)) };
}

/** A field that is there for some states alone.
 * @param {Field} field @param {(state: any) => boolean} applies @returns {Field} */
export function where({ row: made, show }, applies) {
  return {
    row: made,
    show(state) {
      made.hidden = !applies(state);
      if (!made.hidden) show(state);
    },
  };
}

function row(words, input, ...notes) {
  return element("div", { class: "field" }, element("label", { for: input.id }, words), input, ...notes);
}
