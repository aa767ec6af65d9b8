// What a run has reached so far, in numbers.

import { shownNumber, shownWhole } from "./display.mjs";

/** Rhat above this, and fewer effective draws than this, are marked: Vehtari et al. (2021), section 4. */
const RHAT_LIMIT = 1.01;
const ESS_LEAST = 400;

/** Effective draws for a thousand gradients, warm-up not counted; NaN without any.
 * @param {number} ess @param {{gradients: number, ofWarmup: number}} total @returns {number} */
export function perThousandGradients(ess, { gradients, ofWarmup }) {
  return gradients > ofWarmup ? (1000 * ess) / (gradients - ofWarmup) : NaN;
}

/** The rows of the table of counters: [name, text, whether it is a warning] of each cell.
 * @param {{mean: number, sd: number, mcse: number, rhat: number, essBulk: number, essTail: number}} found
 * @param {{gradients: number, ofWarmup: number}} total @param {import("./marginal.mjs").Exact} exact
 * @returns {[string, string, boolean][]} */
export function countersOf(found, total, exact) {
  const smaller = Math.min(found.essBulk, found.essTail);
  return [
    ["mean", shownNumber(found.mean), false],
    ["exact mean", exact.mean === undefined ? "" : shownNumber(exact.mean), false],
    ["MCSE", shownNumber(found.mcse, 2), false],
    ["sd", shownNumber(found.sd), false],
    ["exact sd", exact.sd === undefined ? "" : shownNumber(exact.sd), false],
    ["R-hat", Number.isFinite(found.rhat) ? found.rhat.toFixed(3) : "–", found.rhat > RHAT_LIMIT],
    ["ESS bulk", shownWhole(found.essBulk), found.essBulk < ESS_LEAST],
    ["ESS tail", shownWhole(found.essTail), found.essTail < ESS_LEAST],
    ["ESS per 1000 gradients", shownNumber(perThousandGradients(smaller, total)), false],
  ];
}
