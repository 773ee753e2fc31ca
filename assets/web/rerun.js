// The page of the Rerun viewer, which the cockpit's page holds in a frame: where the browser can, it is drawn in a process
// of its own, so that nobody waits for a picture of it. The two tell each other what the other needs to know.

import { drawsInSoftware } from "./graphics.js";
import { Viewer, streamAddress } from "./viewer.js";

const viewer = new Viewer(document.documentElement, drawsInSoftware());
const tell = (message) => { if (parent !== window) parent.postMessage(message, location.origin); };

addEventListener("message", ({ data, origin }) => {
  if (origin !== location.origin) return;
  if (data.facts) viewer.follow(data.facts);
  if (data.seen) viewer.seen(data.seen);
});

// Wherever the keyboard is, this key stops the arm.
document.addEventListener("keydown", (event) => { if (event.key === "Escape") tell({ escape: true }); }, { capture: true });

window.libra = {
  viewer,
  streamAddress,
  cursorMoved: () => {
    if (!viewer.isTouched || viewer.isMoving) throw new Error("not by hand"); // goes no further: nothing is asked
    return [];
  },
  reply: (status) => tell({ reply: status }),
};
viewer.onBegin = () => tell({ begins: true });
tell({ ready: true });
