// What the state of the lecture's page may be: a link's fragment is JSON from anybody, and each field of it is checked.

import { oneOf, orNone, parsed, setWhatIsRight, wholeFrom } from "../state.mjs";
import { CAFES, LONGEST, MOST_VISITS } from "./cafes.mjs";
import { LECTURE_TRUTH, LIMITS, sizeOf } from "./confounds.mjs";
import { SIGMAS, MOST_TADPOLES } from "./tanks.mjs";
import { TARGETS } from "./schools.mjs";

export const MOST_TANKS = 80;
export const LEAST_TANKS = 2;
const FIRST_VISITS = 5; // of the lecture's, that the page begins with

/** @param {{visits: [number, number][]}} tables */
export function firstState({ visits }) {
  return {
    view: "cafes", seed: 12,
    visits: visits.slice(0, FIRST_VISITS), amnesia: false,
    tanks: null, tank: 0, sigma: 1, predators: false, form: "centred",
    schools: "centred", target_accept: 0.8, sampler: "nuts",
    study: 1, groups: 30, individuals: 200, ...LECTURE_TRUTH,
  };
}

/** @param {string} text  of the fragment, without # @param {any} tables @param {string[]} views */
export function stateOfLink(text, tables, views) {
  const state = firstState(tables);
  setWhatIsRight(state, parsed(text), { ...CHECKS, view: oneOf(...views) });
  const studies = tables.noise[sizeOf(state.groups, state.individuals)];
  if (studies === undefined) [state.groups, state.individuals] = [30, 200];
  state.study = Math.min(state.study, studies?.length ?? 1);
  state.tank = Math.min(state.tank, (state.tanks ?? tables.tanks).length - 1);
  return state;
}

/** The fragment's text of a state: what is not as at first. */
export function linkOf(state, tables) {
  const first = firstState(tables);
  const changed = Object.entries(state).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(first[name]));
  return encodeURIComponent(JSON.stringify(Object.fromEntries(changed)));
}

const listOf = (least, most, check) => (x) => Array.isArray(x) && x.length >= least && x.length <= most && x.every(check);
const isVisit = (x) => Array.isArray(x) && x.length === 2 && wholeFrom(1, CAFES)(x[0]) && wholeFrom(0, LONGEST)(x[1]);
const isTank = (x) =>
  Array.isArray(x) && x.length === 4 && wholeFrom(1, MOST_TADPOLES)(x[0]) && ["no", "pred"].includes(x[1]) &&
  ["big", "small"].includes(x[2]) && wholeFrom(0, x[0])(x[3]);
const within = (least, most) => (x) => typeof x === "number" && x >= least && x <= most;
const ofSlider = ({ min, max }) => within(min, max);
const isFlag = (x) => typeof x === "boolean";

const CHECKS = {
  seed: wholeFrom(0, Number.MAX_SAFE_INTEGER),
  visits: listOf(0, MOST_VISITS, isVisit),
  amnesia: isFlag,
  tanks: orNone(listOf(LEAST_TANKS, MOST_TANKS, isTank)),
  tank: wholeFrom(0, MOST_TANKS - 1),
  sigma: orNone(within(...SIGMAS)),
  predators: isFlag,
  form: oneOf("centred", "noncentred"),
  schools: oneOf("centred", "noncentred"),
  sampler: oneOf("nuts", "walnuts"),
  study: wholeFrom(0, 100),
  groups: wholeFrom(1, 1000),
  individuals: wholeFrom(1, 1000),
  bXY: ofSlider(LIMITS.bXY),
  bZY: ofSlider(LIMITS.bZY),
  sd_U: ofSlider(LIMITS.sd_U),
  target_accept: within(...TARGETS),
};
