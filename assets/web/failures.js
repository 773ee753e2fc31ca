// The failures page: a matrix of tasks and seeds, filtered in the browser; a cell opens the episode and says why it failed.

import { Matrix } from "./matrix.js";
import { Player } from "./player.js";
import { ask, begin, escape, plural, query, say, seconds, showJob } from "./sheet.js";

const WAIT = 700; // milliseconds between two looks at work that is going on
const FILTERS = ["outcome", "family", "object", "colour", "perturbation", "event", "cause", "changed"];
const JOBS = { evaluate: "Evaluation", events: "Looking for events", diagnose: "Diagnosis", report: "Report" };

let evaluations = [], data = null, changes = null, matrix, player, opened = null, settled = {};

// --- which evaluation ---------------------------------------------------------------------------------------------------

async function list(wanted) {
  const said = await ask("/failures/evaluations");
  if (!said) return;
  evaluations = said.evaluations;
  const place = query("#evaluation"), before = wanted ?? place.value;
  const words = (each) => `${each.title}: ${each.done ? `${each.successes} of ${each.done}` : "nothing yet"}${each.state === "complete" ? "" : ` (${each.state})`} · ${each.id.slice(0, 6)}`;
  place.replaceChildren(...(evaluations.length ? evaluations.map((each) => new Option(words(each), each.id)) : [new Option("none yet", "")]));
  if (evaluations.some((each) => each.id === before)) place.value = before;
  query("#against").replaceChildren(new Option("no other", ""), ...evaluations.filter((each) => each.id !== place.value).map((each) => new Option(words(each), each.id)));
  jobs(said.jobs);
  query("#empty").hidden = evaluations.length > 0;
  query("#empty").textContent = "No evaluation was kept yet: run one here, or with `libra eval` in a terminal.";
  if (evaluations.length) await load(place.value);
  else query("#summary").innerHTML = "";
}

async function load(id) {
  const found = await ask(`/failures/matrix/${id}`);
  if (!found) { data = null; query("#summary").innerHTML = ""; matrix.show([], () => "failure"); return; }
  data = { ...found, count: found.columns.number.length };
  changes = null;
  query("#against").value = "";
  const colours = [...new Set(found.targets.map((name) => name.split(" ")).filter((words) => words.length > 1).map(([colour]) => colour))].sort();
  fill("outcome", "any", found.outcomes);
  fill("family", "any", found.families);
  fill("object", "any", found.targets);
  fill("colour", "any", colours);
  fill("perturbation", "any", found.perturbations.filter(Boolean));
  fill("event", "whatever", [...found.event_kinds, "none"]);
  fill("cause", "any", [...found.causes, "none"]);
  query("#do-diagnose").disabled = !data.columns.outcome.some((outcome) => found.outcomes[outcome] !== "success");
  query("#do-report").disabled = !data.count;
  show();
  if (found.columns.events.includes(-1) && !(id in settled)) { settled[id] = true; start("events", { evaluation: id }); }
}

function fill(name, any, values) {
  const place = query(`#filter-${name}`), before = place.value;
  place.replaceChildren(new Option(any, ""), ...values.map((value) => new Option(value, value)));
  place.value = values.includes(before) ? before : "";
}

// --- the matrix -----------------------------------------------------------------------------------------------------------

// 95 % interval of a rate (Wilson), in percent.
function interval(successes, count) {
  const z = 1.959964, rate = successes / count, scale = 1 + (z * z) / count;
  const middle = (rate + (z * z) / (2 * count)) / scale, half = (z / scale) * Math.sqrt((rate * (1 - rate)) / count + (z * z) / (4 * count * count));
  return [100 * Math.max(0, middle - half), 100 * Math.min(1, middle + half)];
}

function rate(successes, count) {
  if (!count) return "none";
  const [low, high] = interval(successes, count);
  return `${successes} of ${count}, ${((100 * successes) / count).toFixed(1)} % (${low.toFixed(1)} to ${high.toFixed(1)})`;
}

