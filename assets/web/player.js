// An episode in the live view, on any page: play, pause, speed, and a line to go along. The whole cockpit follows, Rerun too.

import { LiveView } from "./live.js";
import { ask, query, say, seconds } from "./sheet.js";
import { inks } from "./theme.js";
import { drawsInSoftware, penOf } from "./graphics.js";

const COLORS = inks({ line: "line-strong", done: "accent", human: "human", event: "warn", now: "text" });
const MARKUP = `
  <div class="picture"><canvas id="player-view" width="960" height="540" role="img" aria-label="Live view"></canvas><p id="player-words" class="quiet">The live view follows what is chosen here.</p></div>
  <div class="transport">
    <button id="player-play" type="button" disabled>Play</button>
    <select id="player-speed" aria-label="Speed"><option value="0.25">¼ ×</option><option value="0.5">½ ×</option><option value="1" selected>1 ×</option><option value="2">2 ×</option><option value="4">4 ×</option></select>
    <canvas id="player-line" tabindex="0" role="slider" aria-label="Step of the episode" aria-valuemin="0" aria-valuemax="0" aria-valuenow="0"></canvas>
    <output id="player-step" for="player-line">–</output>
    <a id="player-cockpit" class="button" href="/" title="The cockpit shows the same step, with Rerun beside it">With Rerun</a>
  </div>`;

export class Player {
  // place: an element to fill; on: {step(step), status(status)}, both optional
  constructor(place, on = {}) {
    place.innerHTML = MARKUP;
    this.on = on;
    this.line = null; // {episode, first, step, human, events} of what is shown
    this.opened = null;
    this.marks = [];
    this.view = new LiveView(query("#player-view"), drawsInSoftware(), {
      status: (status) => this.follow(status),
      reply: (status) => { if (status.error) say(status.error); this.follow(status); },
      link: () => {}, you: () => {}, frame: (meta) => this.seen(meta),
    });
    this.play = query("#player-play");
    this.play.onclick = () => this.toggle();
    query("#player-speed").onchange = () => this.playing && this.start();
    this.canvas = query("#player-line");
    this.pen = penOf(this.canvas);
    const point = (event) => this.look(Math.round(this.first + (event.offsetX / this.canvas.clientWidth) * this.length));
    this.canvas.addEventListener("pointerdown", (event) => { this.canvas.setPointerCapture(event.pointerId); point(event); });
    this.canvas.addEventListener("pointermove", (event) => (event.buttons ? point(event) : this.tell(event)));
    this.canvas.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20, Home: -Infinity, End: Infinity }[event.key];
      if (event.key === " " || event.key === "Enter") { event.preventDefault(); this.toggle(); }
      if (by === undefined) return;
      event.preventDefault();
      this.look(by === -Infinity ? this.first : by === Infinity ? this.last : this.at + by);
    });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  get first() { return this.line?.first ?? 0; }
  get last() { return Math.max(this.first, (this.line?.step ?? 1) - 1); }
  get length() { return Math.max(1, this.last - this.first); }

  // Show an episode: address and body as the page's server wants them; marks: [[step, sentence]] for the line.
  async open(address, body, { marks = [], plays = false } = {}) {
    this.marks = marks;
    const began = performance.now();
    const status = await ask(address, body);
    if (!status) return null;
    this.follow(status);
    if (plays) this.start();
    this.took = performance.now() - began;
    return status;
  }

  // A picture of what plays: sooner than the status tells.
  seen({ step }) {
    if (!this.playing || !this.line || step === this.at) return;
    this.at = step;
    this.on.step?.(step);
    this.draw();
  }

  toggle() { this.playing ? this.view.ask({ do: "play", on: false }) : this.start(); }
  start() { this.view.ask({ do: "play", on: true, speed: Number(query("#player-speed").value) }); }

  look(step) {
    if (!this.line) return;
    this.at = Math.max(this.first, Math.min(this.last, step));
    this.draw();
    const now = performance.now();
    clearTimeout(this.later);
    const tell = () => { this.asked = performance.now(); this.view.ask({ do: "look", step: this.at, episode: this.line.episode }); };
    now - (this.asked ?? 0) > 60 ? tell() : (this.later = setTimeout(tell, 60));
  }

  follow(status) {
    this.on.status?.(status);
    this.playing = Boolean(status.playing);
    this.play.textContent = this.playing ? "Pause" : "Play";
    if (!status.looked) {
      this.play.disabled = true;
      query("#player-words").textContent = status.state === "offline" ? status.message : status.state === "running" ? "The robot is at work: press Pause or Stop in the cockpit to look at something else." : "The live view follows what is chosen here.";
      query("#player-words").hidden = false;
      this.line = null;
      return this.draw();
    }
    query("#player-words").hidden = true;
    this.play.disabled = false;
    this.line = status.looked_line ?? status.line;
    if (this.at !== status.looked[1]) { this.at = status.looked[1]; this.on.step?.(this.at); }
    this.draw();
  }

  // What happened where somebody points.
  tell(event) {
    const step = this.first + (event.offsetX / this.canvas.clientWidth) * this.length;
    const near = (6 / this.canvas.clientWidth) * this.length;
    this.canvas.title = [...this.marks, ...(this.line?.events ?? [])].filter(([at]) => Math.abs(at - step) <= near).map(([at, sentence]) => `Step ${at}: ${sentence}`).join("\n");
  }

  draw() {
    const { pen, canvas } = this;
    const ratio = devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight, middle = height / 2;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.max(1, Math.round(width * ratio));
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.max(1, Math.round(height * ratio));
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const x = (step) => 6 + ((step - this.first) / this.length) * (width - 12);
    pen.fillStyle = COLORS.line;
    pen.fillRect(6, middle - 2, width - 12, 4);
    query("#player-step").textContent = this.line ? `${this.at} · ${seconds(this.at - this.first)}` : "–";
    for (const [name, value] of [["valuemin", this.first], ["valuemax", this.last], ["valuenow", this.at ?? this.first]]) canvas.setAttribute(`aria-${name}`, value);
    if (!this.line) return;
    pen.fillStyle = COLORS.done;
    pen.fillRect(6, middle - 2, x(this.at) - 6, 4);
    pen.fillStyle = COLORS.human;
    for (const [from, to] of this.line.human ?? []) pen.fillRect(x(from), middle - 5, Math.max(2, x(to) - x(from)), 10);
    pen.fillStyle = COLORS.event;
    for (const [step] of [...this.marks, ...(this.line.events ?? [])]) pen.fillRect(x(step) - 1, middle - 11, 2, 7);
    pen.fillStyle = COLORS.now;
    pen.beginPath();
    pen.arc(x(this.at), middle, 5, 0, 7);
    pen.fill();
  }
}

