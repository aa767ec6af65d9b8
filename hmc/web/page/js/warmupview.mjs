// The Warm-up view: a chain finds its step size and its metric, played and scrubbed.

import { labelOf } from "./coordinates.mjs";
import { element } from "./dom.mjs";
import { choice, number } from "./fields.mjs";
import { makePanel } from "./panel.mjs";
import { makePlane } from "./plane.mjs";
import { isCalm, onSpace, whenSettled } from "./runbar.mjs";
import { sceneOf } from "./scene.mjs";
import { OF_SAMPLER, runSettings, samplerFields, targetFields } from "./target_fields.mjs";
import { tellPlace, watchWarmup } from "./warmup.mjs";
import { makeWarmupCharts } from "./warmup_charts.mjs";
import { drawSceneOf, drawWarmup } from "./warmup_plane.mjs";

const WARMUP_PACES = [["5", "5 transitions a second"], ["30", "30 a second"], ["120", "120 a second"], ["400", "400 a second"]];

/** @param {HTMLElement} root @param {import("./store.mjs").Store} store @param {any} engine */
export function makeWarmupView(root, store, engine) {
  let watched = null, scene = null, place = 0, turn = 0;
  const described = () => engine.described(store.get().model);
  const plane = makePlane();
  const telling = makePlaceTelling(engine);
  const bar = makeScrubBar((to) => go(to), () => place, () => (watched === null ? 0 : watched.search.length + watched.done - 1),
    () => watched !== null && watched.done === watched.plan.length);
  const charts = makeWarmupCharts(() => {
    if (watched === null || scene === null) return null;
    const names = scene.frame.pair.filter(({ ofMomentum }) => !ofMomentum).map((each) => labelOf(each, false));
    return { watched, names, ...tellPlace(watched, place) };
  });
  const panel = makePanel([
    ["Target", targetFields(store, engine)],
    ["Sampler", [...samplerFields(store),
      number("Warm-up", { min: 20, max: 20000, step: 1 }, ({ warmup }) => warmup, (warmup) => store.set({ warmup }))]],
  ], store, () => described().words);
  root.append(element("div", { class: "bench warmup" }, panel.root,
    element("div", { class: "stage" }, plane.root, bar.root, telling.root), element("div", { class: "telling" }, ...charts.sections, charts.legend)));

  const go = (to) => {
    if (watched === null) return;
    place = Math.max(0, Math.min(to, watched.search.length + watched.done - 1));
    draw();
  };
  const draw = () => {
    if (watched === null || scene === null) return;
    const told = tellPlace(watched, place);
    telling.show(told);
    bar.show(place, watched.search.length + watched.plan.length - 1, told.text);
    drawWarmup(plane, scene, watched, told.transition ?? -1);
    charts.redraw();
    Object.assign(root.dataset, { place: String(place), done: String(watched.done) });
  };
  const begin = async () => {
    const mine = ++turn, state = store.get();
    bar.stop();
    telling.fail(null);
    [watched, place] = [null, 0];
    try {
      const pair = [state.x, state.y].map((name) => described().coordinates.find((each) => each.name === name));
      await setScene();
      await watchWarmup(engine, state.model, runSettings(state), pair, (now) => {
        if (mine !== turn) return false;
        if (watched === null && !isCalm()) bar.play();
        watched = now;
        if (isCalm()) go(Infinity); // no motion: its end, and the reader may scrub back
        charts.redraw();
        return true;
      });
    } catch (error) {
      if (mine === turn) telling.fail(error);
    }
  };
  const setScene = async () => {
    const mine = turn, { model, x, y, constrained } = store.get();
    const made = await sceneOf(engine, model, [x, y], constrained, plane.root.clientWidth);
    if (mine !== turn) return;
    scene = made;
    drawSceneOf(plane, scene);
    draw();
  };
  const setSceneAnew = () => scene !== null && plane.root.clientWidth > 0 && setScene().catch(telling.fail);

  onSpace(root, bar.toggle);
  whenSettled(store, [...OF_SAMPLER, "warmup", "x", "y"], bar.stop, begin);
  store.subscribe((state, changed) => changed.has("constrained") && setSceneAnew());
  new ResizeObserver(setSceneAnew).observe(plane.root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", setSceneAnew);
  begin();
}

/** What happens, in words, and the line of the sampler that does it. */
function makePlaceTelling(engine) {
  const words = element("p", { class: "words" });
  const where = element("p", { class: "place-of-source" });
  const status = element("p", { class: "trouble", role: "status" });
  return {
    root: element("div", {}, words, where, status),
    show({ text, source }) {
      const { file, line, text: code } = engine.lines[source];
      words.textContent = text;
      where.replaceChildren(`${file}, line ${line}: `, element("code", {}, code));
    },
    fail(error) {
      status.textContent = error === null ? "" : error.message;
    },
  };
}

/** Back and forth, play and scrub. `last` is the last place that is known, `isWhole` whether none comes after it. */
function makeScrubBar(go, placeOf, last, isWhole) {
  let isPlaying = false, pace = "120", before = null, owed = 0;
  const step = (label, by) => element("button", { type: "button", onclick: () => (stop(), go(placeOf() + by)) }, label);
  const toggleButton = element("button", { type: "button", class: "play", onclick: () => toggle() }, "Play");
  const field = choice("Pace", WARMUP_PACES, () => pace, (value) => (pace = value));
  field.show();
  const slider = element("input", {
    type: "range", min: 0, max: 0, step: 1, value: 0, class: "scrub", "aria-label": "Every transition of the warm-up",
    oninput: () => (stop(), go(slider.valueAsNumber)),
  });
  const root = element("div", { class: "transport" },
    element("div", { class: "row" }, step("Back", -1), step("Next", 1), field.row, toggleButton), slider);
  const stop = () => {
    isPlaying = false;
    toggleButton.textContent = "Play";
  };
  const play = () => {
    isPlaying = true;
    before = null;
    owed = 0;
    toggleButton.textContent = "Pause";
    requestAnimationFrame(tick);
  };
  const toggle = () => {
    if (isPlaying) return stop();
    if (placeOf() >= last()) go(0);
    return play();
  };
  const tick = (now) => {
    if (!isPlaying) return;
    owed += before === null ? 1 : (Math.min(now - before, 200) * Number(pace)) / 1000;
    before = now;
    const steps = Math.floor(owed);
    owed -= steps;
    if (steps > 0 && !root.closest("[hidden]")) go(placeOf() + steps);
    if (isWhole() && placeOf() >= last()) stop();
    else requestAnimationFrame(tick);
  };
  return {
    root, stop, play, toggle,
    show(place, most, words) {
      slider.max = String(most);
      slider.value = String(place);
      slider.setAttribute("aria-valuetext", words);
    },
  };
}