function matching() {
  const { columns } = data;
  const wanted = Object.fromEntries(FILTERS.map((name) => [name, query(`#filter-${name}`).value]));
  const number = (values, value) => values.indexOf(value);
  const [outcome, family, object, perturbation] = [number(data.outcomes, wanted.outcome), number(data.families, wanted.family), number(data.targets, wanted.object), number(data.perturbations, wanted.perturbation)];
  const coloured = new Set(data.targets.map((name, index) => (name.split(" ")[0] === wanted.colour ? index : -1)));
  const bit = wanted.event === "none" ? 0 : 1 << number(data.event_kinds, wanted.event);
  const cause = number(data.causes, wanted.cause);
  const changed = wanted.changed && changes ? new Set(changes[wanted.changed].map(([one]) => one)) : null;
  const found = [];
  for (let i = 0; i < data.count; i++) {
    if (wanted.outcome && columns.outcome[i] !== outcome) continue;
    if (wanted.family && columns.family[i] !== family) continue;
    if (wanted.object && columns.target[i] !== object) continue;
    if (wanted.perturbation && columns.perturbation[i] !== perturbation) continue;
    if (wanted.colour && !coloured.has(columns.target[i])) continue;
    if (wanted.event && (wanted.event === "none" ? columns.events[i] !== 0 : columns.events[i] < 1 || !(columns.events[i] & bit))) continue;
    if (wanted.cause && columns.cause[i] !== cause) continue;
    if (changed && !changed.has(columns.number[i])) continue;
    found.push(i);
  }
  return found;
}

function show() {
  if (!data) return;
  const began = performance.now();
  const { columns } = data;
  const found = matching();
  const key = { seed: columns.seed, closest: columns.closest.map((missing, i) => (data.outcomes[columns.outcome[i]] === "success" ? Infinity : missing)), steps: columns.steps, first_event: columns.first_event.map((step) => (step < 0 ? Infinity : step)) }[query("#sort").value];
  found.sort((one, other) => (key[one] < key[other] ? -1 : key[one] > key[other] ? 1 : columns.seed[one] - columns.seed[other]));
  const isSuccess = (i) => data.outcomes[columns.outcome[i]] === "success";
  const byFamily = data.families.map(() => []);
  for (const i of found) byFamily[columns.family[i]].push(i);
  const blocks = byFamily.map((cells, family) => ({ title: data.families[family], cells, words: rate(cells.filter(isSuccess).length, cells.length) }));
  const moved = changes && new Set([...changes.fixed, ...changes.broken].map(([one]) => one));
  matrix.show(blocks, (i) => data.outcomes[columns.outcome[i]], moved ? (i) => !moved.has(columns.number[i]) : undefined);
  summary(found.filter(isSuccess).length, found);
  const canvas = query("#matrix");
  canvas.dataset.took = (performance.now() - began).toFixed(1);
  canvas.dataset.count = found.length;
}

function summary(successes, found) {
  const { evaluation, columns } = data;
  const counts = new Map();
  for (const i of found) if (columns.events[i] > 0) data.event_kinds.forEach((kind, bit) => { if (columns.events[i] & (1 << bit)) counts.set(kind, (counts.get(kind) ?? 0) + 1); });
  const causes = new Map();
  for (const i of found) if (columns.cause[i] >= 0) causes.set(data.causes[columns.cause[i]], (causes.get(data.causes[columns.cause[i]]) ?? 0) + 1);
  const chips = (of, filter) => [...of].sort((one, other) => other[1] - one[1]).map(([name, count]) => `<button type="button" class="chip" data-filter="${filter}" data-value="${escape(name)}">${escape(name)} <b>${count}</b></button>`).join("");
  const problem = evaluation.problem ? `<p class="problem">${escape(evaluation.problem)}</p>` : "";
  const failed = found.length - successes;
  const against = changes ? `<p><b>${changes.fixed.length}</b> fixed, <b>${changes.broken.length}</b> broken, <b>${changes.unchanged}</b> unchanged of ${changes.pairs} pairs; difference ${(100 * (changes.paired.difference ?? 0)).toFixed(1)} points${changes.paired.interval_95 ? ` (${changes.paired.interval_95.map((each) => (100 * each).toFixed(1)).join(" to ")})` : ""}, McNemar p = ${Number(changes.paired.mcnemar_p ?? 1).toPrecision(2)}.${changes.problem ? ` ${escape(changes.problem)}` : ""}</p>` : "";
  query("#summary").innerHTML = `<p class="rate"><b>${found.length ? ((100 * successes) / found.length).toFixed(1) : "–"} %</b> ${found.length ? rate(successes, found.length).replace(/,.*% \(/, "; 95 % interval ").replace(")", "") : "nothing is like that"}${failed ? "" : found.length ? ": no failures here" : ""}</p>${problem}${against}
    <p class="chips">${chips(causes, "cause")}${chips(counts, "event")}</p>`;
  for (const chip of document.querySelectorAll("#summary .chip")) chip.onclick = () => { const place = query(`#filter-${chip.dataset.filter}`); place.value = place.value === chip.dataset.value ? "" : chip.dataset.value; show(); };
}

