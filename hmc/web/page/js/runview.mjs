// The Run view: draws gather, in the plane, as marginals beside the exact ones, as traces, and in numbers.

import { makeChart } from "./chart.mjs";
import { makeCloudPlane, shownColumn } from "./cloudplane.mjs";
import { countersOf, whole } from "./counters.mjs";
import { element } from "./dom.mjs";
import { choice, number } from "./fields.mjs";
import { openRun } from "./gathering.mjs";
import { binsFor, drawMarginal, exactAsShown, histogramOf } from "./marginal.mjs";
import { makePanel } from "./panel.mjs";
import { makePlayer } from "./playing.mjs";
import { runSettings, samplerFields, targetFields } from "./target_fields.mjs";
import { drawTrace } from "./trace.mjs";

const OF_SETTINGS = ["model", "algorithm", "path_length", "max_depth", "run_metric", "target_accept", "seed", "chains", "warmup", "draws"];
const OF_PLANE = ["model", "x", "y", "constrained", "draws"];
const PACES = [["40", "40 draws a second"], ["400", "400 draws a second"], ["2000", "2,000 draws a second"], ["Infinity", "as fast as it goes"]];
const SETTLED = 200; // milliseconds after the last change of a setting, before a run begins anew
const LEAST_WAIT = 250; // milliseconds between two looks at the diagnostics

