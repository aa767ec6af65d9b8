// The Race view: two settings side by side from one seed, with the same gradients to spend.

import { makeCloudPlane } from "./cloudplane.mjs";
import { perThousandGradients } from "./counters.mjs";
import { fillTable } from "./counters_table.mjs";
import { shownNumber, shownWhole } from "./display.mjs";
import { element } from "./dom.mjs";
import { makePlayer } from "./playing.mjs";
import { LANE_COLOURS, makeHistories, nameOfNeck } from "./race_charts.mjs";
import { makeRacePanel, secondOf } from "./race_panel.mjs";
import { laneWords, lookAtLane, neckOf, openRace, sharedPair } from "./racing.mjs";
import { makeRunBar, whenSettled } from "./runbar.mjs";
import { OF_SAMPLER, runSettings } from "./target_fields.mjs";

const RACE_BAR = {
  paces: [["1000", "1,000 gradients a second"], ["10000", "10,000 a second"], ["50000", "50,000 a second"], ["Infinity", "as fast as it goes"]],
  pace: "10000", label: "How many of the gradients are spent", again: "Race again",
};
const BETWEEN_LOOKS = 150; // milliseconds

/** @param {HTMLElement} root @param {import("./store.mjs").Store} store @param {any} engine */
export function makeRaceView(root, store, engine) {
  let race = null, isLooking = false, isStale = false, pairs = [], neck = null;
  const planes = LANE_COLOURS.map((colour) => makeCloudPlane(engine, () => colour));
  const titles = planes.map(() => element("h2", {}));
  const histories = makeHistories(() => race, () => neck);
  const table = element("table", { class: "counters" });
  const bar = makeRunBar(() => player, () => begin(), RACE_BAR);
  const panel = makeRacePanel(store, engine);
  const lanes = planes.map((plane, k) => element("section", { class: `lane lane-${k + 1}` }, titles[k], plane.root));
  root.append(element("div", { class: "bench race" }, panel.root,
    element("div", { class: "stage" }, element("div", { class: "lanes" }, ...lanes), bar.root,
      element("div", { class: "lanes of-settings" }, ...panel.lanes)),
    element("div", { class: "telling" }, element("section", {}, element("h2", {}, "So far"), table), ...histories.sections)));

  const player = makePlayer({
    most: bar.most,
    failed: bar.fail,
    heard(now) {
      race = now;
      show();
    },
  });
  const begin = () => {
    const state = store.get();
    bar.fail(null);
    player.play(async () => {
      const entries = entriesOf(state, engine);
      pairs = entries.map(({ pair }) => pair);
      neck = neckOf(engine.described(entries[0].model), pairs[0]);
      const settings = entries.map(({ model, settings: each }) => ({ model, ...each }));
      titles.forEach((title, k) => (title.textContent = laneWords(settings[k], settings[1 - k])));
      const opened = await openRace(engine, entries, state.budget);
      const names = pairs[0].map(({ name }) => name), models = entries.map(({ model }) => model);
      await Promise.all(planes.map((plane, k) => plane.show(models[k], names, state.constrained, opened.lanes[k].run.gathering.draws, models)));
      root.dataset.ranges = JSON.stringify(planes.map((plane) => plane.frame()?.ranges));
      planes.forEach((plane, k) => plane.gather(opened.lanes[k].run.gathering));
      return opened;
    });
  };
  const show = () => {
    for (const plane of planes) plane.paint();
    const warming = ["the first", "the second"].filter((_, k) => race.lanes[k].run.isWarmingUp());
    const words = warming.length === 2 ? "Both warm up" : warming.length === 1 ? `Only ${warming[0]} still warms up` : "Both draw";
    bar.show(race, Math.min(...race.lanes.map((lane) => Math.min(1, race.spent(lane) / race.budget))), race.isOver() ? "All gradients are spent" : words);
    root.dataset.gradients = race.lanes.map(race.spent).join(" ");
    root.dataset.state = bar.state();
    look();
  };

  /** Look at both lanes' diagnostics, in a worker; once more where the race has ended or paused meanwhile. */
  const look = async () => {
    isStale = isLooking;
    if (isLooking) return;
    isLooking = true;
    const mine = race;
    try {
      for (const [k, lane] of mine.lanes.entries()) await lookAtLane(engine, lane, pairs[k]);
      if (mine === race) tell();
    } catch (error) {
      bar.fail(error);
    }
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS));
    isLooking = false;
    if (mine !== race || (!player.isPlaying() && isStale)) look();
  };
  const tell = () => {
    const rows = [...ROWS, ...rowsOfNeck(neck)].map(([name, read]) => ({
      name, cells: race.lanes.map((lane) => [name, read(lane), false]),
    }));
    const heads = ["first", "second"].map((name, k) => element("th", { scope: "col", class: `lane-${k + 1}` }, name));
    fillTable(table, heads, rows);
    histories.redraw();
    root.dataset.neck = race.lanes.map(({ history }) => history.neck.at(-1)).join(" ");
    root.dataset.ess = race.lanes.map(({ history }) => history.ess.at(-1)).join(" ");
  };

  whenSettled(store, [...OF_SAMPLER, "chains", "warmup", "race", "budget", "x", "y", "constrained"], () => player.pause(), begin);
  begin();
}

/** @type {[string, (lane: import("./racing.mjs").Lane) => string][]} */
const ROWS = [
  ["draws", ({ looked }) => shownWhole(looked.draws)],
  ["gradients", ({ looked }) => shownWhole(looked.total.gradients)],
  ["ESS", ({ history }) => shownWhole(history.ess.at(-1))],
  ["ESS per 1000 gradients", ({ history, looked }) => shownNumber(perThousandGradients(history.ess.at(-1), looked.total))],
  ["largest R-hat", ({ found }) => shownNumber(Math.max(...found.map(({ rhat }) => rhat)), 4)],
  ["largest error of a mean", ({ history }) => shownNumber(history.error.at(-1))],
  ["divergences", ({ looked }) => shownWhole(looked.total.divergences)],
];

/** @returns {[string, (lane: import("./racing.mjs").Lane) => string][]} */
function rowsOfNeck(neck) {
  if (neck === null) return [];
  return [[`P(${nameOfNeck(neck)}), exact ${shownNumber(neck.probability)}`, ({ history }) => shownNumber(history.neck.at(-1))]];
}

/** Both entries of a race: model, settings of `sample`, the coordinates that are shown, and those whose draws are kept. */
function entriesOf(state, engine) {
  const { model: second, ...changed } = secondOf(state);
  const entries = [{ model: state.model, settings: runSettings(state) }, { model: second, settings: changed }];
  const coordinates = entries.map(({ model }) => engine.described(model).coordinates);
  const names = sharedPair(coordinates, [state.x, state.y]);
  if (names.length < 2) throw new Error(`${state.model} and ${second} have no two coordinates in common`);
  return entries.map((entry, k) => {
    const pair = names.map((name) => coordinates[k].find((other) => other.name === name));
    return { ...entry, pair, kept: pair.filter((each) => !each.ofMomentum).flatMap(({ indices }) => indices) };
  });
}
