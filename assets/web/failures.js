// The failures page: a matrix of tasks and seeds, filtered in the browser; a cell opens the episode and says why it failed.

import { Failure } from "./failure.js";
import { Matrix } from "./matrix.js";
import { Player } from "./player.js";
import { ask, begin, escape, query, say, seconds } from "./sheet.js";
import { Work } from "./work.js";

const FILTERS = ["outcome", "family", "object", "colour", "perturbation", "event", "cause", "changed"];
const KEPT = [...FILTERS.map((name) => `filter-${name}`), "sort", "against"]; // in the page's address
const SORTED = { closest: "All tasks, the closest to success first", steps: "All tasks, the shortest first", first_event: "All tasks, the earliest event first" };
const ANEW = 3000; // milliseconds between two looks at an evaluation that is being made

let evaluations = [], data = null, changes = null, matrix, player, failure, work, looked = 0;
const settled = new Set(); // evaluations whose events were looked for

// --- which evaluation ---------------------------------------------------------------------------------------------------

const words = (each) => `${each.title}: ${each.done ? `${each.successes} of ${each.done}` : "nothing yet"}${each.state === "complete" ? "" : ` (${each.state})`} · ${each.id.slice(0, 6)}`;

async function read() {
  const said = await ask("/failures/evaluations");
  if (!said) return null;
  evaluations = said.evaluations;
  const place = query("#evaluation"), against = query("#against"), [chosen, other] = [place.value, against.value];
  place.replaceChildren(...(evaluations.length ? evaluations.map((each) => new Option(words(each), each.id)) : [new Option("none yet", "")]));
  if (evaluations.some((each) => each.id === chosen)) place.value = chosen;
  against.replaceChildren(new Option("nothing", ""), ...evaluations.map((each) => new Option(words(each), each.id)));
  against.value = evaluations.some((each) => each.id === other) ? other : "";
  query("#empty").hidden = evaluations.length > 0;
  query("#empty").textContent = "No evaluation was kept yet: run one here, or with `libra eval` in a terminal.";
  return said;
}

// wanted: an evaluation's id or its beginning; without one what is chosen, or the newest
async function list(wanted) {
  const said = await read();
  if (!said) return;
  const place = query("#evaluation");
  const found = wanted && evaluations.find((each) => each.id.startsWith(wanted));
  if (found) place.value = found.id;
  else if (wanted && evaluations.length) say(`There is no evaluation ${wanted} in this library: another one is shown.`);
  work.follow(said.jobs);
  if (evaluations.length) await load(place.value);
  else query("#summary").innerHTML = "";
}

async function load(id) {
  const isSame = data?.evaluation.id === id;
  const found = await ask(`/failures/matrix/${id}`);
  if (!found) { data = null; query("#summary").innerHTML = ""; matrix.show([], () => "failure"); return; }
  data = { ...found, count: found.columns.number.length };
  if (!isSame) await compare("");
  for (const option of query("#against").options) option.disabled = option.value === id;
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
  offerReport(found.report);
  show();
  if (found.columns.events.includes(-1) && !settled.has(id) && found.evaluation.state !== "running" && !work.isRunning("events")) { settled.add(id); work.start("events", { evaluation: id }); }
}

function offerReport(isThere) {
  query("#get-report").hidden = !isThere;
  query("#get-report").href = `/failures/report/${data.evaluation.id}`;
}

// What was chosen stays chosen where this evaluation has it.
function fill(name, any, values) {
  const place = query(`#filter-${name}`), before = place.value;
  place.replaceChildren(new Option(any, ""), ...values.map((value) => new Option(value, value)));
  place.value = values.includes(before) ? before : "";
}

// before: the id of the evaluation that this one is compared with
async function compare(before) {
  changes = before ? await ask(`/failures/compare/${before}/${data.evaluation.id}`) : null;
  query("#against").value = changes ? before : "";
  query("#changed-label").hidden = !changes;
  if (!changes) query("#filter-changed").value = "";
}

// --- the page's address ----------------------------------------------------------------------------------------------------

