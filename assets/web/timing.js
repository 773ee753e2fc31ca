// Two lanes under the live view: the calls of planner and refiner over the last control steps.
// status.timeline = {planner: [[from, to|null], ...], refiner: [[from, to|null], ...], held: [step, ...]}, in control
// steps: `from` is the step that the call saw, `to` the step at which its result came into use (null: still at it).

import { penOf } from "./graphics.js";
import { inks } from "./theme.js";

const WINDOW = 160; // control steps in sight: eight seconds
const LANE = 22;
const TOP = 4;
const COLORS = inks({ planner: "planner", refiner: "refiner", held: "bad", grid: "line", text: "muted", now: "text" });
const STEPS_PER_SECOND = 20;

export class TimingStrip {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = penOf(canvas);
    this.status = null;
    this.step = 0;
    new ResizeObserver(() => this.resize()).observe(canvas);
  }

  resize() {
    const ratio = devicePixelRatio || 1;
    const { width, height } = this.canvas.getBoundingClientRect();
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.draw();
  }

  show(status) {
    this.status = status;
    this.step = status.step ?? 0;
    this.draw();
  }

  draw() {
    const { context: pen, canvas } = this;
    const ratio = devicePixelRatio || 1;
    const width = canvas.width / ratio;
    const height = canvas.height / ratio;
    const right = width - 14;
    const end = Math.max(this.step, WINDOW);
    const x = (step) => right - ((end - step) * right) / WINDOW;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    this.grid(pen, x, end, height);
    const timeline = this.status?.timeline;
    if (!timeline) return;
    pen.save();
    pen.beginPath();
    pen.rect(0, 0, right + 1, height);
    pen.clip();
    for (const [row, lane] of [[0, "planner"], [1, "refiner"]]) {
      const y = TOP + row * LANE + 4;
      for (const [from, to] of timeline[lane] ?? []) {
        if ((to ?? this.step) < end - WINDOW) continue;
        this.bar(pen, x(from), x(to ?? Math.max(this.step, from)), y, LANE - 8, COLORS[lane], to === null);
      }
    }
    pen.fillStyle = COLORS.held;
    for (const step of timeline.held ?? []) pen.fillRect(x(step), TOP + 2 * LANE - 3, Math.max(2, x(step + 1) - x(step)), 3);
    pen.restore();
    pen.fillStyle = COLORS.now;
    pen.fillRect(x(this.step), 2, 1.5, TOP + 2 * LANE);
  }

  bar(pen, from, to, y, height, color, isOpen) {
    pen.beginPath();
    pen.roundRect(from + 0.75, y, Math.max(2, to - from - 1.5), height, 3);
    pen.globalAlpha = isOpen ? 0.4 : 0.88;
    pen.fillStyle = color;
    pen.fill();
    pen.globalAlpha = 1;
  }

  grid(pen, x, end, height) {
    pen.font = "11px ui-sans-serif, system-ui, sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "alphabetic";
    const first = Math.ceil((end - WINDOW) / STEPS_PER_SECOND) * STEPS_PER_SECOND;
    for (let step = first; step <= end; step += STEPS_PER_SECOND) {
      pen.fillStyle = COLORS.grid;
      pen.fillRect(x(step), 0, 1, TOP + 2 * LANE + 2);
      pen.fillStyle = COLORS.text;
      if (x(step) > 14 && x(step) < x(end) + 4) pen.fillText(`${step / STEPS_PER_SECOND} s`, x(step), height - 5);
    }
  }
}
