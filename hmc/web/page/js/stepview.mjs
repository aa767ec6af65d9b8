// The Step view: a transition in the plane, its energy errors and its tree, in words and in source, event by event.

import { drawCloud, drawDensity } from "./backdrop.mjs";
import { makeCloseUpButton, rangesAround } from "./closeup.mjs";
import { element } from "./dom.mjs";
import { makeHandles } from "./handles.mjs";
import { drawAxes, drawChecks, drawPast, drawPath, fitPlane, makeKey, makePlane } from "./plane.mjs";
import { sceneOf } from "./scene.mjs";
import { makeSettings } from "./settings_panel.mjs";
import { drawStrip, makeStrip } from "./strip.mjs";
import { isWalnuts } from "./target_fields.mjs";
import { makeTelling } from "./telling_panel.mjs";
import { soFar } from "./timeline.mjs";
import { makeTransport } from "./transport.mjs";
import { makeWalk } from "./walk.mjs";

const LONG = 600; // milliseconds without words
const OF_FRAME = ["model", "x", "y", "constrained", "close_up"];

/** @param {HTMLElement} root @param {import("./store.mjs").Store} store @param {any} engine */
export function makeStepView(root, store, engine) {
  let walk = null, scene = null, sceneCount = 0, closeUpOf = null; // the transition that fills the plane, if one does
  const settings = makeSettings(store, engine);
  const plane = makePlane();
  const strip = makeStrip();
  const telling = makeTelling(engine);
  const transport = makeTransport(store, () => walk?.timeline ?? null);
  const handles = makeHandles(plane, store);
  const patience = makePatience(plane.root);
  const trouble = element("p", { class: "trouble", role: "status" });
  const marks = makeKey();
  const closeUp = makeCloseUpButton(store);
  plane.root.append(closeUp.root);
  const stage = element("div", { class: "stage" }, plane.root, marks, trouble, transport.root, strip.root, transport.pace);
  root.append(element("div", { class: "bench step" }, settings.root, stage, telling.root));

  const draw = () => {
    if (walk === null || scene === null || walk.model !== scene.model) return;
    const { cursor } = store.get();
    const { number, event, ...told } = walk.timeline.at(cursor);
    if (closeUpOf !== (store.get().close_up ? told.recorded : null) && !isDragged()) setScene();
    const so = soFar(told, event);
    drawPast(plane.layers.past, scene.frame, walk.told.slice(0, number).map(({ recorded }) => recorded));
    drawPath(plane.layers.path, scene.frame, so);
    drawChecks(plane.layers.checks, scene.frame, so, walk.inverseMetric);
    handles.draw(walk, scene.frame, scene.centre);
    plane.layers.handles.classList.toggle("of-past", number > 0); // they belong to the first transition
    drawStrip(strip.svg, strip.root.clientWidth, told.recorded, so);
    telling.show(told, number, event, so, transport.isPlaying());
    plane.root.dataset.drawn = `${number}.${event}`;
    transport.show(cursor, walk.timeline, so.now.text);
  };

  /** What does not depend on the walk: the frame, and what lies behind the path. */
  const setScene = async () => {
    const count = ++sceneCount;
    const { model, x, y, constrained, close_up, cursor } = store.get();
    closeUpOf = close_up && walk?.model === model ? walk.timeline.at(cursor).recorded : null;
    const pair = () => [x, y].map((name) => engine.described(model).coordinates.find((each) => each.name === name));
    const ranges = closeUpOf && rangesAround(closeUpOf, pair(), constrained);
    closeUp.show({ close_up });
    try {
      const made = await sceneOf(engine, model, [x, y], constrained, plane.root.clientWidth, { ranges });
      if (count !== sceneCount) return; // another was asked for meanwhile
      scene = made;
      drawScene();
      draw();
    } catch (error) {
      trouble.textContent = error.message;
    }
  };
  /** Then the frame stays under the pointer, until it lets go. */
  const isDragged = () => plane.svg.querySelector(".handle:active") !== null;
  plane.svg.addEventListener("pointerup", () => requestAnimationFrame(draw));
  const drawScene = () => {
    const { frame, grid, cloud } = scene;
    fitPlane(plane, frame.size);
    drawAxes(plane.layers.axes, frame);
    marks.classList.toggle("of-phase", frame.pair.some(({ ofMomentum }) => ofMomentum));
    marks.classList.toggle("is-joint", !frame.isInvertible);
    if (grid) drawDensity(plane.canvas, grid);
    else drawCloud(plane.canvas, cloud.map((draw) => frame.pixelOf(frame.rawOf({ position: draw }))));
  };

  makeWalk(store, engine, (newWalk, error) => {
    walk = newWalk;
    patience.over();
    marks.classList.toggle("is-macro", isWalnuts(store.get()));
    trouble.textContent = error === null ? "" : error.message;
    if (walk === null) transport.stop();
    else settings.walked(walk);
    draw();
  });
  store.subscribe((state, changed) => {
    if (changed.has("model")) patience.begin(`${state.model} warms up`);
    if (OF_FRAME.some((name) => changed.has(name))) setScene();
    else if (changed.has("cursor")) draw();
  });
  patience.begin(`${store.get().model} warms up`);
  new ResizeObserver(() => setScene()).observe(plane.root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => scene && drawScene());
}

/** Words over a plane while something takes long. */
function makePatience(root) {
  let timer = 0;
  const words = element("p", { class: "patience", role: "status", hidden: true });
  root.append(words);
  const over = () => {
    clearTimeout(timer);
    words.hidden = true;
  };
  return {
    over,
    begin(text) {
      over();
      words.textContent = text;
      timer = setTimeout(() => (words.hidden = false), LONG);
    },
  };
}
