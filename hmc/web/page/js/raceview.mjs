// The Race view: two settings side by side from one seed, with the same gradients to spend.

import { drawLine, drawPlotAxes, makeChart, plotOf } from "./chart.mjs";
import { makeCloudPlane, shownColumn } from "./cloudplane.mjs";
import { perThousandGradients, whole } from "./counters.mjs";
import { element, short } from "./dom.mjs";
import { choice, number, where } from "./fields.mjs";
import { makePanel } from "./panel.mjs";
import { makePlayer } from "./playing.mjs";
import { presetsOf } from "./presets.mjs";
import { errorOf, laneWords, openRace, sharedPair } from "./racing.mjs";
import { ALGORITHM_WORDS, METRIC_WORDS, runSettings, samplerFields, targetFields } from "./target_fields.mjs";

const COLOURS = ["--chain-1", "--chain-2"];
const OF_RACE = ["model", "algorithm", "path_length", "max_depth", "run_metric", "target_accept", "seed", "chains", "warmup", "race", "budget", "x", "y"];
const PACES = [["1000", "1,000 gradients a second"], ["10000", "10,000 a second"], ["50000", "50,000 a second"], ["Infinity", "as fast as it goes"]];
const RACE_SETTLED = 200; // milliseconds after the last change

/** @param {HTMLElement} root @param {import("./store.mjs").Store} store @param {any} engine */
export function makeRaceView(root, store, engine) {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let race = null, pace = isCalm ? "Infinity" : "10000", isLooking = false, pair = [], found = [[], []];
  const field = (name) => (value) => store.set({ [name]: value });
  const raceField = (name) => (value) => store.set({ race: { ...store.get().race, [name]: value } });
  const second = (state) => ({ model: state.model, ...runSettings(state), ...state.race });

  const planes = COLOURS.map((colour) => makeCloudPlane(engine, () => colour));
  const titles = COLOURS.map(() => element("h2", {}));
  const essChart = makeChart("history", "Effective draws by the gradients spent", (sheet) => drawHistory(sheet, "ess"));
  const errorChart = makeChart("history", "Error of the mean by the gradients spent", (sheet) => drawHistory(sheet, "error"));
  const errorRoom = element("section", {}, element("h2", {}, "Error of the means, in exact standard deviations"), errorChart.root);
  const table = element("table", { class: "counters" });
  const status = element("p", { class: "trouble", role: "status" });
  const toggle = element("button", { type: "button", class: "play", onclick: () => toggled() }, "Pause");
  const anew = element("button", { type: "button", onclick: () => begin() }, "Begin anew");
  const progress = element("progress", { max: 1, value: 0, "aria-label": "How much of the gradients is spent" });
  const paceField = choice("Pace", PACES, () => pace, (value) => (pace = value));
  paceField.show();

  const presets = choice("Race", (state) => [["", "your own"], ...presetsOf(engine, state).map(([name]) => [name, name])],
    (state) => presetsOf(engine, state).find(([, sets]) => isSetTo(state, sets))?.[0] ?? "",
    (name) => store.set(presetsOf(engine, store.get()).find(([each]) => each === name)?.[1] ?? {}));
  const models = engine.models().map((name) => [name, name]);
  const isStaticSecond = (state) => second(state).algorithm === "hmc";
  const panel = makePanel([
    ["Race", [presets, number("Gradients to spend", { min: 1000, max: 5000000, step: 1 }, ({ budget }) => budget, field("budget")),
      number("Chains", { min: 1, max: 16, step: 1 }, ({ chains }) => chains, field("chains")),
      number("Warm-up", { min: 0, max: 20000, step: 1 }, ({ warmup }) => warmup, field("warmup"))]],
    ["First", [...targetFields(store, engine), ...samplerFields(store)]],
    ["Second: what is different", [
      choice("Model", models, (state) => second(state).model, raceField("model")),
      choice("Algorithm", ALGORITHM_WORDS, (state) => second(state).algorithm, raceField("algorithm")),
      where(number("Path length", { min: 0.001, max: 100, step: "any" }, (state) => second(state).path_length ?? state.path_length, raceField("path_length")), isStaticSecond),
      choice("Metric", METRIC_WORDS, (state) => second(state).metric, raceField("metric")),
      number("Target acceptance", { min: 0.05, max: 0.995, step: "any" }, (state) => second(state).target_accept, raceField("target_accept")),
    ]],
  ], store, () => "Both begin from the seed. Warm-ups are paid for too.");
  const stage = element("div", { class: "stage" },
    element("div", { class: "lanes" }, ...planes.map((plane, k) => element("section", { class: `lane lane-${k + 1}` }, titles[k], plane.root))),
    element("div", { class: "transport" }, element("div", { class: "row" }, anew, paceField.row, toggle), progress, status));
  const side = element("div", { class: "telling" },
    element("section", {}, element("h2", {}, "So far"), table),
    element("section", {}, element("h2", {}, "Effective draws, the fewer of the two coordinates"), essChart.root), errorRoom);
  root.append(element("div", { class: "bench race" }, panel.root, stage, side));

  const player = makePlayer({
    most: () => Number(pace),
    heard(now) {
      race = now;
      show();
    },
    failed(error) {
      status.textContent = error.message;
    },
  });
  const toggled = () => {
    if (race?.isOver()) return begin();
    return player.isPlaying() ? player.pause() : (player.resume(), show());
  };
  /** Both entries: model, settings of `sample`, and the coordinates that are kept. */
  const entriesOf = (state) => {
    const { model: secondModel, ...changes } = second(state);
    if (changes.algorithm === "hmc") changes.path_length ??= state.path_length;
    else delete changes.path_length;
    const entries = [{ model: state.model, settings: runSettings(state) }, { model: secondModel, settings: changes }];
    const coordinates = entries.map(({ model }) => engine.described(model).coordinates);
    const names = sharedPair(coordinates, [state.x, state.y]);
    if (names.length < 2) throw new Error(`${state.model} and ${secondModel} have no two coordinates in common`);
    pair = coordinates.map((each) => names.map((name) => each.find((other) => other.name === name)));
    return entries.map((entry, k) => ({ ...entry, kept: pair[k].filter((each) => !each.ofMomentum).map(({ index }) => index) }));
  };
  const begin = () => {
    const state = store.get();
    status.textContent = "";
    found = [[], []];
    player.play(async () => {
      const entries = entriesOf(state);
      const [one, other] = entries.map(({ model, settings }) => ({ model, ...settings }));
      titles[0].textContent = laneWords(one, other);
      titles[1].textContent = laneWords(other, one);
      const names = pair[0].map(({ name }) => name);
      const opened = await openRace(engine, entries, state.budget);
      await Promise.all(planes.map((plane, k) => plane.show(entries[k].model, names, state.constrained, opened.lanes[k].run.gathering.draws)));
      planes.forEach((plane, k) => plane.gather(opened.lanes[k].run.gathering));
      return opened;
    });
  };

  const show = () => {
    for (const plane of planes) plane.paint();
    essChart.redraw();
    errorChart.redraw();
    progress.value = Math.min(...race.lanes.map((lane) => Math.min(1, race.spent(lane) / race.budget)));
    toggle.textContent = race.isOver() ? "Race again" : player.isPlaying() ? "Pause" : "Go on";
    root.dataset.gradients = race.lanes.map(race.spent).join(" ");
    root.dataset.state = race.isOver() ? "over" : player.isPlaying() ? "playing" : "paused";
    look(!player.isPlaying());
  };

  /** Look at both lanes' diagnostics, in a worker. */
  const look = async (isLast) => {
    if (isLooking) return;
    isLooking = true;
    const mine = race;
    try {
      for (const [k, lane] of mine.lanes.entries()) await lookAt(mine, lane, k);
      if (mine === race) tell();
    } catch (error) {
      status.textContent = error.message;
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
    isLooking = false;
    if (mine === race && (!isLast || mine.lanes.some((lane) => lane.history.gradients.at(-1) !== mine.spent(lane)))) look(!player.isPlaying());
  };
  const lookAt = async (mine, lane, k) => {
    const { gathering } = lane.run;
    const gradients = mine.spent(lane), count = gathering.common();
    if (lane.history.gradients.at(-1) === gradients) return;
    const known = pair[k].filter((each) => !each.ofMomentum);
    const columns = known.map((each) => Array.from({ length: gathering.chains }, (_, chain) => shownColumn(gathering, each, chain, true, count).slice()));
    const numbers = await engine.diagnose(lane.run.model, columns);
    if (mine !== race) return;
    found[k] = numbers;
    const exact = known.map(({ name }) => engine.described(lane.run.model).exact?.[name]);
    lane.history.gradients.push(gradients);
    lane.history.ess.push(Math.min(...numbers.map(({ essBulk }) => essBulk)));
    lane.history.error.push(errorOf(numbers, exact));
  };

  const tell = () => {
    const rows = [
      ["draws", ({ run }) => whole(run.gathering.common() * run.gathering.chains)],
      ["gradients", (lane) => whole(race.spent(lane))],
      ["ESS", ({ history }) => whole(history.ess.at(-1))],
      ["ESS per 1000 gradients", ({ history, run }) => shortOr(perThousandGradients(history.ess.at(-1), run.gathering.total))],
      ["largest R-hat", (_, k) => shortOr(Math.max(...found[k].map(({ rhat }) => rhat)), 4)],
      ["largest error of a mean", ({ history }) => shortOr(history.error.at(-1))],
      ["divergences", ({ run }) => whole(run.gathering.total.divergences)],
    ];
    const heads = ["first", "second"].map((name, k) => element("th", { scope: "col", class: `lane-${k + 1}` }, name));
    table.replaceChildren(element("thead", {}, element("tr", {}, element("td", {}), ...heads)),
      element("tbody", {}, ...rows.map(([name, read]) => element("tr", {}, element("th", { scope: "row" }, name),
        ...race.lanes.map((lane, k) => element("td", {}, read(lane, k)))))));
    errorRoom.hidden = race.lanes.every(({ history }) => history.error.every(Number.isNaN));
  };
  const drawHistory = (sheet, what) => {
    if (race === null) return;
    const isLog = what === "error";
    const read = (lane) => (isLog ? lane.history[what].map(Math.log10) : lane.history[what]);
    const all = race.lanes.flatMap(read).filter(Number.isFinite);
    if (all.length === 0) return;
    const upwards = isLog ? [Math.min(...all) - 0.1, Math.max(...all) + 0.1] : [0, 1.05 * Math.max(...all)];
    const plot = plotOf(sheet, [0, race.budget], upwards, { isLog });
    drawPlotAxes(sheet, plot, "gradients");
    sheet.context.lineWidth = 2;
    race.lanes.forEach((lane, k) => drawLine(sheet, plot, lane.history.gradients, read(lane), COLOURS[k]));
  };

  let settling = 0;
  store.subscribe((state, changed) => {
    if (!OF_RACE.some((name) => changed.has(name)) && !changed.has("constrained")) return;
    player.pause();
    clearTimeout(settling);
    settling = setTimeout(begin, RACE_SETTLED);
  });
  begin();
}

const shortOr = (x, digits = 3) => (Number.isFinite(x) ? short(x, digits) : "–");

/** Whether a state is as something would set it. */
function isSetTo(state, sets) {
  return Object.entries(sets).every(([name, value]) => JSON.stringify(state[name]) === JSON.stringify(value));
}
