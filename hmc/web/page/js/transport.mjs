// Back and forth through the events: buttons, a slider over all of them, keys, and playing.

import { element } from "./dom.mjs";

const UNITS = ["event", "leaf", "doubling", "transition"];
const HINT = "Keys: ← → event, l leaf, d doubling, t transition, Shift back, space play";
const SPEEDS = [["1", "1 a second"], ["4", "4 a second"], ["15", "15 a second"], ["60", "60 a second"]];
const WALK_KEYS = {
  ArrowRight: ["event", 1], ArrowLeft: ["event", -1], l: ["leaf", 1], L: ["leaf", -1],
  d: ["doubling", 1], D: ["doubling", -1], t: ["transition", 1], T: ["transition", -1],
};

/** The bar. `timelineNow` gives the timeline, or null.
 * @param {import("./store.mjs").Store} store
 * @param {() => ReturnType<typeof import("./timeline.mjs").timelineOf> | null} timelineNow */
export function makeTransport(store, timelineNow) {
  let playing = 0, awaited = null; // the unit to go on by when more is recorded
  const go = (unit, direction) => {
    const timeline = timelineNow();
    if (timeline === null) return;
    const cursor = Math.max(0, timeline.next(store.get().cursor, unit, direction));
    awaited = cursor >= timeline.length ? unit : null;
    store.set({ cursor });
  };
  const stop = () => {
    clearTimeout(playing);
    playing = 0;
    awaited = null;
    play.textContent = "Play";
  };
  const tick = () => {
    const timeline = timelineNow();
    if (timeline !== null && store.get().cursor < timeline.length) go(unit.value, 1);
    playing = setTimeout(tick, 1000 / Number(speed.value));
  };
  const toggle = () => {
    if (playing) return stop();
    play.textContent = "Pause";
    tick();
  };

  const button = (words, label, unitName, direction) =>
    element("button", { type: "button", "aria-label": label, onclick: () => (stop(), go(unitName, direction)) }, words);
  const play = element("button", { type: "button", class: "play", onclick: toggle }, "Play");
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const unit = select("Play by", UNITS.map((name) => [name, `by ${name}`]), isCalm ? "transition" : "event");
  const speed = select("Speed", SPEEDS, isCalm ? "1" : "4");
  const slider = element("input", {
    type: "range", min: 0, max: 0, step: 1, value: 0, class: "scrub", "aria-label": "Every event so far",
    oninput: () => (stop(), store.set({ cursor: slider.valueAsNumber })),
  });
  const root = element("div", { class: "transport" },
    element("div", { class: "row" },
      button("Back", "One event back", "event", -1), element("span", { class: "keys" }, "Next"),
      ...UNITS.map((name) => button(name, `Next ${name}`, name, 1)), play),
    slider);
  const pace = element("div", { class: "row pace" }, element("span", { class: "keys" }, "Play"), unit, speed,
    element("span", { class: "keys" }, HINT));

  document.addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    const isTyping = target.closest?.("input, select, textarea, [role=tab]");
    if (isTyping || root.closest("[hidden]") || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === " " && !target.closest?.("button, summary")) toggle();
    else if (WALK_KEYS[event.key]) {
      stop();
      go(...WALK_KEYS[event.key]);
    } else if (event.key === "Home") store.set({ cursor: 0 });
    else return;
    event.preventDefault();
  });

  return {
    root, pace,
    isPlaying: () => playing !== 0,
    stop,
    /** @param {number} cursor @param {ReturnType<typeof import("./timeline.mjs").timelineOf>} timeline
     * @param {string} words  of the event at the cursor */
    show(cursor, timeline, words) {
      slider.max = String(timeline.length - 1);
      slider.value = String(cursor);
      slider.setAttribute("aria-valuetext", words);
      if (awaited === null || cursor >= timeline.length) return;
      const by = awaited;
      awaited = null;
      if (!timeline.isStop(cursor, by)) go(by, 1);
    },
  };

  function select(words, options, value) {
    const choices = options.map(([option, label]) => element("option", { value: option }, label));
    const made = element("select", { "aria-label": words }, ...choices);
    made.value = value;
    return made;
  }
}
