// Brings Gradio's page to life: live view, status, timing strip, suggestions, keys, and the Rerun viewer when it is time.

import { Ask } from "./ask.js";
import { Branch } from "./branch.js";
import { Drive } from "./drive.js";
import { drawsInSoftware } from "./graphics.js";
import { Inspector } from "./inspector.js";
import { LiveView } from "./live.js";
import { StatusPanel } from "./status.js";
import { Nudge } from "./nudge.js";
import { Operator } from "./operator.js";
import { startShare } from "./share.js";
import { startShortcuts } from "./shortcuts.js";
import { Sketch } from "./sketch.js";
import { Steer } from "./steer.js";
import { startTheme } from "./theme.js";
import { Timeline } from "./timeline.js";
import { Tree } from "./tree.js";
import { Tour } from "./tour.js";
import { TimingStrip } from "./timing.js";
import { World } from "./world.js";

const TIPS = {
  run: "Carry out the instruction",
  pause: "Freeze simulated time, or go on",
  step: "One control step while paused",
  stop: "The arm keeps its pose from the next step on",
  seed: "Number of the scene: the same number is always the same table",
  reset: "Set up the scene with this number again",
  "next-scene": "Set up the scene with the next number",
  schedule: "Synchronous: planner, then refiner, for every chunk. Sequential: the planner when its intent is used up. Asynchronous: both at once",
  latency: "Makes the planner slower, to show what asynchrony is good for",
  "rerun-toggle": "Hide the viewer to save computing time, or show it",
};
const KEYS = { run: "Enter", pause: "Space", step: ".", stop: "Esc", reset: "Shift+R", "next-scene": "Shift+N", "rerun-toggle": "Shift+V" };
const PACE = {
  eco: ["eco", "No graphics card draws this page. So that the live view stays smooth, this viewer is drawn every few seconds while the arm moves; point at it for more."],
  driving: ["resting", "No graphics card draws this page. So that your hands are seen at once, this viewer rests while you drive; point at it to have it drawn."],
};
const VIEWER_DELAY = 1200; // milliseconds after the first picture, so that the page is usable first
const SILENCE = 2500; // milliseconds without a picture
const query = (selector) => document.querySelector(selector);

function whenReady(start) {
  const parts = ["#live-view canvas", "#timeline canvas", "#token-grid", "#timing canvas", "#mark-failure", "#status .cells", "#suggestions .chips", "#rerun-toggle", "#latency input", "#refresh"];
  parts.every(query) ? start() : setTimeout(() => whenReady(start), 40);
}

// Gradio hears `input` events.
function type(selector, text) {
  const box = query(`${selector} textarea, ${selector} input`);
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

const said = (selector) => query(`${selector} :is(input, textarea)`).value;
const INSTRUCTION = "#instruction :is(input, textarea)", SCENE = "#seed :is(input, textarea)";
const IN_ORDER = {
  run: () => ({ do: "run", instruction: said("#instruction") }),
  pause: () => ({ do: "pause" }),
  step: () => ({ do: "step" }),
  stop: () => ({ do: "stop" }),
  reset: () => ({ do: "reset", seed: said("#seed") }),
  "next-scene": () => ({ do: "next_scene" }),
};

// These go the way that commands of the hands go: a Stop that came after a Take over which followed it would undo that, and
// there it is known which page asks. Where nobody listens they go Gradio's way.
function giveInOrder(view) {
  const give = (event, id) => {
    if (!id || !view.isHeard) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    view.ask(IN_ORDER[id]());
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    if (button && Object.hasOwn(IN_ORDER, button.id)) give(event, button.id);
  }, { capture: true });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    give(event, event.target.matches?.(INSTRUCTION) ? "run" : event.target.matches?.(SCENE) ? "reset" : null);
  }, { capture: true });
}