/** @param {HTMLElement} root @param {import("./store.mjs").Store} store @param {any} engine */
export function makeRunView(root, store, engine) {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let run = null, pace = isCalm ? "Infinity" : "2000", found = [], isLooking = false, lookedAt = 0;
  const described = () => engine.described(store.get().model);
  const pairNow = () => [store.get().x, store.get().y].map((name) => described().coordinates.find((each) => each.name === name));
  const exactOf = (coordinate) => exactAsShown(described().exact?.[coordinate.name], coordinate, store.get().constrained);

  const cloud = makeCloudPlane(engine);
  const marginals = [0, 1].map((axis) => makeChart(`marginal ${axis === 0 ? "across" : "upwards"}`, "", (sheet) => drawSide(sheet, axis)));
  const traces = [0, 1].map((axis) => makeChart("trace", "", (sheet) => drawTraceOf(sheet, axis)));
  const captions = traces.map(() => element("h2", {}));
  const table = element("table", { class: "counters" });
  const totals = element("p", { class: "totals" });
  const status = element("p", { class: "trouble", role: "status" });
  const toggle = element("button", { type: "button", class: "play", onclick: () => toggled() }, "Pause");
  const anew = element("button", { type: "button", onclick: () => begin() }, "Begin anew");
  const progress = element("progress", { max: 1, value: 0, "aria-label": "How much of the run is done" });
  const paceField = choice("Pace", PACES, () => pace, (value) => (pace = value));
  paceField.show();

  const field = (name) => (value) => store.set({ [name]: value });
  const panel = makePanel([
    ["Target", targetFields(store, engine)],
    ["Sampler", samplerFields(store)],
    ["Run", [
      number("Chains", { min: 1, max: 16, step: 1 }, ({ chains }) => chains, field("chains")),
      number("Warm-up", { min: 0, max: 20000, step: 1 }, ({ warmup }) => warmup, field("warmup")),
      number("Draws of each chain", { min: 1, max: 20000, step: 1 }, ({ draws }) => draws, field("draws")),
    ]],
  ], store, () => described().words);
  const stage = element("div", { class: "stage" },
    element("div", { class: "joint" }, marginals[0].root, cloud.root, marginals[1].root),
    element("div", { class: "transport" }, element("div", { class: "row" }, anew, paceField.row, toggle), progress, status));
  const side = element("div", { class: "telling" },
    element("section", {}, element("h2", {}, "What the draws say"), table, totals),
    ...traces.map((trace, axis) => element("section", {}, captions[axis], trace.root)));
  root.append(element("div", { class: "bench run" }, panel.root, stage, side));

  const player = makePlayer({
    most: () => Number(pace),
    heard(now) {
      run = now;
      show();
    },
    failed(error) {
      status.textContent = error.message;
    },
  });
  const toggled = () => {
    if (run?.isOver()) return begin();
    if (player.isPlaying()) player.pause();
    else player.resume();
    return show();
  };
  const begin = () => {
    const state = store.get();
    status.textContent = "";
    found = [];
    player.play(async () => {
      const opened = await openRun(engine, state.model, runSettings(state));
      cloud.gather(opened.gathering);
      return opened;
    });
  };

  const show = () => {
    cloud.paint();
    for (const chart of [...marginals, ...traces]) chart.redraw();
    const { gathering } = run;
    const done = gathering.iterations.reduce((sum, n) => sum + n, 0) / (gathering.chains * (gathering.warmup + gathering.draws));
    progress.value = done;
    toggle.textContent = run.isOver() ? "Run again" : player.isPlaying() ? "Pause" : "Go on";
    root.dataset.iterations = gathering.iterations.join(" ");
    root.dataset.state = run.isOver() ? "over" : player.isPlaying() ? "playing" : "paused";
    look(run.isOver() || !player.isPlaying());
  };

  /** Look at the diagnostics, in a worker; again when that has been done and some time has passed. */
  const look = async (isLast) => {
    const mine = run;
    if (isLooking || (!isLast && performance.now() - lookedAt < (isCalm ? 4 : 1) * LEAST_WAIT)) return;
    isLooking = true;
    const { gathering } = mine;
    const count = gathering.common(), pair = pairNow();
    const columns = pair.map((each) => gatheringColumns(gathering, each, count));
    try {
      found = await engine.diagnose(mine.model, columns);
      if (mine === run && mine.model === store.get().model) tell(gathering, pair, count);
    } catch (error) {
      status.textContent = error.message;
    }
    lookedAt = performance.now();
    isLooking = false;
    if (mine === run && isLast && count < gathering.common()) look(true);
  };
  const gatheringColumns = (gathering, each, count) =>
    Array.from({ length: gathering.chains }, (_, chain) => shownColumn(gathering, each, chain, store.get().constrained, count).slice());

  const tell = (gathering, pair, count) => {
    const known = pair.map((each, axis) => ({ each, numbers: found[axis] })).filter(({ each }) => !each.ofMomentum);
    const columns = known.map(({ each, numbers }) => countersOf(numbers, gathering.total, exactOf(each)));
    const rows = columns[0].map(([name], k) => ({ name, cells: columns.map((column) => column[k]) }));
    const corner = element("td", {});
    table.replaceChildren(
      element("thead", {}, element("tr", {}, corner, ...known.map(({ each }) => element("th", { scope: "col" }, each.name)))),
      element("tbody", {}, ...rows.filter(({ cells }) => cells.some(([, text]) => text !== "")).map(({ name, cells }) =>
        element("tr", {}, element("th", { scope: "row" }, name),
          ...cells.map(([, text, isBad]) => element("td", { class: isBad ? "against" : null }, text))))),
    );
    const { gradients, divergences } = gathering.total;
    const divergent = element("span", { class: divergences > 0 ? "against" : null }, `${whole(divergences)} divergences`);
    totals.replaceChildren(`${whole(count * gathering.chains)} draws, ${whole(gradients)} gradients, `, divergent);
    root.dataset.draws = String(count * gathering.chains);
  };

  const drawSide = (sheet, axis) => {
    const frame = cloud.frame(), each = frame?.pair[axis];
    if (!each || each.ofMomentum || run === null) return;
    const { gathering } = run;
    const columns = Array.from({ length: gathering.chains }, (_, chain) => shownColumn(gathering, each, chain, frame.isConstrained));
    const bins = binsFor(gathering.chains * gathering.draws);
    const heights = histogramOf(columns, frame.ranges[axis], bins);
    drawMarginal(sheet, { heights, range: frame.ranges[axis], exact: exactOf(each), isUpright: axis === 0 });
  };
  const drawTraceOf = (sheet, axis) => {
    const frame = cloud.frame(), each = frame?.pair[axis];
    if (!each || each.ofMomentum || run === null) return;
    const { gathering } = run;
    const chains = Array.from({ length: gathering.chains }, (_, chain) => chain);
    const columns = chains.map((chain) => shownColumn(gathering, each, chain, frame.isConstrained));
    const divergent = chains.map((chain) => gathering.divergent(chain));
    drawTrace(sheet, { columns, divergent, draws: gathering.draws, range: frame.ranges[axis] });
  };

  const setPlane = async () => {
    const { model, x, y, constrained, draws } = store.get();
    try {
      if (!(await cloud.show(model, [x, y], constrained, draws))) return;
    } catch (error) {
      status.textContent = error.message;
      return;
    }
    pairNow().forEach((each, axis) => {
      captions[axis].textContent = `Trace of ${each.name}`;
      for (const { canvas } of [traces[axis]]) canvas.setAttribute("aria-label", `Trace of ${each.name}: the draws of each chain in order`);
      marginals[axis].canvas.setAttribute("aria-label", `Histogram of the draws of ${each.name}`);
      for (const { root: made } of [marginals[axis], traces[axis]]) made.hidden = each.ofMomentum;
      captions[axis].hidden = each.ofMomentum;
    });
    if (run !== null) show();
  };
  let settling = 0;
  store.subscribe((state, changed) => {
    if (OF_PLANE.some((name) => changed.has(name))) setPlane();
    if (!OF_SETTINGS.some((name) => changed.has(name))) return;
    player.pause();
    clearTimeout(settling);
    settling = setTimeout(begin, SETTLED);
  });
  document.addEventListener("keydown", (event) => {
    const isElsewhere = event.target.closest?.("input, select, textarea, button, summary, [role=tab]");
    if (event.key !== " " || isElsewhere || root.hidden || event.altKey || event.ctrlKey || event.metaKey) return;
    toggled();
    event.preventDefault();
  });
  setPlane();
  begin();
}
