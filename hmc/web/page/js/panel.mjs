// The panel of a view's settings: groups of fields that show the state, folded on narrow screens.

import { element } from "./dom.mjs";

/** Fields that show the state, in a group of their own.
 * @param {string} title @param {import("./fields.mjs").Field[]} fields @param {import("./store.mjs").Store} store */
export function makeGroup(title, fields, store) {
  const show = (state) => fields.forEach((field) => field.show(state));
  store.subscribe(show);
  show(store.get());
  return element("fieldset", { class: "group" }, element("legend", {}, title), ...fields.map(({ row }) => row));
}

/** @param {[string, import("./fields.mjs").Field[]][]} groups  title and fields @param {import("./store.mjs").Store} store
 * @param {(state: any) => string} wordsOf  what stands below the first group
 * @param {...HTMLElement} others  below all */
export function makePanel(groups, store, wordsOf, ...others) {
  const words = element("p", { class: "words-of-model" });
  const sections = groups.map(([title, fields]) =>
    element("fieldset", {}, element("legend", {}, title), ...fields.map(({ row }) => row)));
  sections[0].append(words);
  const root = element("details", { class: "settings" }, element("summary", {}, "Settings"),
    element("div", { class: "groups" }, ...sections), ...others);
  const wide = matchMedia("(min-width: 760px)");
  root.open = wide.matches;
  wide.addEventListener("change", () => (root.open = wide.matches));
  const show = (state) => {
    for (const [, fields] of groups) for (const field of fields) field.show(state);
    words.textContent = wordsOf(state);
  };
  store.subscribe(show);
  show(store.get());
  return { root, show };
}
