// The Warm-up view: a chain finds its step size and its metric, played and scrubbed.

import { drawCloud, drawDensity } from "./backdrop.mjs";
import { drawLine, drawPlotAxes, makeChart, plotOf, strokeLine } from "./chart.mjs";
import { element, shape } from "./dom.mjs";
import { ellipsePoints } from "./ellipse.mjs";
import { choice, number } from "./fields.mjs";
import { makePanel } from "./panel.mjs";
import { drawAxes, fitPlane, makePlane } from "./plane.mjs";
import { sceneOf } from "./scene.mjs";
import { runSettings, samplerFields, targetFields } from "./target_fields.mjs";
import { marksOf, phasesOf, runningMean, tellPlace, watchWarmup } from "./warmup.mjs";

const OF_WARMUP_RUN = ["model", "algorithm", "path_length", "max_depth", "run_metric", "target_accept", "seed", "warmup", "x", "y"];
const WARMUP_PACES = [["5", "5 transitions a second"], ["30", "30 a second"], ["120", "120 a second"], ["400", "400 a second"]];
const WARMUP_SETTLED = 200; // milliseconds after the last change
const TAIL = 30; // transitions whose way is drawn
const WINDOW = 30; // transitions of the running mean of acceptance rates

/** @param {HTMLElement} root @param {import("./store.mjs").Store} store @param {any} engine */
export function makeWarmupView(root, store, engine) {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let watched = null, scene = null, place = 0, isPlaying = false, pace = "120", turn = 0, before = null, owed = 0;
  const described = () => engine.described(store.get().model);

  const plane = makePlane();
  const status = element("p", { class: "trouble", role: "status" });
  const words = element("p", { class: "words" });
  const code = element("code", {});
  const place_ = element("p", { class: "place-of-source" }, code);
  const slider = element("input", { type: "range", min: 0, max: 0, step: 1, value: 0, class: "scrub", "aria-label": "Every transition of the warm-up", oninput: () => (stop(), go(slider.valueAsNumber)) });
  const toggle = element("button", { type: "button", class: "play", onclick: () => toggled() }, "Play");
  const step = (label, by) => element("button", { type: "button", onclick: () => (stop(), go(place + by)) }, label);
  const paceField = choice("Pace", WARMUP_PACES, () => pace, (value) => (pace = value));
  paceField.show();
  const charts = [
    makeChart("history", "Step size at each transition", (sheet) => drawStepSizes(sheet)),
    makeChart("history", "Acceptance rate at each transition", (sheet) => drawAcceptance(sheet)),
    makeChart("history", "Scales of the metric at each transition", (sheet) => drawScales(sheet)),
  ];
  const scales = element("h2", {});
  const field = (name) => (value) => store.set({ [name]: value });
  const panel = makePanel([
    ["Target", targetFields(store, engine)],
    ["Sampler", [...samplerFields(store), number("Warm-up", { min: 20, max: 20000, step: 1 }, ({ warmup }) => warmup, field("warmup"))]],
  ], store, () => described().words);
  const stage = element("div", { class: "stage" }, plane.root,
    element("div", { class: "transport" },
      element("div", { class: "row" }, step("Back", -1), step("Next", 1), paceField.row, toggle), slider, words, place_, status));
  const side = element("div", { class: "telling" },
    element("section", {}, element("h2", {}, "Step size"), charts[0].root),
    element("section", {}, element("h2", {}, "Acceptance rate, and its target"), charts[1].root),
    element("section", {}, scales, charts[2].root));
  root.append(element("div", { class: "bench warmup" }, panel.root, stage, side));

  const last = () => (watched === null ? 0 : watched.search.length + watched.done - 1);
  const go = (to) => {
    place = Math.max(0, Math.min(to, last()));
    draw();
  };
  const stop = () => {
    isPlaying = false;
    toggle.textContent = "Play";
  };
  const toggled = () => {
    if (isPlaying) return stop();
    if (place >= last()) place = 0;
    isPlaying = true;
    before = null;
    toggle.textContent = "Pause";
    return requestAnimationFrame(tick);
  };
  const tick = (now) => {
    if (!isPlaying) return;
    owed += before === null ? 1 : (Math.min(now - before, 200) * Number(pace)) / 1000;
    before = now;
    const whole_ = Math.floor(owed);
    owed -= whole_;
    if (whole_ > 0 && !root.hidden) go(place + whole_);
    if (watched !== null && watched.done === watched.plan.length && place >= last()) return stop();
    requestAnimationFrame(tick);
  };

  const begin = async () => {
    const mine = ++turn, state = store.get(), settings = runSettings(state);
    stop();
    status.textContent = "";
    watched = null;
    place = 0;
    try {
      const pair = [state.x, state.y].map((name) => described().coordinates.find((each) => each.name === name).index);
      await setScene(mine);
      await watchWarmup(engine, state.model, settings, pair, (now) => {
        if (mine !== turn) return false;
        const isFirst = watched === null;
        watched = now;
        slider.max = String(now.search.length + now.plan.length - 1);
        if (isFirst && !isCalm) toggled();
        if (isFirst && isCalm) go(0);
        if (!isPlaying && now.done === now.plan.length && isCalm && place === 0) go(last());
        for (const chart of charts) chart.redraw();
        return true;
      });
    } catch (error) {
      if (mine === turn) status.textContent = error.message;
    }
  };
  const setScene = async (mine) => {
    const { model, x, y, constrained } = store.get();
    const made = await sceneOf(engine, model, [x, y], constrained, plane.root.clientWidth);
    if (mine !== turn) return;
    scene = made;
    scales.textContent = scene.frame.pair[1].ofMomentum ? `Scale of the metric: ${x}` : `Scales of the metric: ${x} and ${y} (unconstrained)`;
    drawScene();
  };
  const drawScene = () => {
    fitPlane(plane, scene.frame.size);
    drawAxes(plane.layers.axes, scene.frame);
    if (scene.grid) drawDensity(plane.canvas, scene.grid);
    else drawCloud(plane.canvas, scene.cloud.map((draw_) => scene.frame.pixelOf(scene.frame.rawOf({ position: draw_ }))));
  };

  const draw = () => {
    if (watched === null || scene === null) return;
    const told = tellPlace(watched, place);
    const { file, line, text } = engine.lines[told.source];
    words.textContent = told.text;
    code.textContent = text;
    place_.replaceChildren(`${file}, line ${line}: `, code);
    slider.value = String(place);
    slider.setAttribute("aria-valuetext", told.text);
    root.dataset.place = String(place);
    root.dataset.done = String(watched.done);
    drawWay(told.transition ?? -1);
    for (const chart of charts) chart.redraw();
  };
  /** The latest draws, the way between them, and the metric as an ellipse around the middle of the target. */
  const drawWay = (k) => {
    const { frame, centre } = scene, isLine = frame.pair.some(({ ofMomentum }) => ofMomentum);
    const pixel = (n) => frame.pixelOf(frame.pair.map(({ ofMomentum }, axis) => (ofMomentum ? 0 : watched.points[2 * n + axis])));
    const from = Math.max(0, k - TAIL);
    const way = Array.from({ length: Math.max(0, k - from + 1) }, (_, n) => pixel(from + n));
    const past = Array.from({ length: from }, (_, n) => pixel(n));
    const at = ({ x, y }) => `${Math.max(-9999, Math.min(9999, x)).toFixed(1)} ${Math.max(-9999, Math.min(9999, y)).toFixed(1)}`;
    const dotted = (pixels) => pixels.map((each) => `M${at(each)}h0`).join("");
    plane.layers.past.replaceChildren(shape("path", { class: "draws", d: dotted(past) }));
    plane.layers.path.replaceChildren(
      shape("path", { class: "steps way", d: way.map((each, n) => `${n ? "L" : "M"}${at(each)}`).join("") }),
      shape("path", { class: "leaves way", d: dotted(way.slice(-1)) }));
    const metric = k < 0 ? [1, 0, 1] : watched.ellipses.subarray(3 * k, 3 * k + 3);
    const rings = isLine ? [] : [1, 2].map((radius) => {
      const points = ellipsePoints(metric, centre, radius).map((point) => frame.pixelOf(point));
      return shape("path", { class: `metric-ring ring-${radius}`, d: `M${points.map(at).join("L")}Z` });
    });
    plane.layers.checks.replaceChildren(...rings);
  };

  const xs = () => Float64Array.from({ length: watched.done }, (_, k) => k + 1);
  const plotted = (sheet, upwards, isLog = false) => {
    const plot = plotOf(sheet, [0, watched.plan.length], upwards, { isLog });
    sheet.context.fillStyle = sheet.colour("--wash");
    for (const { from, to, learns } of phasesOf(watched.plan, watched.actions))
      if (learns) sheet.context.fillRect(plot.x(from), plot.top, plot.x(to) - plot.x(from), plot.bottom - plot.top);
    drawPlotAxes(sheet, plot, "transition");
    sheet.context.strokeStyle = sheet.colour("--muted");
    for (const k of marksOf(watched.plan, watched.actions)) strokeLine(sheet.context, plot.x(k + 1), plot.bottom - 5, plot.x(k + 1), plot.bottom);
    return plot;
  };
  const cursorLine = (sheet, plot) => {
    sheet.context.strokeStyle = sheet.colour("--accent");
    sheet.context.lineWidth = 1.5;
    const x = plot.x(Math.max(0, place - watched.search.length + 1));
    strokeLine(sheet.context, x, plot.top, x, plot.bottom);
  };
  const drawStepSizes = (sheet) => {
    if (watched === null) return;
    const tried = watched.search.map(({ step_size }) => Math.log10(step_size));
    const used = watched.step_size.subarray(0, watched.done).map(Math.log10);
    const plot = plotted(sheet, spread([...tried, ...used]), true);
    sheet.context.lineWidth = 1.25;
    drawLine(sheet, plot, xs(), used, "--ink");
    const { trial } = tellPlace(watched, place);
    tried.forEach((value, n) => {
      sheet.context.fillStyle = sheet.colour(n === trial ? "--accent" : "--muted");
      sheet.context.beginPath();
      sheet.context.arc(plot.x(0), plot.y(value), n === trial ? 4.5 : 2.5, 0, 2 * Math.PI);
      sheet.context.fill();
    });
    cursorLine(sheet, plot);
  };
  const drawAcceptance = (sheet) => {
    if (watched === null) return;
    const plot = plotted(sheet, [0, 1]);
    const rates = watched.acceptance_rate.subarray(0, watched.done);
    sheet.context.fillStyle = sheet.colour("--muted");
    rates.forEach((rate, k) => sheet.context.fillRect(plot.x(k + 1) - 0.75, plot.y(rate) - 0.75, 1.5, 1.5));
    sheet.context.strokeStyle = sheet.colour("--bad");
    sheet.context.lineWidth = 1;
    const target = plot.y(watched.settings.target_accept);
    strokeLine(sheet.context, plot.left, target, plot.right, target);
    sheet.context.lineWidth = 1.75;
    drawLine(sheet, plot, xs(), runningMean(rates, WINDOW), "--ink");
    cursorLine(sheet, plot);
  };
  const drawScales = (sheet) => {
    if (watched === null || scene === null) return;
    const rows = [0, 2].slice(0, scene.frame.pair[1].ofMomentum ? 1 : 2).map((part) =>
      Float64Array.from({ length: watched.done }, (_, k) => 0.5 * Math.log10(watched.ellipses[3 * k + part])));
    const plot = plotted(sheet, spread(rows.flatMap((row_) => [...row_])), true);
    sheet.context.lineWidth = 1.5;
    rows.forEach((row_, axis) => drawLine(sheet, plot, xs(), row_, `--chain-${axis + 1}`));
    cursorLine(sheet, plot);
  };

  let settling = 0;
  store.subscribe((state, changed) => {
    if (OF_WARMUP_RUN.some((name) => changed.has(name))) {
      stop();
      clearTimeout(settling);
      settling = setTimeout(begin, WARMUP_SETTLED);
    } else if (changed.has("constrained")) setScene(turn).then(draw);
  });
  new ResizeObserver(() => scene !== null && setScene(turn).then(draw)).observe(plane.root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => scene && drawScene());
  begin();
}

/** A range around logs. */
function spread(values) {
  const known = values.filter(Number.isFinite);
  if (known.length === 0) return [-1, 1];
  const low = Math.min(...known), high = Math.max(...known), margin = Math.max(0.1, 0.06 * (high - low));
  return [low - margin, high + margin];
}
