// What can be dragged in the plane, with a pointer or with arrow keys: the start, its momentum, and the ellipse of the
// metric.

import { setAttributes, shape } from "./dom.mjs";
import { axesOf, ellipseOf, ellipsePoints } from "./ellipse.mjs";
import { inPlane, velocityOf } from "./metrics.mjs";
import { tipOf, velocityTo } from "./plane.mjs";
import { whitened } from "./trajectory.mjs";

const ARROW_KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const ARROW_STEP = 6; // pixels
const ELLIPSE = 2; // standard deviations from its middle to its rim

/** A handle: it follows a pointer or arrow keys, and says where to. @returns {SVGElement} */
function makeHandle(svg, name, words, moved) {
  const attributes = { tabindex: 0, role: "button", "aria-roledescription": "handle", "aria-label": words };
  const handle = shape("g", { class: `handle ${name}`, ...attributes },
    shape("circle", { class: "reach", r: 20 }), shape("circle", { class: "knob", r: 7 }));
  const toPixel = (event) => {
    const { left, top } = svg.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  handle.addEventListener("pointerdown", (event) => {
    handle.setPointerCapture(event.pointerId);
    handle.focus();
    event.preventDefault();
  });
  handle.addEventListener("pointermove", (event) => handle.hasPointerCapture(event.pointerId) && moved(toPixel(event)));
  handle.addEventListener("keydown", (event) => {
    const way = ARROW_KEYS[event.key];
    if (way === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const size = event.shiftKey ? 4 * ARROW_STEP : ARROW_STEP;
    moved({ x: Number(handle.dataset.x) + size * way[0], y: Number(handle.dataset.y) + size * way[1] });
    event.preventDefault();
    event.stopPropagation();
  });
  return handle;
}

function place(handle, { x, y }) {
  handle.dataset.x = x;
  handle.dataset.y = y;
  const visibility = Number.isFinite(x + y) ? "visible" : "hidden";
  setAttributes(handle, { transform: `translate(${x} ${y})`, visibility });
}

/** The handles of a plane. `draw` puts them where a walk and a frame have them.
 * @param {ReturnType<typeof import("./plane.mjs").makePlane>} plane @param {import("./store.mjs").Store} store */
export function makeHandles({ svg, layers }, store) {
  let walk = null, frame = null, middle = null;
  const start = () => walk.told[0].recorded.leaves[0];

  const moveStart = (pixel) => {
    const values = frame.valuesOf(pixel);
    if (!values.every(Number.isFinite)) return;
    const position = Array.from(start().position), momentum = Array.from(start().momentum);
    frame.pair.forEach(({ index, ofMomentum }, k) => ((ofMomentum ? momentum : position)[index] = values[k]));
    const isPhase = frame.pair.some(({ ofMomentum }) => ofMomentum);
    store.set({ start: position, cursor: 0, ...(isPhase ? { momentum } : {}) });
  };
  const moveMomentum = (pixel) => {
    const tip = frame.valuesOf(pixel);
    if (!tip.every(Number.isFinite)) return;
    const { position, momentum } = start();
    const velocity = velocityOf(walk.inverseMetric, momentum);
    velocityTo(frame, position, tip).forEach((value, k) => (velocity[frame.pair[k].index] = value));
    store.set({ momentum: whitened(walk.inverseMetric, Array.from(velocity)), cursor: 0 });
  };
  const moveRim = (which) => (pixel) => {
    const axes = axesOf(currentEllipse());
    const away = frame.valuesOf(pixel).map((value, k) => (value - middle[k]) / ELLIPSE);
    const along = Math.hypot(...away), width = Math.hypot(...axes[1 - which]);
    if (!(along > 1e-6)) return;
    const turn = (which === 0 ? width : -width) / along; // the other axis stays at a right angle, and as long as it is
    axes[which] = away;
    axes[1 - which] = [-turn * away[1], turn * away[0]];
    store.set({ metric: "own", inverse_metric: ellipseOf(axes), cursor: 0 });
  };
  const currentEllipse = () => inPlane(walk.inverseMetric, frame.pair[0].index, frame.pair[1].index);

  const ellipse = shape("path", { class: "ellipse" });
  const arm = shape("path", { class: "arrow drawn", "marker-end": "url(#head)" });
  const ofRim = "axis of the metric's ellipse; arrow keys turn and stretch it";
  const handles = {
    first: makeHandle(svg, "rim", `One ${ofRim}`, moveRim(0)),
    second: makeHandle(svg, "rim", `The other ${ofRim}`, moveRim(1)),
    momentum: makeHandle(svg, "of-momentum", "The first momentum; arrow keys change it", moveMomentum),
    start: makeHandle(svg, "of-start", "The start; arrow keys move it", moveStart),
  };
  layers.handles.append(ellipse, arm, ...Object.values(handles));

  return {
    /** @param {number[]} centre  unconstrained values of the middle of the ellipse */
    draw(newWalk, newFrame, centre) {
      [walk, frame, middle] = [newWalk, newFrame, centre];
      layers.handles.toggleAttribute("hidden", !frame.isInvertible); // no point of the plane is a position then
      if (!frame.isInvertible) return;
      const isPhase = frame.pair.some(({ ofMomentum }) => ofMomentum);
      const { position, momentum } = start();
      const from = frame.pixelOf(frame.rawOf(start()));
      const tip = frame.pixelOf(tipOf(frame, position, velocityOf(walk.inverseMetric, momentum)));
      place(handles.start, from);
      place(handles.momentum, tip);
      setAttributes(arm, { d: `M${from.x} ${from.y}L${tip.x} ${tip.y}` });
      for (const each of [arm, handles.momentum]) each.toggleAttribute("hidden", isPhase);
      const hasEllipse = !isPhase;
      for (const each of [ellipse, handles.first, handles.second]) each.toggleAttribute("hidden", !hasEllipse);
      if (hasEllipse) drawEllipse();
    },
  };

  function drawEllipse() {
    const covariance = currentEllipse();
    const points = ellipsePoints(covariance, middle, ELLIPSE).map((point) => frame.pixelOf(point));
    setAttributes(ellipse, { d: `M${points.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}` });
    const rims = axesOf(covariance).map((axis) => frame.pixelOf(middle.map((value, k) => value + ELLIPSE * axis[k])));
    place(handles.first, rims[0]);
    place(handles.second, rims[1]);
  }
}