function words(i) {
  const { columns } = data;
  const kinds = columns.events[i] > 0 ? data.event_kinds.filter((_, bit) => columns.events[i] & (1 << bit)).join(", ") : "";
  const outcome = data.outcomes[columns.outcome[i]];
  const short = outcome === "success" ? seconds(columns.steps[i]) : `at best ${(100 * columns.closest[i]).toFixed(1)} cm short`;
  return `${data.families[columns.family[i]]} · ${data.targets[columns.target[i]]} · seed ${columns.seed[i]} · ${outcome}, ${short}${kinds ? ` · ${kinds}` : ""}${columns.cause[i] >= 0 ? ` · ${data.causes[columns.cause[i]]}` : ""}`;
}

// --- one episode ------------------------------------------------------------------------------------------------------------

async function open(i) {
  const id = data.evaluation.id, number = data.columns.number[i];
  opened = `${id}/${number}`;
  history.replaceState(null, "", `#${opened}`);
  const mine = opened;
  const showing = player.open("/failures/open", { evaluation: id, number });
  const found = await ask(`/failures/episode/${id}/${number}`);
  if (!found || opened !== mine) return;
  player.marks = found.events.map((event) => [event.step, event.sentence]);
  detail(found);
  await showing;
  const film = await ask(`/failures/film/${id}/${number}`);
  if (film && opened === mine) strip(film.frames);
}

function detail(each) {
  const verdict = each.verdict;
  query("#facts").innerHTML = `
    <h2>${escape(each.instruction)}</h2>
    <p><span data-outcome="${each.outcome}">${each.outcome}</span> <small>${each.outcome === "success" ? "" : `at best ${(100 * each.closest).toFixed(1)} cm short, `}${seconds(each.steps)}, scene ${each.seed}${each.perturbation ? `, ${escape(each.perturbation)}` : ""}${each.canonical !== each.instruction ? `, means “${escape(each.canonical)}”` : ""}</small></p>
    ${each.problem ? `<p class="problem">${escape(each.problem)}</p>` : ""}
    <div class="buttons">
      <button type="button" id="one-play" class="primary">Play</button>
      <button type="button" id="one-take-over" title="The scene as it was at step ${each.take_over_step}; then press Take over in the cockpit">Take over before the first event</button>
      ${each.outcome === "success" ? "" : `<button type="button" id="one-diagnose">${verdict ? "Diagnosed" : "Diagnose"}</button>`}
      <a class="button" href="/failures/rerun/${each.evaluation}/${each.number}" download>Rerun recording</a>
      ${changes ? '<button type="button" id="one-other">The other one</button>' : ""}
      ${changes ? `<a class="button" href="/failures/both/${data.evaluation.id}/${query("#against").value}/${each.seed}" download>Both in Rerun</a>` : ""}
    </div>
    <div id="film" aria-label="Film strip"></div>
    ${verdict ? `<section class="verdict" aria-label="Verdict"><h3>${escape(verdict.cause)}</h3><p>${escape(verdict.sentence)}</p>
      <table><tbody>${verdict.replays.map((replay) => `<tr><td>${escape(replay.label)}</td><td>${replay.rescued} of ${replay.runs} rescued</td></tr>`).join("")}</tbody></table>
      <p>${verdict.frames.map((step) => `<button type="button" class="text" data-step="${step}">step ${step}</button>`).join(" ")}</p></section>` : ""}
    <h3>What happened</h3>
    <ol class="events">${each.events.map((event) => `<li><button type="button" class="text" data-step="${event.step}">${event.step}${event.until > event.step ? `–${event.until}` : ""}</button> <b>${escape(event.kind)}</b> ${escape(event.sentence)}</li>`).join("") || '<li class="quiet">Nothing that a rule names.</li>'}</ol>
    <details><summary>In a terminal</summary>${Object.values(each.commands).map((line) => `<code>${escape(line)}</code>`).join("")}</details>`;
  query("#one-play").onclick = () => player.open("/failures/open", { evaluation: each.evaluation, number: each.number, step: 0 }, { plays: true, marks: player.marks });
  query("#one-take-over").onclick = async () => {
    const status = await ask("/failures/take_over", { evaluation: each.evaluation, number: each.number, step: each.take_over_step });
    if (!status) return;
    location.href = "/";
  };
  if (query("#one-diagnose")) query("#one-diagnose").onclick = () => start("diagnose", { evaluation: each.evaluation, numbers: [each.number] });
  if (query("#one-other")) query("#one-other").onclick = () => other(each);
  for (const button of document.querySelectorAll("#facts [data-step]")) button.onclick = () => player.look(Number(button.dataset.step));
}

// The same scene in the evaluation that this one is compared with.
async function other(each) {
  const id = query("#against").value;
  const pair = [...changes.fixed, ...changes.broken].find(([before]) => before === each.number);
  if (!pair) return say("It is the same in both evaluations.", "done");
  const found = await ask(`/failures/episode/${id}/${pair[1]}`);
  if (found && await player.open("/failures/open", { evaluation: id, number: pair[1] }, { marks: found.events.map((event) => [event.step, event.sentence]) })) detail(found);
}

function strip(frames) {
  query("#film").replaceChildren(...frames.map((frame) => {
    const button = document.createElement("button");
    button.type = "button";
    button.innerHTML = `<img alt="${escape(frame.caption)}" src="${frame.image}"><span>${escape(frame.caption)}</span>`;
    button.onclick = () => player.look(frame.step);
    return button;
  }));
}

// --- work that takes long -----------------------------------------------------------------------------------------------------

let looking = 0, was = {};

async function start(name, body) {
  const said = await ask(`/failures/jobs/${name}`, body);
  if (said) jobs(said);
  return said;
}

function jobs(states) {
  clearTimeout(looking);
  const place = query("#jobs");
  let isRunning = false;
  for (const [name, job] of Object.entries(states)) {
    let row = query(`#job-${name}`);
    const isShown = job.state !== "none" && !(name === "events" && job.state === "done");
    if (!isShown) { row?.remove(); if (was[name] === "running" && job.state === "done") done(name, job); was[name] = job.state; continue; }
    if (!row) {
      row = document.createElement("div");
      row.id = `job-${name}`;
      row.innerHTML = `<b>${JOBS[name]}</b><progress max="1"></progress><span role="status"></span><button type="button">Cancel</button>`;
      place.append(row);
    }
    isRunning = showJob(job, query("progress", row), query("span", row)) || isRunning;
    row.title = job.command;
    const button = query("button", row);
    button.hidden = job.state === "done";
    button.textContent = job.state === "running" ? "Cancel" : "Go on";
    button.onclick = () => start(name, job.state === "running" ? { cancel: true } : { resume: true });
    if (was[name] === "running" && job.state !== "running") done(name, job);
    was[name] = job.state;
  }
  if (isRunning || Object.values(states).some((job) => job.state === "running")) looking = setTimeout(async () => { const said = await ask("/failures/jobs"); if (said) jobs(said); }, WAIT);
}

