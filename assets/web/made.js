// Checkpoints that were made from corrections: where each comes from, and what it is worth beside its parent.

import { ask, escape, plural, query, showJob } from "./sheet.js";

const WAIT = 1000; // milliseconds between two looks at a comparison
const signed = (share) => `${share > 0 ? "+" : ""}${(100 * share).toFixed(1)}`;

export class Made {
  // place: a section with a list
  constructor(place) {
    Object.assign(this, { place, looking: 0, known: "" });
  }

  stop() { clearTimeout(this.looking); }

  async show() {
    this.stop();
    const said = await ask("/library/checkpoints");
    if (!said) return;
    const known = JSON.stringify([said.checkpoints, said.compare.name, said.compare.state]);
    if (known === this.known) this.progress(said.compare);
    else this.list(said);
    this.known = known;
    if (said.compare.state === "running") this.looking = setTimeout(() => this.show(), WAIT);
  }

  list({ checkpoints, compare }) {
    const focused = document.activeElement?.closest("#made li")?.dataset.name;
    this.place.hidden = !checkpoints.length;
    query("ul", this.place).replaceChildren(...checkpoints.map((each) => this.row(each, compare)));
    if (focused) this.of(focused, "button")?.focus();
    this.progress(compare);
  }

  of(name, what) { return query(`li[data-name="${CSS.escape(name)}"] ${what}`, this.place); }

  progress(job) {
    const bar = this.of(job.name, "progress");
    if (bar && job.state !== "done") showJob(job, bar, this.of(job.name, ".so-far"));
  }

  row(each, job) {
    const row = document.createElement("li");
    row.dataset.name = each.name;
    if (each.problem) {
      row.innerHTML = `<b>${escape(each.name)}</b> <span class="bad">${escape(each.problem)}</span>`;
      return row;
    }
    const isMine = job.name === each.name, isBusy = job.state === "running";
    row.innerHTML = `<b>${escape(each.name)}</b> <span>from ${escape(each.parent)}, with ${plural(each.episodes, "episode")}, ${plural(each.steps, "step")} by hand</span>
      <button type="button" title="Play it and its parent on the same fresh episodes">Compare</button>
      <progress max="1" hidden></progress><span class="so-far" role="status"></span><span class="worth">${each.compared ? worth(each.compared) : "not measured yet"}</span>`;
    row.title = `${each.folder}; knows ${each.families.join(", ")}; commit ${each.commit}`;
    const button = query("button", row);
    if (isMine && isBusy) query(".worth", row).textContent = "";
    button.textContent = isMine && isBusy ? "Cancel" : isMine && ["cancelled", "failed"].includes(job.state) ? "Go on" : "Compare";
    button.setAttribute("aria-label", `${button.textContent}: ${each.name} and ${each.parent}`);
    button.disabled = isBusy && !isMine;
    button.onclick = async () => {
      await ask("/library/compare", isMine && isBusy ? { cancel: true } : button.textContent === "Go on" ? { resume: true } : { name: each.name });
      this.show();
    };
    return row;
  }
}

// The difference with its interval, and the way to the episodes that changed.
function worth({ difference, interval_95: [low, high], before, after, episodes, fixed, broken, ids: [old, fresh] }) {
  return `<b>${signed(difference)} points</b> (${signed(low)} to ${signed(high)}): ${before} and ${after} of ${episodes}, ${fixed} fixed, ${broken} broken.
    <a href="/failures?against=${old}&changed=fixed#${fresh}">Fixed</a> <a href="/failures?against=${old}&changed=broken#${fresh}">Broken</a>`;
}
