// Work that takes long: a row with its progress for every kind that is going on or was cut off.

import { ask, query, showJob } from "./sheet.js";

const WAIT = 700; // milliseconds between two looks
const NAMES = { evaluate: "Evaluation", events: "Looking for events", diagnose: "Diagnosis", report: "Report" };

export class Work {
  // place: for the rows; on: {follow(name) while it goes on, done(name, job) once it has ended}
  constructor(place, on) {
    Object.assign(this, { place, on, looking: 0, was: {} });
  }

  isRunning(name) { return this.was[name] === "running"; }

  // The jobs' states, null where it was refused.
  async start(name, body) {
    const said = await ask(`/failures/jobs/${name}`, body);
    if (said) this.follow(said);
    return said;
  }

  follow(states) {
    clearTimeout(this.looking);
    let isRunning = false;
    for (const [name, job] of Object.entries(states)) {
      const isShown = job.state !== "none" && !(name === "events" && job.state === "done");
      if (isShown) this.row(name, job);
      else query(`#job-${name}`)?.remove();
      if (job.state === "running") { isRunning = true; this.on.follow(name, job); }
      else if (this.was[name] === "running") this.on.done(name, job);
      this.was[name] = job.state;
    }
    if (isRunning) this.looking = setTimeout(async () => { const said = await ask("/failures/jobs"); if (said) this.follow(said); }, WAIT);
  }

  row(name, job) {
    let row = query(`#job-${name}`);
    if (!row) {
      row = document.createElement("div");
      row.id = `job-${name}`;
      row.innerHTML = `<b>${NAMES[name]}</b><progress max="1"></progress><span role="status"></span><button type="button">Cancel</button>`;
      this.place.append(row);
    }
    showJob(job, query("progress", row), query("span", row));
    row.title = job.command;
    const button = query("button", row);
    button.hidden = job.state === "done";
    button.textContent = job.state === "running" ? "Cancel" : "Go on";
    button.onclick = () => this.start(name, job.state === "running" ? { cancel: true } : { resume: true });
  }
}
