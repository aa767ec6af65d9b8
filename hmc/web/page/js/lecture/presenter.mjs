// A presenter's view, for a lecture hall: one explorable, large. PageDown and PageUp, the keys of a presenter's remote
// control, go to the next and back; Escape ends it, as does the end of full screen.

const heard = new Set();
let isOn = false;

/** Whether the page is shown as for a hall. */
export const isPresenting = () => isOn;

/** Call a function whenever the presenter's view begins or ends. @param {(isOn: boolean) => void} call */
export const onPresenting = (call) => heard.add(call);

/** Begin the presenter's view, or end it. @param {boolean} wanted */
export function present(wanted) {
  if (wanted === isOn) return;
  isOn = wanted;
  document.documentElement.classList.toggle("presenting", isOn);
  if (isOn) document.documentElement.requestFullscreen?.().catch(() => undefined); // it is large without, too
  else if (document.fullscreenElement) document.exitFullscreen();
  for (const call of heard) call(isOn);
}

/** Listen to a presenter's keys. @param {import("../store.mjs").Store} store @param {string[]} views */
export function listenToPresenter(store, views) {
  document.addEventListener("keydown", (event) => {
    if (!isOn) return;
    if (event.key === "Escape") return present(false);
    const step = { PageDown: 1, PageUp: -1 }[event.key];
    if (step === undefined) return;
    const next = views.indexOf(store.get().view) + step;
    if (views[next]) store.set({ view: views[next] });
    event.preventDefault();
  });
  document.addEventListener("fullscreenchange", () => document.fullscreenElement || present(false));
}
