// The bar below a run: begin anew, its pace, pause and go on, how much is done, and what went wrong.

import { element } from "./dom.mjs";
import { choice } from "./fields.mjs";

/** Whether the reader would rather see no motion: then runs go at full speed, and are drawn now and then. */
export const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** A bar for what `playerOf()` plays.
 * @param {() => ReturnType<typeof import("./playing.mjs").makePlayer>} playerOf @param {() => void} begin
 * @param {{paces: string[][], pace: string, label: string, again: string}} words */
export function makeRunBar(playerOf, begin, { paces, pace: first, label, again }) {
  let pace = isCalm() ? "Infinity" : first, run = null;
  const toggle = element("button", { type: "button", class: "play", onclick: () => toggled() }, "Pause");
  const anew = element("button", { type: "button", onclick: begin }, "Begin anew");
  const progress = element("progress", { max: 1, value: 0, "aria-label": label });
  const status = element("p", { class: "trouble", role: "status" });
  const note = element("p", { class: "note" });
  const field = choice("Pace", paces, () => pace, (value) => (pace = value));
  field.show();
  const root = element("div", { class: "transport" }, element("div", { class: "row" }, anew, field.row, toggle), progress, note, status);

  const toggled = () => {
    const player = playerOf();
    if (run?.isOver()) begin();
    else if (player.isPlaying()) player.pause();
    else player.resume();
    if (run !== null) toggle.textContent = words();
  };
  const words = () => (run.isOver() ? again : playerOf().isPlaying() ? "Pause" : "Go on");
  onSpace(root, toggled);
  return {
    root,
    most: () => Number(pace),
    fail(error) {
      status.textContent = error === null ? "" : error.message;
    },
    /** @param {any} now  the run @param {number} done  the share of it @param {string} told  where it is, in words */
    show(now, done, told) {
      run = now;
      note.textContent = told;
      progress.value = done;
      toggle.textContent = words();
    },
    state: () => (run.isOver() ? "over" : playerOf().isPlaying() ? "playing" : "paused"),
  };
}

/** Call a function when the space bar is pressed anywhere in a view that is shown, but in a field or on a button.
 * @param {HTMLElement} root  in the view @param {() => void} call */
export function onSpace(root, call) {
  onKeys(root, "input, select, textarea, button, summary, [role=tab]", { " ": call });
}

/** Call a function when its key is pressed anywhere in a view that is shown, but in some fields.
 * @param {HTMLElement} root  in the view; in a tree of its own, only what is pressed there counts @param {string} fields
 * @param {Record<string, () => void>} calls  by the names of keys */
export function onKeys(root, fields, calls) {
  document.addEventListener("keydown", (event) => {
    const way = event.composedPath(), isElsewhere = /** @type {Element} */ (way[0]).closest?.(fields);
    const call = calls[event.key];
    if (call === undefined || isElsewhere || !way.includes(root.getRootNode()) || root.closest("[hidden]")) return;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    call();
    event.preventDefault();
  });
}

/** Call a function some time after the last of several changes of the store's fields; at once, `first`.
 * @param {import("./store.mjs").Store} store @param {string[]} names @param {() => void} first @param {() => void} call */
export function whenSettled(store, names, first, call) {
  let settling = 0;
  store.subscribe((state, changed) => {
    if (!names.some((name) => changed.has(name))) return;
    first();
    clearTimeout(settling);
    settling = setTimeout(call, SETTLED_AFTER);
  });
}

const SETTLED_AFTER = 200; // milliseconds
