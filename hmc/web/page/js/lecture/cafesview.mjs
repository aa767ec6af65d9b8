// Models with memory: five cafes and a robot that waits at them. Each visit changes what it believes of all.

import { element } from "../dom.mjs";
import { check } from "../fields.mjs";
import { isCalm, onKeys, onSpace } from "../runbar.mjs";
import { makeCafeRow } from "./cafe_row.mjs";
import { CAFES, cafePython, cafeRuns, LONGEST, MOST_VISITS } from "./cafes.mjs";
import { inTwoSteps, makeExplorable } from "./explorable.mjs";
import { newestOf } from "./latest.mjs";

const OF_CAFES = ["visits", "amnesia", "seed"];
const PACE = 900; // milliseconds between two visits of the film
const CALM_PACE = 2500;
const CAFE_TASKS = [
  ["Begin with \u201cNone\u201d, and send the robot to cafe 1 five times, always 2 minutes. What does it believe of cafe 5?",
    "Cafe 5 moves to shorter waits, though nobody went there: the population is learned too. Cafe 1 moves a little further, and is narrower."],
  ["Now one visit of 18 minutes to cafe 2. Which curves widen?",
    "The new cafe, and every cafe with few visits: cafes are more different than was thought. Cafe 1, with many visits, hardly changes."],
  ["Switch amnesia on. Which cafes change most?",
    "Those with few visits. What all others taught is gone, and each falls back on its own visits and the prior."],
];

/** @param {HTMLElement} root @param {import("../store.mjs").Store} store @param {any} engine */
export function makeCafesView(root, store, engine) {
  const { tables } = engine;
  const visitsNow = () => store.get().visits;
  const change = (visits) => store.set({ visits });
  const done = {
    add(cafe, wait) {
      if (visitsNow().length >= MOST_VISITS) return null;
      film.stop();
      change([...visitsNow(), [cafe, wait]]);
      return visitsNow().length - 1;
    },
    move: (visit, wait) => change(visitsNow().map((each, k) => (k === visit ? [each[0], wait] : each))),
    remove: (visit) => change(visitsNow().filter((_, k) => k !== visit)),
  };
  const fresh = makeCafeRow(null, done);
  const rows = Array.from({ length: CAFES }, (_, j) => makeCafeRow(j + 1, done));
  const film = makeFilm(store, tables.visits);
  const amnesia = check("Amnesia: each cafe learns alone", (state) => state.amnesia, (value) => store.set({ amnesia: value }));
  const told = element("p", { class: "words" });
  const frame = makeExplorable(root, {
    heading: "Models with memory",
    words: "A robot waits for coffee at five cafes. Click into a cafe's row to go there, and drag the dot to change how long it waited; a double click takes it away. By keyboard, Tab goes to a dot, the arrow keys move it, and Delete takes it away.",
    stage: [element("div", { class: "cafe-rows" }, fresh.root, ...rows.map((row) => row.root), axisOfMinutes()), film.root],
    side: [element("section", { class: "switches" }, amnesia.row), told],
    python: () => cafePython(store.get()), link: engine.link, exercises: CAFE_TASKS,
  });

  const picture = (found) => {
    found.cafes.forEach((belief, j) => rows[j].showBelief(belief));
    fresh.showBelief(found.fresh);
  };
  const sampled = inTwoSteps(
    ({ state }) => engine.sampler("firstCafes", "cafes", [cafeRuns(state, tables)]), () => engine.sampler("allCafes", "cafes", []),
    picture, frame, ({ state }) => {
      exactly({ state }); // later, since it takes as long, and nobody waits for it
      return `${state.amnesia ? `${CAFES} posteriors` : "One posterior of all cafes"}, 4 × 1,000 draws${state.amnesia ? " each" : ""}`;
    });
  const exactly = newestOf(({ state }) => engine.exact("exactCafes", "cafes", [state]), (found, _, isNewest) => {
    if (!isNewest) return;
    const { from, to } = found;
    found.groups.forEach((heights, j) => rows[j].showExact({ from, to, heights }));
    fresh.showExact({ from, to, heights: found.fresh });
    root.dataset.exact = JSON.stringify(found.a.map(({ mean }) => mean));
  }, frame.fail);

  const show = (state, at) => {
    rows.forEach((row, j) => row.showVisits(state.visits.map(([cafe, wait], visit) => ({ cafe, visit, wait })).filter(({ cafe }) => cafe === j + 1), state.visits.length >= MOST_VISITS));
    fresh.showVisits([], true);
    amnesia.show(state);
    film.show(state);
    told.textContent = wordsOf(state);
    sampled({ state, at });
  };
  store.subscribe((state, changed) => OF_CAFES.some((name) => changed.has(name)) && show(state, performance.now()));
  show(store.get(), performance.now());
}

