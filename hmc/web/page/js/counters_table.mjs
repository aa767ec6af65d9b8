// The table of what the draws say: a column for each coordinate.

import { countersOf } from "./counters.mjs";
import { shownWhole } from "./display.mjs";
import { element } from "./dom.mjs";

const LEGEND = "Each chain has a colour; red dots are divergences. The line over a histogram is the exact density, or a bar " +
  "from the 5.5% to the 94.5% quantile with a dot at the mean, where one is known.";

export function makeCountersTable() {
  const table = element("table", { class: "counters" });
  const totals = element("p", { class: "totals" });
  const legend = element("p", { class: "legend" }, LEGEND);
  return {
    root: element("section", {}, element("h2", {}, "What the draws say"), table, totals, legend),
    /** @param {{name: string, found: any, exact: import("./marginal.mjs").Exact}[]} coordinates
     * @param {number} draws  that were looked at @param {{gradients: number, ofWarmup: number, divergences: number}} total */
    show(coordinates, draws, total) {
      const columns = coordinates.map(({ found, exact }) => countersOf(found, total, exact));
      const rows = columns[0].map(([name], k) => ({ name, cells: columns.map((column) => column[k]) }));
      fillTable(table, coordinates.map(({ name }) => element("th", { scope: "col" }, name)),
        rows.filter(({ cells }) => cells.some(([, text]) => text !== "")));
      const { gradients, divergences } = total;
      const divergent = element("span", { class: divergences > 0 ? "against" : null }, howMany(divergences, "divergence"));
      totals.replaceChildren(`${howMany(draws, "draw")}, ${howMany(gradients, "gradient")}, `, divergent);
    },
  };
}

/** Fill a table: heads of columns, and rows of a name and cells [name, text, whether it is a warning].
 * @param {HTMLElement} table @param {HTMLElement[]} heads @param {{name: string, cells: [string, string, boolean][]}[]} rows */
export function fillTable(table, heads, rows) {
  table.replaceChildren(
    element("thead", {}, element("tr", {}, element("td", {}), ...heads)),
    element("tbody", {}, ...rows.map(({ name, cells }) => element("tr", {}, element("th", { scope: "row" }, name),
      ...cells.map(([, text, isBad]) => element("td", { class: isBad ? "against" : null }, text))))));
}

const howMany = (n, name) => `${shownWhole(n)} ${name}${n === 1 ? "" : "s"}`;
