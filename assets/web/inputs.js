// What a human's hands say: keys, gamepad, mouse and thumbs, each as motion in [-1, 1]: away, left, up, roll, pitch, yaw.

const KEYS = {
  w: [0, 1], s: [0, -1], a: [1, 1], d: [1, -1], r: [2, 1], f: [2, -1],
  j: [3, -1], l: [3, 1], i: [4, 1], k: [4, -1], q: [5, 1], e: [5, -1],
};
const DEAD_ZONE = 0.12;
const PULL = 14; // full speed from 1/14 m on that the mouse pulls ahead of the hand
const STALE = 250; // milliseconds after which where the hand was seen is old
const still = () => [0, 0, 0, 0, 0, 0];

export class Keys {
  // on: {change(), press(key), may()}: press for keys that are no motion, may: whether keys move the arm
  constructor(element, on) {
    this.held = new Map(); // key -> when it was pressed
    this.slow = false;
    element.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const key = event.key.toLowerCase();
      this.slow = event.shiftKey;
      const isShortcut = event.shiftKey && /^[a-z]$/.test(key); // of the page, unless it means slowly
      if (key in KEYS && (!isShortcut || on.may())) {
        event.preventDefault();
        if (!event.repeat) { this.held.set(key, event.timeStamp); on.change(); }
      } else if (isShortcut) {
        return;
      } else if (!event.repeat && on.press(key)) event.preventDefault();
    });
    // Wherever a key is let go it is let go; and where the browser would not tell, nothing is held.
    addEventListener("keyup", (event) => {
      this.slow = event.shiftKey;
      if (event.key === "Meta") this.clear(on);
      else if (this.held.delete(event.key.toLowerCase())) on.change();
    }, { capture: true });
    element.addEventListener("focusout", (event) => element.contains(event.relatedTarget) || this.clear(on));
    for (const lost of ["blur", "contextmenu"]) addEventListener(lost, () => this.clear(on));
    document.addEventListener("visibilitychange", () => document.hidden && this.clear(on));
  }

  clear(on) {
    if (!this.held.size) return;
    this.held.clear();
    on.change();
  }

  // What was held before a moment counts no more.
  forget(moment) { for (const [key, at] of this.held) if (at < moment) this.held.delete(key); }

  get motion() {
    const motion = still();
    for (const key of this.held.keys()) motion[KEYS[key][0]] += KEYS[key][1] * (this.slow ? 0.35 : 1);
    return motion;
  }
}

// Any standard pad: left stick level, right stick height and turn, A gripper, B stop, X failed, Y done, Start takes over and hands back.
export class Pads {
  constructor(on) {
    this.on = on;
    this.pressed = new Set();
  }

  get motion() {
    const motion = still();
    for (const pad of navigator.getGamepads?.() ?? []) {
      if (!pad?.connected || pad.mapping !== "standard") continue;
      const [x, y, turn, rise] = pad.axes.map((value) => (Math.abs(value) < DEAD_ZONE ? 0 : value));
      motion[0] -= y; motion[1] -= x; motion[2] -= rise; motion[5] -= turn;
      motion[3] += pad.buttons[5].value - pad.buttons[4].value;
      motion[4] += pad.buttons[7].value - pad.buttons[6].value;
      for (const [index, name] of [[0, "gripper"], [1, "stop"], [2, "fails"], [3, "done"], [9, "swap"]]) {
        const id = `${pad.index} ${index}`;
        if (!pad.buttons[index]?.pressed) this.pressed.delete(id);
        else if (!this.pressed.has(id)) { this.pressed.add(id); this.on(name); }
      }
    }
    return motion;
  }
}

// Drag pulls the hand in the plane of the picture, the wheel nearer or farther; a ghost shows where it will go.
export class Pull {
  constructor(element, ghost, camera, on) {
    this.ghost = ghost;
    this.camera = camera;
    this.element = element;
    this.hand = null;
    this.target = null;
    this.pointer = null;
    element.addEventListener("pointerdown", (event) => {
      if (!on.may() || event.pointerType === "touch" || !this.hand) return;
      element.setPointerCapture(event.pointerId);
      this.depth = camera.project(this.hand, this.size).depth;
      this.begin(event);
      on.change();
    });
    element.addEventListener("pointermove", (event) => this.pointer !== null && this.begin(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      element.addEventListener(end, () => { if (this.pointer !== null) { this.end(); on.change(); } });
    }
    element.addEventListener("wheel", (event) => {
      if (this.pointer === null) return;
      event.preventDefault();
      this.depth += event.deltaY * 0.0004;
      this.aim();
    }, { passive: false });
  }

  // Where the hand is, as a picture shows it; as the status says it, for when pictures do not come.
  see(hand) {
    this.hand = hand;
    this.at = performance.now();
  }

  felt(hand) { if (performance.now() - (this.at ?? -Infinity) > STALE) this.see(hand); }

  get size() { return { width: this.element.clientWidth, height: this.element.clientHeight }; }

  begin(event) {
    const box = this.element.getBoundingClientRect();
    this.pointer = { x: event.clientX - box.left, y: event.clientY - box.top };
    this.aim();
  }

  aim() {
    this.target = this.camera.place(this.pointer.x, this.pointer.y, this.depth, this.size);
    const { low, high } = this.camera;
    const inside = this.target.map((value, i) => Math.max(low[i], Math.min(high[i], value)));
    this.ghost.toggleAttribute("data-clamped", inside.some((value, i) => value !== this.target[i]));
    this.target = inside;
    const seen = this.camera.project(this.target, this.size);
    this.ghost.hidden = false;
    this.ghost.style.translate = `${seen.x}px ${seen.y}px`;
  }

  end() {
    this.pointer = this.target = null;
    this.ghost.hidden = true;
  }

  // Base frame x, y, z, or null.
  get motion() {
    if (!this.target || !this.hand || performance.now() - this.at > 2 * STALE) return null; // it would pull past the target
    return this.target.map((value, i) => Math.max(-1, Math.min(1, (value - this.hand[i]) * PULL)));
  }
}

// Two pads for thumbs: the left one moves level, the right one up, down and turns.
export class Thumbs {
  constructor(element, on) {
    this.at = {};
    for (const pad of element.querySelectorAll(".pad")) {
      const move = (event) => {
        const box = pad.getBoundingClientRect();
        const across = Math.max(-1, Math.min(1, (2 * (event.clientX - box.left)) / box.width - 1));
        const along = Math.max(-1, Math.min(1, 1 - (2 * (event.clientY - box.top)) / box.height));
        this.at[pad.dataset.pad] = [across, along];
        pad.firstElementChild.style.translate = `${across * 60}% ${-along * 60}%`;
      };
      pad.addEventListener("pointerdown", (event) => { event.preventDefault(); pad.setPointerCapture(event.pointerId); move(event); on.change(); });
      pad.addEventListener("pointermove", (event) => pad.dataset.pad in this.at && move(event));
      for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
        pad.addEventListener(end, () => {
          if (!(pad.dataset.pad in this.at)) return;
          delete this.at[pad.dataset.pad];
          pad.firstElementChild.style.translate = "";
          on.change();
        });
      }
    }
  }

  get motion() {
    const motion = still();
    const { level, height } = this.at;
    if (level) { motion[0] = level[1]; motion[1] = -level[0]; }
    if (height) { motion[2] = height[1]; motion[5] = -height[0]; }
    return motion;
  }
}
