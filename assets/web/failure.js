// One episode of an evaluation: its film strip, its verdict, what happened, and its partner in the evaluation before.

import { ask, escape, query, seconds } from "./sheet.js";

export class Failure {
  // player: shows it; on: {diagnose(evaluation, number, step from which on replays differ), pairs: the comparison or null, rules: of events}
  constructor(player, on) {
    Object.assign(this, { player, on, opened: null, partner: null });
  }

  // isPartner: it is shown in place of the one that is opened, as the evaluation before had it
  async open(id, number, isPartner = false) {
    const mine = `${id}/${number}`;
    if (isPartner) this.partner = mine;
    else [this.opened, this.partner] = [mine, null];
    const isNow = () => (this.partner ?? this.opened) === mine;
    const showing = this.player.open("/failures/open", { evaluation: id, number });
    const found = await ask(`/failures/episode/${mine}`);
    if (!found || !isNow()) return;
    this.player.marks = found.events.map((event) => [event.step, `${event.kind}. ${event.sentence}`]);
    this.detail(found);
    await showing;
    const film = isNow() && await ask(`/failures/film/${mine}`);
    if (film && isNow()) this.strip(film.frames);
  }

  again() {
    const [id, number] = (this.partner ?? this.opened).split("/");
    return this.open(id, number, this.partner !== null);
  }

  // [evaluation, number] of the same scene in the other evaluation
  other(each) {
    const pairs = this.on.pairs;
    if (!pairs) return null;
    if (this.partner) return this.opened.split("/");
    const pair = [...pairs.fixed, ...pairs.broken, ...pairs.same].find(([, now]) => now === each.number);
    return pair ? [pairs.before.id, pair[0]] : null;
  }

  detail(each) {
    const { verdict } = each, other = this.other(each), [past, now] = this.on.pairs ? [this.on.pairs.before, this.on.pairs.after] : [];
    const rule = (kind) => escape(this.on.rules[kind] ?? "");
    query("#facts").innerHTML = `
      <h2>${escape(each.instruction)}</h2>
      ${this.partner ? `<p class="quiet">This is how it was before, in ${escape(past.title)} (${past.id.slice(0, 6)}).</p>` : ""}
      <p><span data-outcome="${each.outcome}">${each.outcome}</span> <small>${each.outcome === "success" ? "" : `at best ${(100 * each.closest).toFixed(1)} cm short, `}${seconds(each.steps)}, scene ${each.seed}${each.perturbation ? `, ${escape(each.perturbation)}` : ""}${each.canonical !== each.instruction ? `, means “${escape(each.canonical)}”` : ""}</small></p>
      ${each.problem ? `<p class="problem">${escape(each.problem)}</p>` : ""}
      <div class="buttons">
        <button type="button" id="one-play" class="primary">Play</button>
        <button type="button" id="one-take-over" title="The scene as it was at step ${each.take_over_step}; then press Take over in the cockpit">Take over before the first event</button>
        ${each.outcome === "success" ? "" : `<button type="button" id="one-diagnose" title="Play it again with one thing put right at a time">${verdict?.from_step === 0 ? "Diagnosed" : "Diagnose"}</button>
          <button type="button" id="one-diagnose-from" title="The same, but the episode stays as it was until the step that is shown">…from this step</button>`}
        <a class="button" href="/failures/rerun/${each.evaluation}/${each.number}" download>Rerun recording</a>
        ${other ? `<button type="button" id="one-other" title="The same scene in ${escape((this.partner ? now : past).title)}">${this.partner ? "Back to how it is now" : "How it was before"}</button>
          <a class="button" href="/failures/both/${past.id}/${now.id}/${each.seed}" download>Both in Rerun</a>` : ""}
      </div>
      <div id="film" aria-label="Film strip"></div>
      ${verdict ? `<section class="verdict" aria-label="Verdict"><h3>${escape(verdict.cause)}${verdict.from_step ? `, from step ${verdict.from_step} on` : ""}</h3><p>${escape(verdict.sentence)}</p>
        <table><tbody>${verdict.replays.map((replay) => `<tr><td>${escape(replay.label)}</td><td>${replay.rescued} of ${replay.runs} rescued</td></tr>`).join("")}</tbody></table>
        <p>${verdict.frames.map((step) => `<button type="button" class="text" data-step="${step}">step ${step}</button>`).join(" ")}</p></section>` : ""}
      <h3>What happened</h3>
      <ol class="events">${each.events.map((event) => `<li><button type="button" class="text" data-step="${event.step}">${event.step}${event.until > event.step ? `–${event.until}` : ""}</button> <b title="${rule(event.kind)}">${escape(event.kind)}</b> ${escape(event.sentence)}</li>`).join("") || '<li class="quiet">Nothing that a rule names.</li>'}</ol>
      <details id="rules"><summary>The rules of events</summary><dl>${Object.entries(this.on.rules).map(([kind, sentence]) => `<div><dt>${escape(kind)}</dt><dd>${escape(sentence)}</dd></div>`).join("")}</dl></details>
      <details><summary>In a terminal</summary>${Object.values(each.commands).map((line) => `<code>${escape(line)}</code>`).join("")}</details>`;
    const show = { evaluation: each.evaluation, number: each.number };
    query("#one-play").onclick = () => this.player.open("/failures/open", { ...show, step: 0 }, { plays: true, marks: this.player.marks });
    query("#one-take-over").onclick = async () => { if (await ask("/failures/take_over", { ...show, step: each.take_over_step })) location.href = "/"; };
    if (query("#one-diagnose")) {
      query("#one-diagnose").onclick = () => this.on.diagnose(each.evaluation, each.number, 0);
      query("#one-diagnose-from").onclick = () => this.on.diagnose(each.evaluation, each.number, Math.min(this.player.at ?? 0, each.steps - 1));
    }
    if (other) query("#one-other").onclick = () => this.open(...other, this.partner === null);
    for (const button of document.querySelectorAll("#facts [data-step]")) button.onclick = () => this.player.look(Number(button.dataset.step));
  }

  strip(frames) {
    query("#film").replaceChildren(...frames.map((frame) => {
      const button = document.createElement("button");
      button.type = "button";
      button.innerHTML = `<img alt="${escape(frame.caption)}" src="${frame.image}"><span>${escape(frame.caption)}</span>`;
      button.onclick = () => this.player.look(frame.step);
      return button;
    }));
  }
}