function start() {
  const panel = new StatusPanel();
  const strip = new TimingStrip(query("#timing canvas"));
  const isSlow = drawsInSoftware();
  document.body.classList.toggle("software", isSlow); // round corners over moving pictures cost a third more
  const inspector = new Inspector(query("#rerun"), {
    reply: (status) => answer(status),
    escape: () => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true })),
  });
  query('[data-field="pace"]').hidden = !isSlow;
  let lastFrame = 0;
  let isLinked = null; // not known yet
  let settings = null;
  let chips = null;
  let latest = null;
  let you = null;
  let drive = null;
  let ask = null;
  let line = null;
  let tree = null;
  let steer = null;
  let nudge = null;
  let operator = null;
  let branch = null;
  let world = null;

  const apply = (status) => {
    latest = status;
    strip.show(status);
    inspector.follow(status, you);
    if (isSlow) pace(inspector.isDriving);
    suggest(status.suggestions ?? []);
    label(status.state);
    drive?.follow(status, you);
    ask?.follow(status, you);
    watching(status.watching);
    line?.follow(status);
    tree?.follow(status);
    steer?.follow(status);
    nudge?.follow(status);
    operator?.follow(status, you);
    world?.follow(status);
    branch?.follow(status);
    followSettings(status);
  };

  const view = new LiveView(query("#live-view canvas"), isSlow, {
    link: (isOpen) => { isLinked = isOpen; },
    status: (status) => { panel.show(status); apply(status); },
    reply: (status) => answer(status),
    you: (name) => { you = name; },
    frame: (meta) => {
      drive?.seen(meta);
      steer?.seen(meta);
      inspector.seen(meta);
      lastFrame = performance.now();
      panel.veil(null);
      if (view.frames === 1) setTimeout(() => isViewerShown || wantsViewer() && query("#rerun-toggle").click(), VIEWER_DELAY);
    },
  });
  giveInOrder(view);

  drive = new Drive(view, (key) => operator?.press(key) ?? false);
  operator = new Operator(view, drive.screen);
  ask = new Ask(view, drive.screen);
  line = new Timeline(view);
  tree = new Tree(view);
  steer = new Steer(view, drive.camera);
  new Sketch(view, drive.camera, steer, () => drive.pull.hand);
  nudge = new Nudge(view, drive.camera);
  world = new World(view);
  branch = new Branch(view, line, steer);

  function answer(status) {
    if (!status) return;
    tree.listed(status.episodes);
    panel.reply(status);
    if (status.state !== "offline") apply(status);
  }

  function suggest(suggestions) {
    const wanted = suggestions.join("\n");
    if (wanted === chips) return;
    chips = wanted;
    query("#suggestions .chips").replaceChildren(...suggestions.map((text) => {
      const chip = document.createElement("button");
      chip.type = "button";
      chip.textContent = text;
      chip.onclick = () => { type("#instruction", text); query("#run").focus(); };
      return chip;
    }));
    fade();
  }

  function pace(isDriving) {
    const [text, tip] = isDriving ? PACE.driving : PACE.eco;
    const badge = query('[data-field="pace"]');
    if (badge.textContent !== text) [badge.textContent, badge.dataset.tip] = [text, tip];
  }

  function fade() {
    const row = query("#suggestions .chips");
    row.classList.toggle("all-seen", row.scrollLeft + row.clientWidth >= row.scrollWidth - 4);
  }

  function label(state) {
    const isPaused = state === "paused";
    rename("#pause", isPaused ? "Resume" : "Pause");
    query("#pause").toggleAttribute("data-on", isPaused);
    query("#pause").toggleAttribute("data-quiet", !isPaused && state !== "running");
    query("#step").toggleAttribute("data-quiet", !isPaused);
  }

  function watching(count) {
    if (count === undefined) return; // answers to commands do not say it
    const eye = query('[data-field="watching"]');
    eye.hidden = count < 2;
    eye.lastElementChild.textContent = count;
    eye.dataset.tip = `${count} pages watch this robot; this one is ${you}`;
    eye.setAttribute("aria-label", eye.dataset.tip);
  }

  // Schedule, latency and scene may be changed by another page or program.
  function followSettings(status) {
    const now = JSON.stringify([status.schedule, status.planner_latency_ms, status.seed]);
    if (settings !== null && settings !== now && !query("#latency:active")) query("#refresh").click();
    if (!query("#latency:active")) settings = now;
  }

  setInterval(() => {
    const isSilent = performance.now() - lastFrame > SILENCE && !document.hidden;
    if (isLinked === false) {
      panel.link("lost", "Connection lost, trying again");
      panel.veil("The cockpit does not answer. This page connects again by itself.");
    } else if (isSilent) {
      panel.link("waiting", isLinked ? "No picture" : "Connecting");
      panel.veil(latest?.state === "offline" ? latest.message : view.frames ? "The live view has stopped." : "Waiting for the first picture");
    } else {
      panel.link("live", `Live · ${view.rate} frames/s`);
    }
  }, 500);

  const row = query("#suggestions .chips");
  row.addEventListener("scroll", fade);
  row.addEventListener("wheel", (event) => { row.scrollLeft += event.deltaX || event.deltaY; }, { passive: true });
  new ResizeObserver(fade).observe(row);
  window.libra = {
    view,
    drive,
    reply: answer,
    toggleViewer: () => inspector.show(toggleViewer()),
    inspector,
  };
  describe();
  startShortcuts();
  new Tour();
  startShare();
  startTheme(query("#theme"), () => { strip.draw(); line.draw(); tree.draw(); });
}

let isViewerShown = false;
const wantsViewer = () => localStorage.getItem("libra-viewer") !== "hidden";

// Whether the viewer is to be shown from now on.
function toggleViewer() {
  isViewerShown = !isViewerShown;
  localStorage.setItem("libra-viewer", isViewerShown ? "shown" : "hidden");
  document.body.classList.toggle("viewer-hidden", !isViewerShown);
  rename("#rerun-toggle", isViewerShown ? "Hide" : "Show Rerun");
  const takes = document.body.classList.contains("software") ? ": without a graphics card, some twenty seconds" : "";
  query('[data-field="viewer"]').textContent = `Rerun is loading${takes}.`;
  return isViewerShown;
}

// The text alone: Gradio owns the button.
function rename(selector, text) {
  const node = [...query(selector).childNodes].find((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
  if (node && node.data !== text) node.data = text;
}

function describe() {
  for (const [id, tip] of Object.entries(TIPS)) {
    const element = document.getElementById(id);
    element.dataset.tip = tip;
    if (KEYS[id]) element.dataset.key = KEYS[id];
    element.setAttribute("aria-description", tip);
  }
  query("#instruction").querySelector("input, textarea").setAttribute("aria-label", "Instruction");
  if (!wantsViewer()) {
    document.body.classList.add("viewer-hidden");
    rename("#rerun-toggle", "Show Rerun");
  }
}

whenReady(start);
