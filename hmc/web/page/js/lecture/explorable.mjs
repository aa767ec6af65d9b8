// What all explorables have around their pictures: a heading, a bar to copy and to present, exercises, and how long the
// last answer took.

import { element } from "../dom.mjs";
import { newestOf } from "./latest.mjs";
import { isPresenting, onPresenting, present } from "./presenter.mjs";

/** @param {HTMLElement} root  of the view
 * @param {{heading: string, words: string, stage: HTMLElement[], side: HTMLElement[], python: () => string,
 *   link: () => string, exercises: [string, string][]}} parts */
export function makeExplorable(root, { heading, words, stage, side, python, link, exercises }) {
  const note = element("p", { class: "note latency" });
  const trouble = element("p", { class: "trouble", role: "alert" });
  const said = element("p", { class: "note said", role: "status" });
  const code = element("pre", { class: "python", tabindex: 0, "aria-label": "Python" });
  const copies = (name, text, elsewhere) => {
    const copy = async () => {
      const isDone = await isCopied(text());
      said.textContent = isDone ? `The ${name} is copied.` : `This browser does not let a page copy; the ${name} stands ${elsewhere}.`;
    };
    return element("button", { type: "button", onclick: copy }, `Copy the ${name}`);
  };
  const presents = () => {
    present(!isPresenting());
    if (isPresenting()) root.focus({ preventScroll: true }); // on the button, the space bar would end it
  };
  root.tabIndex = -1;
  const hall = element("button", { type: "button", "aria-pressed": String(isPresenting()), onclick: presents }, "Present");
  onPresenting((isOn) => hall.setAttribute("aria-pressed", String(isOn)));
  root.append(
    element("header", { class: "part" },
      element("h2", {}, heading), element("div", { class: "row" }, copies("Python", python, "below the picture"), copies("link", link, "in the address bar"), hall),
      element("p", {}, words), said, element("p", { class: "of-hall" }, "PageDown: the next, PageUp: back, Escape: the end")),
    element("div", { class: "bench playing" },
      element("div", { class: "stage" }, trouble, ...stage, note,
        element("details", { class: "program" }, element("summary", {}, "The Python that gives these draws"), code)),
      element("div", { class: "telling" }, ...side,
        element("section", { class: "tasks" }, element("h2", {}, "Try this"), ...exercises.map(exercise)))));
  return {
    /** Note when the first picture came, of some of the draws. @param {number} asked  when, by performance.now() */
    pictured(asked) {
      trouble.textContent = "";
      requestAnimationFrame(() => {
        root.dataset.latency = String(performance.now() - asked);
        root.dataset.pictures = String(Number(root.dataset.pictures ?? 0) + 1);
      });
    },
    /** Say how an answer came. @param {number} asked  when, by performance.now() @param {string} text */
    answered(asked, text) {
      trouble.textContent = "";
      code.textContent = python();
      requestAnimationFrame(() => {
        root.dataset.whole = String(performance.now() - asked);
        root.dataset.answers = String(Number(root.dataset.answers ?? 0) + 1);
        note.textContent = `${text}; on the screen after ${Math.round(performance.now() - asked)} ms`;
      });
    },
    /** Say why there are no draws. */
    fail(error) {
      trouble.textContent = error.message;
      note.textContent = code.textContent = "";
    },
  };
}

/** A function that asks for draws of what it is given: first some, for a picture at once, then all. Of requests
 * that come meanwhile the newest is asked for next, and only it need be complete.
 * @template {{at: number}} T
 * @param {(asked: T) => Promise<any>} first @param {(asked: T) => Promise<any>} all @param {(found: any, asked: T) => void} show
 * @param {ReturnType<typeof makeExplorable>} frame @param {(asked: T) => string} told  what was drawn, once all are there */
export function inTwoSteps(first, all, show, frame, told) {
  return newestOf(async (asked, isStale, isDropped) => {
    const begun = await first(asked);
    if (isDropped()) return null;
    show(begun, asked);
    frame.pictured(asked.at);
    return isStale() ? null : all(asked);
  }, (found, asked) => {
    if (found === null) return;
    show(found, asked);
    frame.answered(asked.at, told(asked));
  }, frame.fail);
}

const exercise = ([task, answer]) =>
  element("details", {}, element("summary", {}, task), element("p", {}, answer));

/** Copy a text; whether the browser did. @param {string} text */
async function isCopied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = element("textarea", { class: "unseen", "aria-hidden": "true" });
    document.body.append(area);
    area.value = text;
    area.select();
    const isDone = document.execCommand("copy");
    area.remove();
    return isDone;
  }
}

/** A slider with its words and its value. @param {string} words @param {Record<string, unknown>} limits
 * @param {(value: number) => void} write @param {(value: number) => string} shown */
export function makeSlider(words, limits, write, shown) {
  const value = element("output", {});
  const input = element("input", { type: "range", ...limits, "aria-label": words, oninput: () => write(input.valueAsNumber) });
  return {
    root: element("div", { class: "slider" }, element("span", { class: "setting" }, words, " ", value), input),
    input,
    show(now) {
      input.value = String(now);
      value.textContent = shown(now);
      input.setAttribute("aria-valuetext", shown(now));
    },
  };
}
