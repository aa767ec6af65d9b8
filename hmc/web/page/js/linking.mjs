// The link in the address bar: it follows the state, and the state follows it.

import { holdsState } from "./state.mjs";

const DAMAGED = "This link is damaged: the state that it should hold cannot be read.";

/** Keep the fragment and the state alike, from now on. A fragment that holds no state changes nothing: it is the name of
 * a place in the page, or damaged, which is told until the reader goes on.
 * @param {import("./store.mjs").Store} store @param {(text: string) => object} read  a state of a fragment's text
 * @param {(state: any) => string} write  the other way */
export function followLink(store, read, write) {
  const told = document.getElementById("failure");
  const tell = () => {
    told.hidden = !isDamaged(textOfLink());
    told.textContent = told.hidden ? "" : DAMAGED;
  };
  let writing = 0;
  store.subscribe(() => {
    clearTimeout(writing); // browsers refuse a link that changes a hundred times in a few seconds
    writing = setTimeout(() => history.replaceState(null, "", `#${write(store.get())}`), 300);
  });
  addEventListener("hashchange", () => {
    const text = textOfLink();
    if (text === "" || holdsState(text)) store.set(read(text));
    tell();
  });
  for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => (told.hidden = true));
  tell();
}

/** The text of the fragment, without #. */
export const textOfLink = () => location.hash.slice(1);

const isDamaged = (text) => text !== "" && !holdsState(text) && document.getElementById(text) === null;
