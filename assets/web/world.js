// Hands on the world from a panel: drop a thing, move one, change the light, move the policy's camera, push the arm.

const PUSH_STEPS = 10; // control steps: half a second
const LOW = [0.36, -0.25]; // where things are dropped, metres
const HIGH = [0.64, 0.25];

const query = (selector) => document.querySelector(selector);

export class World {
  constructor(view) {
    this.view = view;
    this.panel = query("#world-panel");
    this.button = query("#world");
    this.places = {};
    this.button.onclick = () => this.open(this.panel.hidden);
    this.panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.open(false); // and the arm stops, as by Escape anywhere
      this.button.focus();
    });
    const nudge = (name, offset) => view.ask({ do: "nudge", name, offset });
    query("#drop").onclick = () => nudge(`drop ${query("#drop-name").value}`, this.free());
    this.light = this.slider("#light", "%", (value) => nudge("light", [value / 100, 0, 0]));
    this.camera = this.slider("#camera", "cm", (value) => nudge("camera", [0, value / 100, 0, 0, 0, 0]));
    this.slider("#push-force", "N");
    for (const button of this.panel.querySelectorAll("[data-move]")) {
      const [x, y] = button.dataset.move.split(" ").map(Number);
      button.onclick = () => nudge(query("#move-name").value, [x, y, 0]);
    }
    for (const button of this.panel.querySelectorAll("[data-push]")) {
      const along = button.dataset.push.split(" ").map(Number);
      button.onclick = () => nudge("push", [...along.map((each) => each * query("#push-force").value), PUSH_STEPS]);
    }
  }

  open(isOpen) {
    this.panel.hidden = !isOpen;
    this.button.setAttribute("aria-expanded", isOpen);
    if (isOpen) query("#drop-name").focus();
  }

  slider(selector, unit, done) {
    const input = query(selector);
    const show = () => { input.nextElementSibling.textContent = `${input.value} ${unit}`; };
    input.oninput = show;
    if (done) input.onchange = () => done(Number(input.value));
    show();
    return (value) => {
      if (document.activeElement === input || Number(input.value) === value) return;
      input.value = value;
      show();
    };
  }

  follow(status) {
    this.places = status.places ?? {};
    const missing = status.missing ?? [];
    this.offer(query("#drop-name"), missing);
    this.offer(query("#move-name"), Object.keys(this.places));
    query("#drop").disabled = !missing.length;
    this.light(Math.round(100 * (status.light?.[0] ?? 1)));
    this.camera(Math.round(100 * (status.camera?.[1] ?? 0)));
    if (status.driver === "human" && !this.panel.hidden) this.open(false);
  }

  offer(select, names) {
    if (select.dataset.names === names.join()) return;
    const chosen = select.value;
    select.dataset.names = names.join();
    select.replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)));
  }

  // The place on the table that is farthest from all there is: [x, y] metres.
  free() {
    let best = null;
    let room = -1;
    for (let i = 0; i <= 14; i += 1) {
      for (let j = 0; j <= 20; j += 1) {
        const place = [LOW[0] + (i / 14) * (HIGH[0] - LOW[0]), LOW[1] + (j / 20) * (HIGH[1] - LOW[1])];
        const nearest = Math.min(...Object.values(this.places).map(([x, y]) => Math.hypot(x - place[0], y - place[1])));
        if (nearest > room) [best, room] = [place, nearest];
      }
    }
    return best;
  }
}
