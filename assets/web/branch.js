// Branch with something else: another driver, other words, other tokens, another schedule or planner delay.

const query = (selector) => document.querySelector(selector);

export class Branch {
  // line: the Timeline, whose step it goes on from; steer: whose pins it takes along
  constructor(view, line, steer) {
    this.panel = query("#branch-panel");
    this.button = query("#branch-more");
    this.button.onclick = () => this.open(this.panel.hidden);
    this.panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { this.open(false); this.button.focus(); } // and the arm stops, as by Escape anywhere
    });
    query("#branch-go").onclick = () => {
      const value = (name) => query(`#branch-${name}`).value.trim();
      const point = { step: line.chosen, episode: line.line.episode, driver: value("driver"), schedule: value("schedule") };
      if (value("words")) point.instruction = value("words");
      if (value("delay")) point.planner_latency_ms = Number(value("delay"));
      if (query("#branch-pins").checked && point.driver === "policy") Object.assign(point, { pins: steer.pins, steps: steer.steps });
      view.ask({ do: "branch", point });
      this.open(false);
      query("#live-view .screen").focus();
    };
    this.steer = steer;
  }

  open(isOpen) {
    this.panel.hidden = !isOpen;
    this.button.setAttribute("aria-expanded", isOpen);
    if (!isOpen) return;
    const { schedule, planner_latency_ms: delay, instruction } = this.status ?? {};
    query("#branch-schedule").value = schedule ?? "asynchronous";
    query("#branch-delay").value = delay ?? 0;
    query("#branch-words").value = "";
    query("#branch-words").placeholder = instruction || "the same words";
    const pins = Object.entries(this.steer.pins).map(([name, bin]) => `${name} ${bin}`);
    query("#branch-pins").disabled = !pins.length;
    query("#branch-pins").checked = pins.length > 0;
    query('[data-field="branch-pins"]').textContent = pins.length ? `pinned tokens (${pins.join(", ")})` : "pinned tokens: pin some bins first";
    query("#branch-driver").focus();
  }

  follow(status) {
    this.status = status;
    this.button.disabled = query("#branch").disabled;
    if (this.button.disabled && !this.panel.hidden) this.open(false);
  }
}
