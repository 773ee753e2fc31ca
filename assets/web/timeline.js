// The episode as a line: who drove, what happened, how it ended; and the step that is looked at.

import { penOf } from "./graphics.js";
import { inks } from "./theme.js";

const COLORS = inks({ policy: "accent", human: "human", event: "warn", grid: "line-strong", now: "text" });
const OUTCOMES = inks({ success: "good", failure: "bad", refused: "warn", aborted: "still" });
const MARKS = { success: "✓", failure: "✕", refused: "⊘", aborted: "–" };
const SIGN = 22; // pixels at the end for how it ended
const MIN_STEPS = 100;
const STEPS_PER_SECOND = 20;

const query = (selector) => document.querySelector(selector);

export class Timeline {
  constructor(view) {
    this.view = view;
    this.canvas = query("#timeline canvas");
    this.pen = penOf(this.canvas);
    this.line = null;
    this.at = null; // the step that is looked at; null: now
    this.isStill = false;
    const look = (event) => this.look(this.stepAt(event));
    this.canvas.addEventListener("pointerdown", (event) => { this.isHeld = true; this.canvas.setPointerCapture(event.pointerId); look(event); });
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, () => { this.isHeld = false; });
    this.canvas.addEventListener("pointermove", (event) => (event.buttons ? look(event) : this.tell(event)));
    this.canvas.dataset.rest = this.canvas.dataset.tip;
    this.canvas.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -STEPS_PER_SECOND, PageDown: STEPS_PER_SECOND, Home: -Infinity, End: Infinity }[event.key];
      if (!by) return;
      event.preventDefault();
      this.look((this.at ?? this.line?.step ?? 0) + by);
    });
    query("#rewind").onclick = () => view.ask({ do: "rewind", step: this.chosen, episode: this.line.episode });
    query("#branch").onclick = () => view.ask({ do: "branch", point: { step: this.chosen, episode: this.line.episode } });
    new ResizeObserver(() => this.resize()).observe(this.canvas);
  }

  get first() { return this.line?.first ?? 0; }
  stepAt(event) { return this.first + (event.offsetX / (this.canvas.clientWidth - SIGN)) * this.length; }
  get length() { return Math.max(MIN_STEPS, (this.line?.step ?? 0) - this.first); }
  get chosen() { return this.at ?? Math.max(this.first, this.line.step - 1); }

  follow(status) {
    const line = status.looked_line ?? status.line;
    if (line?.episode !== this.line?.episode) this.at = null;
    this.line = line;
    const isResting = ["paused", "ended", "holding"].includes(status.state) || (status.state === "idle" && status.looked);
    this.isStill = Boolean(isResting && this.line);
    if (!this.isStill) this.at = null;
    if (status.rewound) this.at = status.rewound[1];
    else if (this.isStill && status.looked && !this.isHeld) this.at = status.looked[1];
    query("#rewind").disabled = query("#branch").disabled = !this.isStill || !(this.line?.step > this.first);
    const where = query('[data-field="where"]');
    where.textContent = this.line ? this.words(status) : "No episode yet";
    this.canvas.setAttribute("aria-valuemin", this.first);
    this.canvas.setAttribute("aria-valuemax", this.line?.step ?? 0);
    this.draw();
  }

  // What happened where somebody points, if anything did.
  tell(event) {
    const step = this.stepAt(event);
    const near = (6 / this.canvas.clientWidth) * this.length;
    const found = (this.line?.events ?? []).filter(([at]) => Math.abs(at - step) <= near).at(-1);
    this.canvas.dataset.tip = found ? `Step ${found[0]}: ${found[1]}` : this.canvas.dataset.rest;
  }

  words(status) {
    const from = this.line.parent ? ` from ${this.line.parent.replace("episode-", "")}` : "";
    const at = this.at === null ? "" : ` · step ${Math.round(this.at)}`;
    return `${this.line.episode.replace("episode-", "Episode ")}${from}${at}`;
  }

  look(step) {
    if (!this.isStill || !this.line) return;
    const last = Math.max(this.first, this.line.step - 1);
    this.at = Math.round(Math.min(last, Math.max(this.first, step)));
    this.canvas.setAttribute("aria-valuenow", this.at);
    const now = performance.now();
    clearTimeout(this.later);
    const ask = () => { this.asked = performance.now(); this.view.ask({ do: "look", step: this.at, episode: this.line.episode }); };
    now - (this.asked ?? 0) > 60 ? ask() : (this.later = setTimeout(ask, 60));
    this.draw();
  }

  resize() {
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(this.canvas.clientWidth * ratio));
    this.canvas.height = Math.max(1, Math.round(this.canvas.clientHeight * ratio));
    this.draw();
  }

  draw() {
    const { pen, canvas } = this;
    const ratio = devicePixelRatio || 1;
    const width = canvas.width / ratio;
    const height = canvas.height / ratio;
    const middle = height / 2;
    const x = (step) => ((step - this.first) / this.length) * (width - SIGN);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.fillStyle = COLORS.grid;
    pen.fillRect(0, middle - 3, width, 6);
    if (!this.line) return;
    pen.fillStyle = OUTCOMES[this.line.outcome] ?? COLORS.policy;
    pen.fillRect(0, middle - 3, x(this.line.step), 6);
    pen.fillStyle = COLORS.human;
    for (const [from, to] of this.line.human) pen.fillRect(x(from), middle - 6, Math.max(2, x(to) - x(from)), 12);
    pen.fillStyle = COLORS.event;
    for (const [step] of this.line.events) pen.fillRect(x(step) - 1, middle - 9, 2, 5);
    if (MARKS[this.line.outcome]) { // a sign, not only a colour
      pen.fillStyle = OUTCOMES[this.line.outcome];
      pen.font = "700 13px ui-sans-serif, system-ui, sans-serif";
      pen.textBaseline = "middle";
      pen.fillText(MARKS[this.line.outcome], x(this.line.step) + 7, middle + 1);
    }
    pen.fillStyle = COLORS.now;
    const now = this.at ?? this.line.step;
    pen.beginPath();
    pen.arc(Math.max(5, x(now)), middle, 5, 0, 7);
    pen.fill();
  }
}
