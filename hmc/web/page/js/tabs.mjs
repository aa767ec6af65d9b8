// The views, one at a time, behind tabs: arrow keys go from one to the next, as readers of screens expect.

import { element } from "./dom.mjs";

/** Make the tabs, and each view when it is first shown.
 * @param {HTMLElement} bar @param {HTMLElement} room
 * @param {{id: string, label: string, make: (root: HTMLElement) => void}[]} views
 * @param {import("./store.mjs").Store} store */
export function makeTabs(bar, room, views, store) {
  const tabs = views.map(({ id, label }) =>
    element("button", {
      type: "button", role: "tab", id: `tab-${id}`, "aria-controls": `view-${id}`,
      onclick: () => store.set({ view: id }),
    }, label));
  const panels = views.map(({ id }) => {
    const attributes = { class: "view", role: "tabpanel", "aria-labelledby": `tab-${id}`, hidden: true };
    return element("section", { id: `view-${id}`, ...attributes });
  });
  bar.append(...tabs);
  room.append(...panels);
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const now = views.findIndex(({ id }) => id === store.get().view);
    const next = (now + step + views.length) % views.length;
    store.set({ view: views[next].id });
    tabs[next].focus();
    event.preventDefault();
    event.stopPropagation();
  });
  const made = new Set();
  const show = () => views.forEach(({ id, make }, k) => {
    const isShown = id === store.get().view;
    panels[k].hidden = !isShown;
    tabs[k].setAttribute("aria-selected", String(isShown));
    tabs[k].tabIndex = isShown ? 0 : -1;
    if (isShown && !made.has(id)) {
      made.add(id);
      make(panels[k]);
    }
  });
  store.subscribe((state, changed) => changed.has("view") && show());
  show();
}
