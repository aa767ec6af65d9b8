// What the draws say of the tanks, beside what is exact.

import { fillTable } from "../counters_table.mjs";
import { shownNumber, shownWhole } from "../display.mjs";
import { element } from "../dom.mjs";
import { learnsSigma } from "./tanks.mjs";

const MOST_PARETO_K = 0.7; // above it, importance sampling from the draws cannot be relied on
const UNRELIABLE =
  "A Pareto k above 0.7: without that tank the posterior is too different from the draws, so that WAIC and PSIS can be too hopeful.";

/** The table. What is exact and the scores come later than the draws, and stand there once they are of the same state.
 * @param {any} engine */
export function makePoolingTable(engine) {
  const table = element("table", { class: "counters" }), note = element("p", { class: "hint of-k" });
  let seen = null, known = null, score = null;
  const of = (found) => (found?.state === seen.state ? found.found : null);
  const tell = () => {
    if (seen === null) return;
    const scored = of(score);
    fillTable(table, ["draws", "exact"].map((name) => element("th", { scope: "col" }, name)),
      rowsOfPooling(seen.state, seen.found, of(known) ?? storedOf(engine, seen.state), scored));
    note.textContent = scored?.worst > MOST_PARETO_K ? UNRELIABLE : "";
  };
  return {
    root: element("section", {}, element("h2", {}, "What the draws say"), table, note),
    showDraws(state, found) {
      seen = { state, found };
      tell();
    },
    showExact(state, found) {
      known = { state, found };
      tell();
    },
    showScore(state, found) {
      score = { state, found };
      tell();
    },
    /** Where there are no draws. */
    clear() {
      seen = null;
      note.textContent = "";
      table.replaceChildren();
    },
    isOf: (state) => seen?.state === state,
  };
}

/** What is stored of the posterior with predators, for the lecture's tanks alone; null elsewhere. */
export function storedOf(engine, { predators, tanks }) {
  const exact = engine.described("mSTP").exact;
  if (!predators || tanks !== null || !exact.sigma) return null;
  return {
    sigma: exact.sigma, a_bar: exact.a_bar, slope: exact.bP,
    logits: (of) => of.map(([, pred], j) => exact[`a[${j + 1}]`].mean + (pred === "pred" ? exact.bP.mean : 0)),
  };
}

/** The rows, the same for all states of a kind. @param {import("./tanks.mjs").Pooling} state */
export function rowsOfPooling(state, summary, exact, score) {
  const moments = (found) => (found ? `${shownNumber(found.mean)} ± ${shownNumber(found.sd, 2)}` : "");
  const row = (name, drawn, known = "", isBad = false) => ({ name, cells: [["", drawn, isBad], ["", known, false]] });
  const { gradients, divergences } = summary, learns = learnsSigma(state);
  return [
    ...(learns ? [row("sigma", moments(summary.sigma), moments(exact?.sigma))] : []),
    row("a_bar", moments(summary.a_bar), moments(exact?.a_bar)),
    ...(summary.slope ? [row("bP", moments(summary.slope), moments(exact?.slope))] : []),
    row("WAIC", score ? score.waic.toFixed(1) : "…"),
    row("leave-one-out, PSIS", score ? score.looic.toFixed(1) : "…", exact?.looic ? exact.looic.toFixed(1) : ""),
    row("largest Pareto k", score ? score.worst.toFixed(2) : "…", "", score !== null && score.worst > MOST_PARETO_K),
    row("effective draws of a_bar", score ? shownWhole(score.effective.a_bar) : "…"),
    ...(learns ? [row("effective draws of sigma", score ? shownWhole(score.effective.sigma) : "…")] : []),
    row("gradients", shownWhole(gradients)),
    row("divergences", shownWhole(divergences), "", divergences > 0),
  ];
}
