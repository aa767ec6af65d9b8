// The Run view: draws gather, in the plane, as marginals beside the exact ones, as traces, and in numbers.

import { labelOf } from "./coordinates.mjs";
import { makeCountersTable } from "./counters_table.mjs";
import { element } from "./dom.mjs";
import { number } from "./fields.mjs";
import { openRun } from "./gathering.mjs";
import { columnsOf, makeJoint } from "./joint.mjs";
import { exactAsShown } from "./marginal.mjs";
import { makePanel } from "./panel.mjs";
import { makePlayer } from "./playing.mjs";
import { isCalm, makeRunBar, whenSettled } from "./runbar.mjs";
import { OF_SAMPLER, runSettings, samplerFields, targetFields } from "./target_fields.mjs";
import { makeTraces } from "./traces.mjs";

const OF_PLANE = ["model", "x", "y", "constrained", "draws"];
const RUN_BAR = {
  paces: [["40", "40 draws a second"], ["400", "400 draws a second"], ["2000", "2,000 draws a second"], ["Infinity", "as fast as it goes"]],
  pace: "2000", label: "How much of the run is done", again: "Run again",
};
const LEAST_WAIT = 250; // milliseconds between two looks at the diagnostics

/** @param {HTMLElement} root @param {import("./store.mjs").Store} store @param {any} engine */
export function makeRunView(root, store, engine) {
  let run = null, isLooking = false, isStale = false, lookedAt = 0;
  const described = () => engine.described(store.get().model);
  const pairNow = () => [store.get().x, store.get().y].map((name) => described().coordinates.find((each) => each.name === name));
  const exactOf = (coordinate) => exactAsShown(described().exact?.[labelOf(coordinate, true)], coordinate, store.get().constrained);

  const joint = makeJoint(engine, exactOf);
  const traces = makeTraces(joint.frame);
  const table = makeCountersTable();
  const bar = makeRunBar(() => player, () => begin(), RUN_BAR);
  const panel = makePanel([
    ["Target", targetFields(store, engine)],
    ["Sampler", samplerFields(store)],
    ["Run", lengthFields(store)],
  ], store, () => described().words);
  root.append(element("div", { class: "bench run" }, panel.root, element("div", { class: "stage" }, joint.root, bar.root),
    element("div", { class: "telling" }, table.root, ...traces.sections)));

  const player = makePlayer({
    most: bar.most,
    failed: bar.fail,
    heard(now) {
      run = now;
      show();
    },
  });
  const begin = () => {
    const state = store.get();
    bar.fail(null);
    player.play(async () => {
      const opened = await openRun(engine, state.model, runSettings(state));
      joint.gather(opened.gathering);
      traces.gather(opened.gathering);
      return opened;
    });
  };
  const show = () => {
    const { iterations, chains, warmup, draws } = run.gathering;
    const least = Math.min(...iterations);
    const words = run.isWarmingUp() ? `Warm-up: transition ${least} of ${warmup}` : `Draw ${least - warmup} of ${draws}, of each chain`;
    bar.show(run, iterations.reduce((sum, n) => sum + n, 0) / (chains * (warmup + draws)), words);
    joint.paint();
    traces.redraw();
    root.dataset.iterations = iterations.join(" ");
    root.dataset.state = bar.state();
    look();
  };

  /** Look at the diagnostics, in a worker; not again at once, unless the run has ended, or what is shown
   * has changed, meanwhile. */
  const look = async () => {
    const mine = run, wait = isCalm() ? 4 * LEAST_WAIT : LEAST_WAIT;
    isStale = isLooking;
    if (isLooking || (player.isPlaying() && performance.now() - lookedAt < wait)) return;
    isLooking = true;
    const { gathering, model } = mine, { constrained } = store.get();
    const count = gathering.common(), pair = pairNow().filter((each) => !each.ofMomentum);
    try {
      const found = await engine.diagnose(model, pair.map((each) => columnsOf(gathering, each, constrained, count).map((x) => x.slice())));
      if (mine === run && model === store.get().model) {
        table.show(pair.map((each, k) => ({ name: labelOf(each, constrained), found: found[k], exact: exactOf(each) })), count * gathering.chains, gathering.total);
        root.dataset.draws = String(count * gathering.chains);
      }
    } catch (error) {
      bar.fail(error);
    }
    lookedAt = performance.now();
    isLooking = false;
    if (run !== null && (mine !== run || (!player.isPlaying() && isStale))) look();
  };

  const setPlane = async () => {
    const { model, constrained, draws } = store.get(), pair = pairNow();
    try {
      if (!(await joint.show(model, pair, constrained, draws))) return;
      traces.show(pair, constrained);
      if (run !== null) show();
    } catch (error) {
      bar.fail(error);
    }
  };
  store.subscribe((state, changed) => OF_PLANE.some((name) => changed.has(name)) && setPlane());
  /** Stand still; draws of another model than the state's are no longer shown. */
  const halt = () => {
    if (run === null || run.model === store.get().model) return player.pause();
    player.drop();
    run = null;
    joint.gather(null);
    return traces.gather(null);
  };
  whenSettled(store, [...OF_SAMPLER, "chains", "warmup", "draws"], halt, begin);
  setPlane();
  begin();
}

/** How many chains, and how long. @param {import("./store.mjs").Store} store */
function lengthFields(store) {
  const field = (name) => (value) => store.set({ [name]: value });
  return [
    number("Chains", { min: 1, max: 16, step: 1 }, ({ chains }) => chains, field("chains")),
    number("Warm-up", { min: 0, max: 20000, step: 1 }, ({ warmup }) => warmup, field("warmup")),
    number("Draws of each chain", { min: 1, max: 20000, step: 1 }, ({ draws }) => draws, field("draws")),
  ];
}