function remember() {
  const kept = new URLSearchParams(KEPT.map((name) => [name.replace("filter-", ""), query(`#${name}`).value]).filter(([name, value]) => value && !(name === "sort" && value === "seed")));
  const hash = failure.opened ?? data?.evaluation.id ?? "";
  history.replaceState(null, "", `${location.pathname}${kept.size ? `?${kept}` : ""}${hash ? `#${hash}` : ""}`);
}

async function recall() {
  const kept = new URLSearchParams(location.search), [id, number] = location.hash.slice(1).split("/");
  await list(id || undefined);
  if (!data) return;
  if (kept.get("against")) await compare(kept.get("against"));
  for (const name of ["sort", ...FILTERS]) {
    const place = query(`#${name === "sort" ? name : `filter-${name}`}`), value = kept.get(name);
    if ([...place.options].some((option) => option.value === value)) place.value = value;
  }
  show();
  if (!number || !data.evaluation.id.startsWith(id)) return;
  const i = data.columns.number.indexOf(Number(number));
  if (i < 0) say(`Evaluation ${data.evaluation.id} has no episode ${number}: choose a cell.`);
  else { matrix.choose(i); open(i); }
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
  const changed = wanted.changed && changes ? new Set(changes[wanted.changed === "unchanged" ? "same" : wanted.changed].map(([, now]) => now)) : null;
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
  const title = SORTED[query("#sort").value]; // an order over all tasks is one block
  const parts = title ? [found] : data.families.map(() => []);
  if (!title) for (const i of found) parts[columns.family[i]].push(i);
  const blocks = parts.map((cells, family) => ({ title: title ?? data.families[family], cells, words: query("#filter-outcome").value ? String(cells.length) : rate(cells.filter(isSuccess).length, cells.length) }));
  const moved = changes && !query("#filter-changed").value && new Set([...changes.fixed, ...changes.broken].map(([, now]) => now));
  matrix.show(blocks, (i) => data.outcomes[columns.outcome[i]], moved ? (i) => !moved.has(columns.number[i]) : undefined);
  summary(found.filter(isSuccess).length, found);
  const canvas = query("#matrix");
  canvas.dataset.took = (performance.now() - began).toFixed(1);
  canvas.dataset.count = found.length;
  query("#clear-filters").hidden = !FILTERS.some((name) => query(`#filter-${name}`).value);
  remember();
}

function summary(successes, found) {
  const { evaluation, columns } = data;
  const counts = new Map();
  for (const i of found) if (columns.events[i] > 0) data.event_kinds.forEach((kind, bit) => { if (columns.events[i] & (1 << bit)) counts.set(kind, (counts.get(kind) ?? 0) + 1); });
  const causes = new Map();
  for (const i of found) if (columns.cause[i] >= 0) causes.set(data.causes[columns.cause[i]], (causes.get(data.causes[columns.cause[i]]) ?? 0) + 1);
  const chips = (of, filter) => [...of].sort((one, other) => other[1] - one[1]).map(([name, count]) => `<button type="button" class="chip" data-filter="${filter}" data-value="${escape(name)}" title="${escape(data.rules[name] ?? "")}">${escape(name)} <b>${count}</b></button>`).join("");
  const problem = evaluation.problem ? `<p class="problem">${escape(evaluation.problem)}</p>` : "";
  const failed = found.length - successes;
  const against = changes ? `<p>Before: ${escape(words(changes.before))}. Now: this one. <b>${changes.fixed.length}</b> fixed, <b>${changes.broken.length}</b> broken, <b>${changes.unchanged}</b> unchanged of ${changes.pairs} pairs; difference ${(100 * (changes.paired.difference ?? 0)).toFixed(1)} points${changes.paired.interval_95 ? ` (${changes.paired.interval_95.map((each) => (100 * each).toFixed(1)).join(" to ")})` : ""}, McNemar p = ${Number(changes.paired.mcnemar_p ?? 1).toPrecision(2)}.${changes.problem ? ` ${escape(changes.problem)}` : ""}</p>` : "";
  const total = found.length && query("#filter-outcome").value ? `<b>${found.length}</b> of ${data.count} episodes` : `<b>${found.length ? ((100 * successes) / found.length).toFixed(1) : "–"} %</b> ${found.length ? rate(successes, found.length).replace(/,.*% \(/, "; 95 % interval ").replace(")", "") : "nothing is like that"}${failed || !found.length ? "" : ": no failures here"}`;
  query("#summary").innerHTML = `<p class="rate">${total}</p>${problem}${against}
    <p class="chips">${chips(causes, "cause")}${chips(counts, "event")}</p>`;
  for (const chip of document.querySelectorAll("#summary .chip")) chip.onclick = () => { const place = query(`#filter-${chip.dataset.filter}`); place.value = place.value === chip.dataset.value ? "" : chip.dataset.value; show(); };
}

function cell(i) {
  const { columns } = data;
  const kinds = columns.events[i] > 0 ? data.event_kinds.filter((_, bit) => columns.events[i] & (1 << bit)).join(", ") : "";
  const outcome = data.outcomes[columns.outcome[i]];
  const short = outcome === "success" ? seconds(columns.steps[i]) : `at best ${(100 * columns.closest[i]).toFixed(1)} cm short`;
  return `${data.families[columns.family[i]]} · ${data.targets[columns.target[i]]} · seed ${columns.seed[i]} · ${outcome}, ${short}${kinds ? ` · ${kinds}` : ""}${columns.cause[i] >= 0 ? ` · ${data.causes[columns.cause[i]]}` : ""}`;
}

function open(i) {
  failure.open(data.evaluation.id, data.columns.number[i]);
  remember();
}

// --- work that takes long -----------------------------------------------------------------------------------------------------

async function follow(name) {
  if (name !== "evaluate" || performance.now() - looked < ANEW) return;
  looked = performance.now();
  const known = new Set(evaluations.map((each) => each.id));
  if (!(await read())) return;
  const fresh = evaluations.find((each) => !known.has(each.id));
  if (fresh) query("#evaluation").value = fresh.id;
  const now = evaluations.find((each) => each.id === query("#evaluation").value);
  if (fresh || now?.state === "running") await load(now.id);
}

async function done(name, job) {
  if (job.state === "failed") say(job.sentence);
  const id = job.command.split(" ")[2]; // of the evaluation that it was about
  if (name === "report" && job.state === "done") {
    if (data?.evaluation.id === id) offerReport(true);
    else say(`The report of ${id} is written: choose that evaluation to download it.`, "done");
    return;
  }
  await list();
  if (name === "diagnose" && failure.opened?.startsWith(`${id}/`)) failure.again();
}

function startEvaluate() {
  const dialog = query("#evaluate-dialog");
  query("#evaluate").onclick = () => { query("#evaluate-problem").textContent = ""; dialog.showModal(); };
  query("#evaluate-close").onclick = () => dialog.close();
  query("#evaluate-start").onclick = async () => {
    const value = (name) => query(`#evaluate-${name}`).value;
    const body = { episodes: Number(value("episodes")), seed: Number(value("seed")), delay: Number(value("delay")), tasks: value("tasks"), schedule: value("schedule"), perturb: value("perturb"), checkpoint: value("checkpoint") };
    if (await work.start("evaluate", body)) dialog.close();
    else query("#evaluate-problem").textContent = query("#notice").textContent;
  };
}

function begun() {
  matrix = new Matrix(query("#matrix-place"), query("#matrix-height"), query("#matrix"), {
    choose: (i) => open(i),
    point: (i) => { const shown = i ?? matrix.current ?? null; query("#cell").textContent = shown === null ? "" : cell(shown); },
  });
  player = new Player(query("#player"));
  work = new Work(query("#jobs"), { follow, done });
  failure = new Failure(player, {
    diagnose: (evaluation, number, from) => work.start("diagnose", { evaluation, numbers: [number], from }),
    get pairs() { return changes; },
    get rules() { return data?.rules ?? {}; },
  });
  begin(() => { player.draw(); matrix.draw(); });
  for (const name of FILTERS) query(`#filter-${name}`).onchange = show;
  query("#sort").onchange = show;
  query("#clear-filters").onclick = () => { for (const name of FILTERS) query(`#filter-${name}`).value = ""; show(); };
  query("#evaluation").onchange = ({ target }) => list(target.value);
  query("#against").onchange = async ({ target }) => { await compare(target.value); show(); };
  query("#do-diagnose").onclick = () => work.start("diagnose", { evaluation: data.evaluation.id });
  query("#do-report").onclick = () => work.start("report", { evaluation: data.evaluation.id });
  startEvaluate();
  window.failures = { player, matrix, open, get data() { return data; } };
  recall();
}

begun();
