// The token grid: probabilities of this control step's tokens, and bins that a human pins for the next ones.

const DIMENSIONS = ["x", "y", "z", "roll", "pitch", "yaw", "gripper"];
const MEANINGS = {
  x: ["back", "forward"], y: ["right", "left"], z: ["down", "up"], roll: ["roll −", "roll +"],
  pitch: ["pitch −", "pitch +"], yaw: ["turn right", "turn left"], gripper: ["open", "close"],
};
const BINS = 10;
const METRES = 0.02; // that a token of 1 moves the hand in a control step

const query = (selector) => document.querySelector(selector);
const centre = (bin) => ((bin + 0.5) / BINS) * 2 - 1;
const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;

export class Steer {
  constructor(view, camera) {
    this.view = view;
    this.camera = camera;
    this.pins = {}; // dimension -> bin, not committed yet
    this.tokens = null;
    this.isPaused = false;
    this.cells = [];
    this.size = { width: 0, height: 0 }; // of the live view: to ask for it would lay the page out anew
    new ResizeObserver(([{ contentRect }]) => { this.size = contentRect; }).observe(view.canvas);
    this.build();
    query("#pin").onclick = () => { view.ask({ do: "pin_tokens", pins: this.pins, steps: this.steps }); this.pins = {}; this.show(); };
    query("#unpin").onclick = () => { this.pins = {}; view.ask({ do: "pin_tokens", pins: {}, steps: 1 }); this.show(); };
    query("#pin-steps").oninput = () => this.foresee();
  }

  get steps() { return Math.max(1, Math.min(200, Math.round(query("#pin-steps").value) || 20)); }

  build() {
    const grid = query("#token-grid");
    grid.replaceChildren();
    for (const [dimension, name] of DIMENSIONS.entries()) {
      const label = document.createElement("span");
      label.textContent = name;
      grid.append(label);
      this.cells.push(Array.from({ length: BINS }, (_, bin) => {
        const cell = document.createElement("button");
        cell.type = "button";
        cell.onclick = () => this.toggle(name, bin);
        cell.onpointerleave = (event) => event.buttons && this.pinAll({ [name]: bin });
        cell.onpointerenter = cell.onfocus = (event) => {
          if (event.buttons) this.pinAll({ [name]: bin }); // dragged across rows
          query('[data-field="token"]').textContent = cell.ariaLabel = this.words(dimension, bin); // as it is now
        };
        grid.append(cell);
        return cell;
      }));
    }
  }

  words(dimension, bin) {
    const name = DIMENSIONS[dimension];
    const probability = this.tokens?.probabilities[dimension]?.[bin];
    const sure = probability === undefined ? "" : `, ${Math.round(probability * 100)} %`;
    return `${name} ${signed(centre(bin))} (${MEANINGS[name][bin < BINS / 2 ? 0 : 1]})${sure}`;
  }

  say(pins) {
    query('[data-field="token"]').textContent = Object.entries(pins).map(([name, bin]) => `${name} ${signed(centre(bin))}`).join(", ");
  }

  // Several at once, as a sketched line or a drag across the grid says.
  pinAll(pins) {
    Object.assign(this.pins, pins);
    this.show();
    this.foresee();
    this.say(this.pins);
  }

  seen(meta) {
    if (meta.hand) this.hand = meta.hand;
    if (Object.keys(this.pins).length && !this.isPaused) this.draw(this.guess());
  }

  // Roughly where pinned tokens would lead: the coarse path alone, before time is frozen and the refiner is asked.
  guess() {
    if (!this.canPin || !this.hand) return null;
    const speed = DIMENSIONS.slice(0, 3).map((name, i) => centre(this.pins[name] ?? this.tokens?.chosen[i] ?? BINS / 2));
    const coarse = [...Array(Math.min(this.steps, 30) + 1).keys()].map((k) => this.hand.map((value, i) => value + k * METRES * speed[i]));
    return { coarse };
  }

  toggle(name, bin) {
    if (this.pins[name] === bin) delete this.pins[name];
    else this.pins[name] = bin;
    this.show();
    this.foresee();
  }

  // Where it would lead, while time is frozen.
  foresee() { if (this.isPaused) this.view.ask({ do: "preview_tokens", pins: this.pins, steps: this.steps }); }

  follow(status) {
    const paused = status.state === "paused";
    if (paused && !this.isPaused && Object.keys(this.pins).length) { this.isPaused = true; this.foresee(); }
    this.isPaused = paused;
    this.tokens = status.tokens ?? (paused ? this.tokens : null);
    this.canPin = status.driver === "policy";
    this.show();
    this.draw(status.ghost ?? (Object.keys(this.pins).length && !paused ? this.guess() : null));
  }

  show() {
    const pinned = this.tokens?.pinned;
    for (const [dimension, row] of this.cells.entries()) {
      for (const [bin, cell] of row.entries()) {
        const probability = this.tokens?.probabilities[dimension]?.[bin] ?? 0;
        if (cell.probability !== probability) cell.style.setProperty("--p", (cell.probability = probability));
        cell.toggleAttribute("data-chosen", this.tokens?.chosen[dimension] === bin);
        cell.toggleAttribute("data-pinned", pinned?.[dimension] === bin);
        const pressed = String(this.pins[DIMENSIONS[dimension]] === bin);
        if (cell.getAttribute("aria-pressed") !== pressed) cell.setAttribute("aria-pressed", pressed);
        if (!cell.ariaLabel) cell.ariaLabel = this.words(dimension, bin);
      }
    }
    query("#pin").disabled = !this.canPin || !Object.keys(this.pins).length;
    query("#unpin").disabled = !pinned && !Object.keys(this.pins).length;
  }

  draw(ghost) {
    for (const name of ["coarse", "refined"]) {
      const points = (ghost?.[name] ?? []).map((place) => this.camera.project(place, this.size));
      query(`.foresight .${name}`).setAttribute("points", points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "));
    }
  }
}
