// The explorables within the lecture: each takes the place of a figure, in a tree of its own, so that neither the page's
// style nor its names reach it. Nothing is read, compiled or sampled before a figure with an explorable comes near; until
// its module has been compiled, and wherever that fails, the figure stands there.

import { element } from "../dom.mjs";
import { readData } from "../pagedata.mjs";
import { makeStore } from "../store.mjs";
import { linkOf, stateOfLink } from "./lecture_state.mjs";
import { isPresenting, listenToPresenter, onPresenting } from "./presenter.mjs";
import { EXPLORABLE_IDS, EXPLORABLES, makeLectureEngine } from "./views.mjs";

const NEAR = "50% 0px"; // of the screen's height, above and below
const SHARED = "#play="; // begins a link to a state: a name in the page has no =
const figures = new Map([...document.querySelectorAll("[data-play]")].map((each) => [each.dataset.play, each]));
const started = new Map();

/** What all explorables share, made with the first of them. */
const shared = once(() => {
  const data = readData();
  const linkTo = (view) => `${location.href.split("#")[0]}${SHARED}${linkOf({ ...store.get(), view }, data.tables)}`;
  const made = makeLectureEngine(data, linkTo);
  const read = () => stateOfLink(location.hash.slice(SHARED.length), data.tables, EXPLORABLE_IDS);
  const store = makeStore(isShared() ? read() : stateOfLink("", data.tables, EXPLORABLE_IDS));
  let writing = 0;
  store.subscribe((state, changed) => {
    if (changed.size === 1 && changed.has("view")) return;
    clearTimeout(writing); // browsers refuse a link that changes a hundred times in a few seconds
    writing = setTimeout(() => history.replaceState(null, "", linkTo(state.view)), 300);
  });
  const style = new CSSStyleSheet();
  style.replaceSync(data.style);
  listenToPresenter(store, EXPLORABLE_IDS.filter((id) => figures.has(id)));
  const show = () => showPresented(store.get().view);
  store.subscribe((_, changed) => changed.has("view") && show());
  onPresenting(show);
  return { store, style, read, ...made };
});

if (canPlay() && figures.size > 0) {
  const observer = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) if (isIntersecting) start(target.dataset.play);
  }, { rootMargin: NEAR });
  for (const figure of figures.values()) observer.observe(figure);
  addEventListener("hashchange", () => isShared() && openShared());
  if (isShared()) openShared();
  document.documentElement.classList.add("can-play");
  window.hmc = { start, state: () => shared().store.get() };
}

/** Show the explorable and the state of a link. */
async function openShared() {
  const { store, read } = shared();
  store.set(read());
  const figure = figures.get(store.get().view);
  figure?.scrollIntoView();
  if (figure && (await start(store.get().view))) figure.scrollIntoView();
}

/** Compile what an explorable samples, and put it in the place of its figure; whether it could be.
 * @param {string} id @returns {Promise<boolean>} */
function start(id) {
  if (!started.has(id)) started.set(id, begin(id));
  return started.get(id);
}

async function begin(id) {
  const figure = figures.get(id), { first, make } = EXPLORABLES.find((each) => each.id === id);
  try {
    const { store, style, engine, of } = shared();
    await engine.sampler("loaded", first(store.get()), []);
    const host = element("div", { class: "play" }), tree = host.attachShadow({ mode: "open" });
    tree.adoptedStyleSheets = [style];
    const view = element("section", { class: "view", id: `view-${id}`, tabindex: -1 });
    tree.append(view);
    for (const touch of ["focusin", "pointerdown"]) host.addEventListener(touch, () => store.set({ view: id }));
    figure.append(host, switchOf(figure));
    figure.classList.add("is-playing"); // a chart is drawn where it has a size
    make(view, store, of(id));
    for (const heading of view.querySelectorAll("h2")) heading.setAttribute("aria-level", heading.closest(".part") ? "3" : "4");
    return true;
  } catch (error) {
    figure.append(element("p", { class: "note" }, `This figure cannot be played with here: ${error.message}`));
    return false;
  }
}

/** A button to see the figure in spite of the explorable, and to come back. */
function switchOf(figure) {
  const button = element("button", {
    type: "button", class: "of-play",
    onclick: () => {
      const isStill = figure.classList.toggle("is-still");
      button.textContent = isStill ? "Play with it" : "Show the figure";
    },
  }, "Show the figure");
  return button;
}

/** In the presenter's view one explorable fills the screen, and nothing else of the page can be reached. */
async function showPresented(view) {
  for (const [id, figure] of figures) figure.querySelector(".play")?.classList.toggle("presenting", isPresenting() && id === view);
  for (const each of document.querySelectorAll("[inert]")) each.inert = false;
  if (!figures.has(view) || !(await start(view)) || shared().store.get().view !== view) return;
  const figure = figures.get(view), host = figure.querySelector(".play");
  if (!isPresenting()) return figure.scrollIntoView();
  figure.classList.remove("is-still");
  host.classList.add("presenting");
  for (let at = host; at !== document.body; at = at.parentElement)
    for (const other of at.parentElement.children) other.inert = other !== at;
  host.shadowRoot.querySelector(".view").focus({ preventScroll: true });
}

function isShared() {
  return location.hash.startsWith(SHARED);
}

/** Whether this browser can do all that an explorable needs. */
function canPlay() {
  const needed = ["WebAssembly", "Worker", "DecompressionStream", "CSSStyleSheet", "IntersectionObserver", "ResizeObserver"];
  return needed.every((name) => name in window) && "adoptedStyleSheets" in document && "toSpliced" in Array.prototype;
}

/** A function that is called once, and its value then given again. */
function once(make) {
  let made;
  return () => (made ??= make());
}
