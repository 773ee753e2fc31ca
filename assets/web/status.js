// What the status object says, in words with units.

const STATES = {
  idle: "Ready", running: "Running", paused: "Paused", holding: "Holding still", ended: "Ended", offline: "Offline",
};
const OUTCOMES = { success: "Success", failure: "Failure", refused: "Refused", aborted: "Aborted" };
const DRIVERS = { policy: "Policy", human: "Human", expert: "Expert", hold: "Nobody" };
const STEP_MS = 50; // one control step
const ERROR_SHOWN = 7000; // milliseconds, unless something else is said before

const field = (name) => document.querySelector(`[data-field="${name}"]`);
const whole = (value) => Math.round(value).toLocaleString("en");
const isNumber = (value) => typeof value === "number" && isFinite(value);

function write(name, text) {
  const element = field(name);
  if (element && element.textContent !== text) element.textContent = text;
}

function quantity(name, value, unit, more = "") {
  const element = field(name);
  const html = value === null ? "–" : `${value}<small>${unit}${more && ` · ${more}`}</small>`;
  if (element && element.dataset.shown !== html) element.innerHTML = element.dataset.shown = html;
}

export class StatusPanel {
  constructor() {
    this.error = null;
    this.errorUntil = 0;
  }

  // A command's own answer: its error belongs to whoever gave the command.
  reply(status) {
    if (status?.error) {
      this.error = status.error;
      this.errorUntil = performance.now() + ERROR_SHOWN;
    } else {
      this.error = null;
    }
    this.show(status);
  }

  show(status) {
    if (!status) return;
    const { state, outcome } = status;
    const driving = state === "running";
    this.mark("state", STATES[state] ?? state, "state", state);
    write("driver", driving || status.driver === "human" ? DRIVERS[status.driver] ?? status.driver ?? "–" : "Nobody");
    quantity("step", isNumber(status.step) ? whole(status.step) : null, "steps", `${(status.step * STEP_MS / 1000).toFixed(1)} s`);
    this.mark("outcome", OUTCOMES[outcome] ?? outcome ?? (driving || state === "paused" ? "Open" : "None yet"), "outcome", outcome ?? "none");
    for (const [name, rate] of [["planner", status.planner_hz], ["refiner", status.refiner_hz]]) {
      quantity(name, isNumber(rate) ? rate.toFixed(1) : null, "calls/s");
    }
    const stale = status.staleness_steps;
    quantity("staleness", isNumber(stale) ? whole(stale) : null, stale === 1 ? "step" : "steps", `${whole(stale * STEP_MS)} ms`);
    quantity("real_time", isNumber(status.real_time_factor) ? status.real_time_factor.toFixed(2) : null, "×");
    this.say(status);
    this.caption(status);
  }

  say(status) {
    const isError = this.error !== null && performance.now() < this.errorUntil;
    if (!isError) this.error = null;
    const isOffline = status.state === "offline";
    write("message", isError ? this.error : status.message || "");
    field("message").parentElement.dataset.kind = isError || isOffline ? "error" : "note";
  }

  caption(status) {
    const { state, outcome, instruction } = status;
    const isHuman = status.driver === "human" && (state === "running" || state === "holding");
    const badge = isHuman ? "Human drives" : state === "running" ? "Policy drives" : STATES[state] ?? state;
    this.mark("badge", badge, "state", isHuman ? "human" : state);
    write("words", instruction ? `“${instruction}”` : "");
    const banner = field("banner");
    banner.hidden = !(state === "ended" && outcome);
    if (!banner.hidden) this.mark("banner", OUTCOMES[outcome] ?? outcome, "outcome", outcome);
  }

  mark(name, text, kind, value) {
    const element = field(name);
    write(name, text);
    if (element.dataset[kind] !== value) element.dataset[kind] = value;
  }

  veil(sentence) {
    if (sentence === this.veiled) return; // said with every picture: a page that is touched is laid out and drawn anew
    this.veiled = sentence;
    const element = field("veil");
    element.hidden = !sentence;
    if (sentence) write("veil", sentence);
  }

  link(kind, text) {
    document.querySelector(".link").dataset.link = kind;
    write("link", text);
  }
}
