// Divergences: eight schools, centred and not, and what the sampler is asked to make of them.

import { program, settingsText } from "./python.mjs";

export const TARGETS = [0.6, 0.99]; // of the slider

const settingsOf = ({ target_accept, seed, sampler }) => {
  const settings = { chains: 4, warmup: 400, draws: 1000, seed, target_accept };
  return sampler === "walnuts" ? { ...settings, algorithm: sampler } : settings;
};
const nameOf = ({ schools }) => `schools_${schools}`;

/** @param {{schools: "centred" | "noncentred", target_accept: number, seed: number,
 *   sampler: "nuts" | "walnuts"}} state */
export const schoolsRun = (state) => ({ model: nameOf(state), settings: settingsOf(state) });

/** The Python that gives the same draws. */
export function schoolsPython(state) {
  return program(["import hmc", `from figures.sampler.toys import ${nameOf(state)}`], [
    `fit = hmc.sample(${nameOf(state)}(), ${settingsText(settingsOf(state))})`,
  ]);
}