async function done(name, job) {
  if (job.state === "failed") say(job.sentence);
  if (name === "report" && job.state === "done") { query("#get-report").hidden = false; query("#get-report").href = `/failures/report/${data.evaluation.id}`; return; }
  const now = opened;
  await list();
  if (now && name === "diagnose" && data) { const i = data.columns.number.indexOf(Number(now.split("/")[1])); if (i >= 0) { const found = await ask(`/failures/episode/${now}`); if (found) detail(found); const film = await ask(`/failures/film/${now}`); if (film) strip(film.frames); } }
}

function startEvaluate() {
  const dialog = query("#evaluate-dialog");
  query("#evaluate").onclick = () => { query("#evaluate-problem").textContent = ""; dialog.showModal(); };
  query("#evaluate-close").onclick = () => dialog.close();
  query("#evaluate-start").onclick = async () => {
    const value = (name) => query(`#evaluate-${name}`).value;
    const body = { episodes: Number(value("episodes")), seed: Number(value("seed")), delay: Number(value("delay")), tasks: value("tasks"), schedule: value("schedule"), perturb: value("perturb"), checkpoint: value("checkpoint") };
    if (await start("evaluate", body)) dialog.close();
    else query("#evaluate-problem").textContent = query("#notice").textContent;
  };
}

function begun() {
  matrix = new Matrix(query("#matrix-place"), query("#matrix-height"), query("#matrix"), {
    choose: (i) => open(i),
    point: (i) => { query("#cell").textContent = i === null || i === undefined ? (matrix.current === null || matrix.current === undefined ? "" : words(matrix.current)) : words(i); },
  });
  player = new Player(query("#player"));
  begin(() => { player.draw(); matrix.draw(); });
  for (const name of FILTERS) query(`#filter-${name}`).onchange = show;
  query("#sort").onchange = show;
  query("#evaluation").onchange = ({ target }) => list(target.value);
  query("#against").onchange = async ({ target }) => {
    changes = target.value ? await ask(`/failures/compare/${data.evaluation.id}/${target.value}`) : null;
    query("#changed-label").hidden = !changes;
    query("#filter-changed").value = "";
    show();
  };
  query("#do-diagnose").onclick = () => start("diagnose", { evaluation: data.evaluation.id });
  query("#do-report").onclick = () => start("report", { evaluation: data.evaluation.id });
  startEvaluate();
  window.failures = { player, matrix, open, get data() { return data; } };
  const [id, number] = location.hash.slice(1).split("/");
  list(id || undefined).then(() => { const i = number && data ? data.columns.number.indexOf(Number(number)) : -1; if (i >= 0) { matrix.choose(i); open(i); } });
}

begun();
