// Sketch a direction: drag from the hand, and the planner's x, y and z are pinned to where the line points.

const NEAR = 22; // pixels around the hand
const FULL = 0.12; // metres of a line that mean full speed
const BINS = 10;

const query = (selector) => document.querySelector(selector);
const bin = (value) => Math.max(0, Math.min(BINS - 1, Math.floor(((Math.max(-1, Math.min(1, value)) + 1) / 2) * BINS)));

export class Sketch {
  // steer: takes the pins; hand(): where the hand is, metres, or null
  constructor(view, camera, steer, hand) {
    Object.assign(this, { view, camera, steer, hand, from: null });
    this.line = query(".foresight .sketch");
    const canvas = view.canvas;
    canvas.addEventListener("pointerdown", (event) => {
      if (!this.isOver(event)) return;
      event.stopImmediatePropagation();
      canvas.setPointerCapture(event.pointerId);
      this.from = this.hand();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (this.from) { event.stopImmediatePropagation(); return this.drag(event); }
      const isOver = this.isOver(event);
      canvas.toggleAttribute("data-sketch", isOver);
      if (isOver) event.stopImmediatePropagation();
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, (event) => {
        if (!this.from) return;
        event.stopImmediatePropagation();
        if (event.type === "pointerup") this.done();
        this.from = this.to = null;
        this.line.setAttribute("points", "");
      });
    }
  }

  get size() { return { width: this.view.canvas.clientWidth, height: this.view.canvas.clientHeight }; }

  isOver(event) {
    const hand = this.hand();
    if (!hand || !this.steer.canPin) return false;
    const seen = this.camera.project(hand, this.size);
    return Math.hypot(seen.x - event.offsetX, seen.y - event.offsetY) < NEAR;
  }

  // In the plane of the picture; with Shift level, across the table.
  drag(event) {
    const start = this.camera.project(this.from, this.size);
    this.to = this.camera.place(event.offsetX, event.offsetY, start.depth, this.size);
    if (event.shiftKey) {
      const { position } = this.camera;
      const through = this.camera.place(event.offsetX, event.offsetY, 1, this.size);
      const share = (this.from[2] - position[2]) / (through[2] - position[2]);
      if (share > 0) this.to = position.map((value, i) => value + share * (through[i] - value));
    }
    this.line.setAttribute("points", `${start.x},${start.y} ${event.offsetX},${event.offsetY}`);
    this.steer.say(this.pins);
  }

  get pins() {
    const [x, y, z] = this.to.map((value, i) => bin((value - this.from[i]) / FULL));
    return { x, y, z };
  }

  done() {
    if (!this.to || Math.hypot(...this.to.map((value, i) => value - this.from[i])) < 0.015) return;
    this.steer.pinAll(this.pins);
  }
}