function wordsOf({ visits, amnesia }) {
  if (amnesia) return "Without memory each cafe is the first: only the prior and its own visits count. Of a new cafe the line shows the prior. Bars are the draws, lines the exact posterior.";
  if (visits.length === 0) return "Nothing is known yet: bars and lines show the prior.";
  const [cafe, wait] = visits.at(-1);
  return `Visit ${visits.length}: ${wait} minute${wait === 1 ? "" : "s"} at cafe ${cafe}. Bars are the draws, lines the exact posterior.`;
}

/** The lecture's visits, one after another; the reader can stop, undo, and go on by hand. */
function makeFilm(store, lecture) {
  let playing = 0;
  const visitsNow = () => store.get().visits;
  const stop = () => {
    clearInterval(playing);
    playing = 0;
    play.textContent = "Play the lecture";
  };
  const next = () => {
    const visits = visitsNow();
    if (visits.length >= lecture.length) return stop();
    store.set({ visits: [...visits, lecture[visits.length]] });
  };
  const undo = () => store.set({ visits: visitsNow().slice(0, -1) });
  const toggle = () => {
    if (playing) return stop();
    if (visitsNow().length >= lecture.length) store.set({ visits: [] });
    play.textContent = "Stop";
    playing = setInterval(next, isCalm() ? CALM_PACE : PACE);
  };
  const button = (words, click) => element("button", { type: "button", onclick: () => (stop(), click()) }, words);
  const play = element("button", { type: "button", class: "play", onclick: toggle }, "Play the lecture");
  const [back, further] = [button("Undo a visit", undo), button("Next of the lecture", next)];
  const place = element("p", { class: "note" });
  const root = element("div", { class: "transport" },
    element("div", { class: "row" }, button("None", () => store.set({ visits: [] })), back, further,
      button(`All ${lecture.length}`, () => store.set({ visits: lecture })), play), place);
  onSpace(root, toggle);
  store.subscribe((state, changed) => changed.has("view") && state.view !== "cafes" && stop()); // nobody looks
  const byHand = (act) => () => (stop(), act());
  onKeys(root, "input, select, textarea, [role=tab], [role=slider]", { ArrowRight: byHand(next), ArrowLeft: byHand(undo) });
  return {
    root, stop,
    show({ visits }) {
      back.disabled = visits.length === 0;
      further.disabled = visits.length >= lecture.length;
      const isLecture = visits.every((visit, k) => JSON.stringify(visit) === JSON.stringify(lecture[k]));
      const count = isLecture ? `${visits.length} of the lecture's ${lecture.length} visits.` : `${visits.length} visits, some of them yours.`;
      const most = visits.length >= MOST_VISITS ? " There is room for no more." : "";
      place.replaceChildren(`${count}${most} `, element("span", { class: "keys" }, "Keys: → next, ← undo, space play"));
    },
  };
}

function axisOfMinutes() {
  const ticks = Array.from({ length: LONGEST / 5 + 1 }, (_, k) => element("span", {}, String(5 * k)));
  return element("div", { class: "cafe-row axis", "aria-hidden": "true" }, element("span", {}),
    element("div", { class: "ticks" }, ...ticks), element("span", { class: "unit" }, "minutes"));
}
