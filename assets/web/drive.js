// Hands on: takes the arm, sends what the hands say twenty times a second while they say something, and hands it back.
// A released key is told at once; silence, a lost page or a lost focus make the arm hold.

import { Camera } from "./camera.js";
import { Keys, Pads, Pull, Thumbs } from "./inputs.js";

const PERIOD = 50; // milliseconds: one control step
const FULL_TURN = 0.6; // of the largest turn a step: hands are clumsier than policies

// What kept the arm from going on, in words: the commanded place stays inside of a box, and inside of the arm's reach.
const edge = (what, [, , height]) => ({ x: "front or back edge", y: "side edge", z: height < 0.2 ? "the table" : "ceiling", turn: "wrist" })[what] ?? what;
const query = (selector) => document.querySelector(selector);

export class Drive {
  // view: the LiveView, whose socket carries the commands; other(key): is asked about keys that mean nothing here
  constructor(view, other) {
    this.view = view;
    this.other = other;
    this.screen = query("#live-view .screen");
    this.camera = new Camera(JSON.parse(view.canvas.dataset.camera));
    this.mine = false;
    this.number = 0;
    this.gripper = -1;
    this.inView = true;
    this.turning = false;
    this.wasStill = true;
    const on = { change: () => this.tick(), may: () => this.mine };
    this.keys = new Keys(this.screen, { ...on, press: (key) => this.press(key) });
    this.pads = new Pads((name) => ({ gripper: () => this.grip(), stop: () => query("#stop").click(), swap: () => this.swap(), fails: () => this.other("x"), done: () => this.other("c") })[name]());
    this.pull = new Pull(view.canvas, query("#live-view .ghost"), this.camera, on);
    this.thumbs = new Thumbs(query("#live-view .pads"), on);
    query("#take-over").onclick = () => this.take();
    query("#hand-back").onclick = () => view.ask({ do: "hand_back" });
    query("#gripper").onclick = () => { this.grip(); this.screen.focus(); };
    query("#drive-frame").onclick = () => { this.inView = !this.inView; this.show(); };
    query("#drive-mode").onclick = () => { this.turning = !this.turning; this.show(); };
    query("#drive-speed").oninput = () => this.show();
    setInterval(() => this.tick(), PERIOD);
    this.show();
  }

  take() {
    this.view.ask({ do: "take_over" });
    this.screen.focus();
  }

  swap() { this.mine ? this.view.ask({ do: "hand_back" }) : this.take(); }

  press(key) {
    if (key === "t") this.swap();
    else if (key === "g" && this.mine) this.grip();
    else if (key === "o" && this.mine) query("#drive-mode").click();
    else if (key === "v" && this.mine) query("#drive-frame").click();
    else if ("+-".includes(key) && this.mine) this.faster(key === "+" ? 10 : -10);
    else return this.other(key);
    return true;
  }

  faster(by) {
    const speed = query("#drive-speed");
    speed.value = Number(speed.value) + by;
    this.show();
  }

  grip() {
    if (!this.mine) return;
    this.gripper = -this.gripper;
    this.show();
    this.send(this.motion() ?? [0, 0, 0, 0, 0, 0]);
  }

  // status: of the session; you: this page's name
  follow(status, you) {
    const mine = status.driver === "human" && status.holder === you;
    const begins = mine !== this.mine || status.episode !== this.episode; // time may have gone back, and the fingers with it
    if (mine && begins) this.gripper = status.gripper > 0 ? 1 : -1;
    const changed = mine !== this.mine;
    this.mine = mine;
    this.episode = status.episode;
    if (status.end_effector_position) this.pull.felt(status.end_effector_position);
    if (begins) this.show();
    if (changed) {
      this.keys.forget(mine ? this.view.took : Infinity); // who asks for the arm and holds a key then means it to move
      this.pull.end();
      this.show();
    }
    const away = status.driver === "human" && !mine;
    query("#take-over").disabled = away && status.holder !== null;
    const clamped = query('[data-field="clamped"]');
    clamped.hidden = !(mine && (status.refused || status.clamped?.length));
    if (!clamped.hidden) clamped.textContent = status.refused ?? `No further: ${status.clamped.map((what) => edge(what, status.end_effector_position)).join(", ")}`;
  }

  seen(meta) { if (meta.hand) this.pull.see(meta.hand); }

  // Seven numbers of the base frame but for the gripper, or null when no hand says anything.
  motion() {
    if (document.hidden || !document.hasFocus()) { // a lost focus and a hidden tab mean hold, whatever is held down
      this.pull.end();
      this.thumbs.at = {};
      return null;
    }
    const speed = query("#drive-speed").value / 100;
    const total = [this.keys, this.pads, this.thumbs].map((each) => each.motion).reduce((a, b) => a.map((value, i) => value + b[i]));
    const pulled = this.pull.motion;
    if (!pulled && total.every((value) => value === 0)) return null;
    let [away, left, up, roll, pitch, yaw] = total.map((value) => Math.max(-1, Math.min(1, value)) * speed);
    if (this.turning) [away, left, up, roll, pitch, yaw] = [0, 0, 0, roll - left, pitch + away, yaw];
    const level = this.inView ? this.camera.level : { away: [1, 0, 0], left: [0, 1, 0] };
    const move = [0, 1].map((i) => away * level.away[i] + left * level.left[i]);
    const all = [...move, up, roll * FULL_TURN, pitch * FULL_TURN, yaw * FULL_TURN];
    if (pulled) pulled.forEach((value, i) => { all[i] += value * speed; });
    return all.map((value) => Math.max(-1, Math.min(1, value)));
  }

  tick() {
    const motion = this.motion();
    if (!this.mine) return;
    if (motion) this.send(motion);
    else if (!this.wasStill) this.send([0, 0, 0, 0, 0, 0]); // at once, not after the silence
    this.wasStill = !motion;
  }

  send(motion) {
    const now = performance.now();
    if (now - (this.sent ?? 0) < 0.8 * PERIOD && motion.some((value) => value !== 0)) return; // the next tick says it
    this.sent = now;
    this.view.drive([...motion, this.gripper], this.number++);
  }

  show() {
    this.screen.dataset.driving = this.mine ? "yes" : "no";
    const speed = query("#drive-speed");
    speed.nextElementSibling.textContent = `${speed.value} %`;
    query("#drive-frame").textContent = this.inView ? "View frame" : "Robot frame";
    query("#drive-frame").setAttribute("aria-pressed", this.inView);
    query("#drive-mode").textContent = this.turning ? "Turning" : "Moving";
    query("#drive-mode").setAttribute("aria-pressed", this.turning);
    query("#gripper").textContent = this.gripper < 0 ? "Close gripper" : "Open gripper";
    query("#take-over").hidden = this.mine;
    if (!this.mine) this.number = 0;
  }
}
