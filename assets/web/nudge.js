// Nudge the world: while nobody drives by hand, an object in the live view can be dragged across the table.

const NEAR = 26; // pixels around an object's middle
const query = (selector) => document.querySelector(selector);

export class Nudge {
  constructor(view, camera) {
    this.view = view;
    this.camera = camera;
    this.places = {};
    this.mayMove = false;
    this.held = null; // {name, from, to}
    this.mark = query("#live-view .grip");
    const canvas = view.canvas;
    canvas.addEventListener("pointermove", (event) => (this.held ? this.drag(event) : this.hover(event)));
    canvas.addEventListener("pointerleave", () => this.held || this.show(null));
    canvas.addEventListener("pointerdown", (event) => {
      const name = this.under(event);
      if (!name) return;
      canvas.setPointerCapture(event.pointerId);
      this.held = { name, from: this.places[name], to: this.places[name] };
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.drop(event.type === "pointerup"));
  }

  get size() { return { width: this.view.canvas.clientWidth, height: this.view.canvas.clientHeight }; }

  follow(status) {
    this.places = status.places ?? {};
    this.mayMove = status.driver !== "human";
    if (!this.mayMove) { this.held = null; this.show(null); }
  }

  under(event) {
    if (!this.mayMove) return null;
    let best = null;
    let nearest = NEAR;
    for (const [name, place] of Object.entries(this.places)) {
      const seen = this.camera.project(place, this.size);
      const distance = Math.hypot(seen.x - event.offsetX, seen.y - event.offsetY);
      if (distance < nearest) [best, nearest] = [name, distance];
    }
    return best;
  }

  hover(event) {
    const name = this.under(event);
    this.view.canvas.toggleAttribute("data-over", Boolean(name));
    this.show(name && this.places[name], name && `Drag the ${name}`);
  }

  // Across the table, at the object's own height.
  drag(event) {
    const { position } = this.camera;
    const through = this.camera.place(event.offsetX, event.offsetY, 1, this.size);
    const share = (this.held.from[2] - position[2]) / (through[2] - position[2]);
    if (!(share > 0)) return;
    this.held.to = position.map((value, i) => value + share * (through[i] - value));
    const far = 100 * Math.hypot(this.held.to[0] - this.held.from[0], this.held.to[1] - this.held.from[1]);
    this.show(this.held.to, `${this.held.name}: ${far.toFixed(0)} cm`);
  }

  drop(isMeant) {
    const held = this.held;
    this.held = null;
    this.show(null);
    if (!held || !isMeant) return;
    const offset = held.to.map((value, i) => (i < 2 ? value - held.from[i] : 0));
    if (Math.hypot(...offset) > 0.004) this.view.ask({ do: "nudge", name: held.name, offset });
  }

  show(place, words) {
    this.mark.hidden = !place;
    if (!place) return;
    const seen = this.camera.project(place, this.size);
    this.mark.style.translate = `${seen.x}px ${seen.y}px`;
    this.mark.textContent = words;
  }
}
