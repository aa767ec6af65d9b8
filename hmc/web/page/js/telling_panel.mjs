// What a transition did so far, in words, and the line of the sampler's source that did the last of it.

import { element } from "./dom.mjs";
import { short } from "./numbers.mjs";

const HINT_OF_CHECKS =
  "ρ is the sum of the momenta p of a stretch of leaves. It turns back where ρ·p is not positive at both of its ends.";
const MOST_WORDS = 40; // events before the one that is shown

/** @param {any} engine  with the sources and the table of their lines */
export function makeTelling(engine) {
  const title = element("h2", { class: "of-transition" });
  const list = element("ol", {});
  const region = (words) => ({ tabindex: 0, role: "region", "aria-label": words });
  const events = element("div", { class: "events", ...region("What has happened in this transition") }, list);
  const live = element("p", { class: "unseen", "aria-live": "polite" });
  const checks = element("div", { class: "u-turns" });
  const file = element("span", { class: "file" });
  const code = element("pre", { class: "source", ...region("Source of the sampler") });
  let shownFile = "", marked = null;

  const showSource = (kind) => {
    const { file: name, function: within, line: number } = engine.lines[kind];
    if (name !== shownFile) {
      shownFile = name;
      const lines = engine.sources[name].replace(/\n$/, "").split("\n");
      const line = (text, k) => element("span", { class: "line", "data-line": k + 1 }, `${text}\n`);
      code.replaceChildren(...lines.map(line));
    }
    file.textContent = `${name}, ${within}, line ${number}`;
    marked?.classList.remove("does-it");
    marked?.removeAttribute("aria-current");
    marked = code.children[number - 1];
    marked.classList.add("does-it");
    marked.setAttribute("aria-current", "true");
    code.scrollTop = marked.offsetTop - 0.4 * code.clientHeight;
  };

  const root = element("div", { class: "telling" },
    element("section", { class: "words" }, title, events, live),
    element("section", { class: "checks-room" }, element("h2", {}, "U-turn check"), checks,
      element("p", { class: "hint" }, HINT_OF_CHECKS)),
    element("section", { class: "source-room" }, element("h2", {}, "Source ", file), code));
  return {
    root,
    /** @param {any} told @param {number} event @param {ReturnType<typeof import("./timeline.mjs").soFar>} so
     * @param {boolean} isQuiet  as while it plays */
    show({ recorded, events: all }, number, event, so, isQuiet) {
      title.textContent = `Transition ${number + 1}`;
      const first = Math.max(0, event - MOST_WORDS);
      const items = all.slice(first, event + 1).map(({ text }) => element("li", {}, text));
      items.at(-1).className = "now";
      list.start = first + 1;
      list.replaceChildren(...items);
      events.scrollTop = events.scrollHeight;
      if (!isQuiet) live.textContent = so.now.text;
      checks.replaceChildren(checkTable(so, recorded));
      showSource(so.now.source);
    },
  };
}

/** The checks of the last join: each stretch with rho's products at its ends. */
function checkTable({ joins, now }, recorded) {
  if (recorded.algorithm === "hmc") return element("p", { class: "none" }, "Static HMC makes no U-turn check.");
  const join = now.join ?? joins.at(-1);
  const rows = join ? join.checks : [];
  const titles = ["leaves", "ρ·p first", "ρ·p last", "turns"];
  const head = element("tr", {}, ...titles.map((words) => element("th", { scope: "col" }, words)));
  const body = Array.from({ length: 3 }, (_, k) => {
    const check = rows[k];
    if (!check) return element("tr", { class: "empty" }, ...["", "", "", ""].map(() => element("td", {}, "\u00a0")));
    const isTurning = !(check.along_first > 0 && check.along_last > 0);
    // As in the words and in the tree, from left to right; backwards the sampler came from the right.
    const ends = [[check.first, check.along_first], [check.last, check.along_last]].sort(([a], [b]) => a - b);
    const product = ([, along]) => element("td", { class: along > 0 ? "" : "against" }, short(along));
    return element("tr", {},
      element("td", {}, `${ends[0][0]} to ${ends[1][0]}`), ...ends.map(product),
      element("td", {}, isTurning ? "yes" : "no"));
  });
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
}
