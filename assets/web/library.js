// The library page: every episode on disk, searched, filtered and sorted in the browser, shown in the live view, changed.

import { Player } from "./player.js";
import { Rows } from "./rows.js";
import { ask, begin, escape, plural, query, say, seconds, showJob } from "./sheet.js";
import { startTuning } from "./tuning.js";

const ROW = 76; // pixels
const WAIT = 400; // milliseconds between two looks at how far reading or an export is
const DRIVERS = ["policy", "human", "expert", "hold"];
const OUTCOMES = ["success", "failure", "refused", "aborted"];
const SORTS = {
  started: (each) => -(each.started ?? 0),
  steps: (each) => -(each.steps ?? 0),
  human: (each) => -(each.human ?? 0),
  outcome: (each) => each.outcome ?? "~",
  instruction: (each) => each.instruction ?? "~",
  seed: (each) => each.seed ?? Infinity,
  name: (each) => each.name || each.id,
};

let episodes = []; // all that are on disk, deleted ones too
const selected = new Set();
let player, rows;
const encode = (id) => id.split("/").map(encodeURIComponent).join("/");

// --- the list -------------------------------------------------------------------------------------------------------

async function load() {
  const said = await ask("/library/episodes");
  if (!said) return;
  if (said.reading) {
    query("#totals").textContent = said.reading[1] ? `Reading ${said.reading[0]} of ${said.reading[1]} new episodes` : "Reading the library";
    return setTimeout(load, WAIT);
  }
  if (said.problem) say(said.problem);
  episodes = said.rows.map((row) => episodeOf(row, said.fields));
  names();
  totals(said.totals);
  show();
}

function episodeOf(row, fields) {
  const each = {};
  fields.forEach((field, index) => { each[field] = row[index]; });
  each.folder = each.id.includes("/") ? `${each.id.slice(0, each.id.lastIndexOf("/"))}/` : "";
  each.words = [each.name, each.id, each.instruction, each.checkpoint, each.fingerprint, each.seed, each.problem].join(" ").toLowerCase();
  return each;
}

function take(changed, fields) {
  const by = new Map(changed.map((row) => [row[0], row]));
  episodes = episodes.map((each) => (!each.deleted && by.has(each.id) ? episodeOf(by.get(each.id), fields) : each));
}

function totals(of) {
  if (of.episodes === undefined) return;
  const outcomes = OUTCOMES.filter((name) => of.outcomes[name]).map((name) => `${of.outcomes[name]} ${name}`).join(", ");
  const minutes = of.seconds >= 120 ? `${(of.seconds / 60).toFixed(0)} min` : `${of.seconds.toFixed(0)} s`;
  const bad = of.unreadable ? `, ${of.unreadable} cannot be read` : "";
  query("#totals").textContent = `${plural(of.episodes, "episode")}, ${minutes}${outcomes ? `: ${outcomes}` : ""}${bad}${of.deleted ? `, ${of.deleted} in the trash` : ""}`;
}

function names() {
  const place = query("#filter-checkpoint"), chosen = place.value;
  const known = [...new Set(episodes.map((each) => each.checkpoint).filter(Boolean))].sort();
  place.replaceChildren(new Option("any", ""), ...known.map((name) => new Option(name, name)));
  place.value = known.includes(chosen) ? chosen : "";
}

function matches() {
  const words = query("#search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const [outcome, driver, checkpoint, warning] = ["outcome", "driver", "checkpoint", "warning"].map((name) => query(`#filter-${name}`).value);
  const isStarred = query("#filter-starred").checked, isTrash = query("#filter-trash").checked;
  const warned = (each) => warning === "unreadable" ? Boolean(each.problem)
    : warning === "any" ? each.warnings?.length : warning === "none" ? !each.warnings?.length : each.warnings?.some(([kind]) => kind === warning);
  return episodes.filter((each) => Boolean(each.deleted) === isTrash
    && words.every((word) => each.words.includes(word))
    && (!outcome || (outcome === "unlabelled" ? each.whole === false && each.by !== "human" : each.outcome === outcome))
    && (!driver || each[driver] > 0)
    && (!checkpoint || each.checkpoint === checkpoint)
    && (!warning || warned(each))
    && (!isStarred || each.starred));
}

function show() {
  const began = performance.now();
  const key = SORTS[query("#sort").value];
  const sign = query("#sort-direction").getAttribute("aria-pressed") === "true" ? -1 : 1;
  const keyed = matches().map((each) => [key(each), each]);
  keyed.sort(([one], [other]) => sign * (one < other ? -1 : one > other ? 1 : 0));
  const found = keyed.map(([, each]) => each);
  const now = rows.current?.id;
  rows.show(found, (each) => each.id === now);
  for (const id of [...selected]) if (!found.some((each) => each.id === id)) selected.delete(id);
  const isTrash = query("#filter-trash").checked;
  query("#do-undelete").hidden = !isTrash;
  for (const name of ["star", "label", "delete", "export"]) query(`#do-${name}`).hidden = isTrash;
  query("#empty").hidden = found.length > 0;
  query("#empty").textContent = episodes.some((each) => Boolean(each.deleted) === isTrash) ? "No episode is like that. Change the search or a filter."
    : isTrash ? "The trash is empty." : "No episodes yet: press Run in the cockpit, or collect some with `libra collect`.";
  count();
  query("#episodes").dataset.took = (performance.now() - began).toFixed(1);
  query("#episodes").dataset.count = found.length;
}

function drawRow(each, row) {
  const isSelected = selected.has(each.id);
  row.setAttribute("aria-selected", isSelected);
  if (each.problem && each.steps == null) {
    row.classList.add("bad");
    row.setAttribute("aria-label", `${each.id} cannot be read: ${each.problem}`);
    row.innerHTML = `<input type="checkbox" tabindex="-1" ${isSelected ? "checked" : ""} aria-label="Select"><span class="film none" aria-hidden="true">✕</span>
      <div class="what"><b>${escape(each.id)}</b><small title="${escape(each.problem)}">Cannot be read: ${escape(each.problem)}</small></div>`;
  } else {
    const who = DRIVERS.map((name) => (each[name] ? `<i class="${name}" style="flex:${each[name]}"></i>` : "")).join("");
    const drove = DRIVERS.filter((name) => each[name]).map((name) => `${name} ${each[name]}`).join(", ");
    const warnings = each.warnings.map(([kind, sentence]) => `<em title="${escape(sentence)}">⚠ ${escape(kind)}</em>`).join("");
    const parent = each.parent ? `<em class="parent" title="Branched off from ${escape(each.parent)} at step ${each.parent_step}">↳ ${escape(each.parent)}:${each.parent_step}</em>` : "";
    row.setAttribute("aria-label", `${each.name || each.id}: ${each.instruction || "by hand"}, ${each.outcome} says ${each.by ?? "nobody"}, ${seconds(each.steps)}, drove: ${drove}, scene ${each.seed}${each.starred ? ", starred" : ""}${each.warnings.length ? `, warnings: ${each.warnings.map(([kind]) => kind).join(", ")}` : ""}`);
    row.innerHTML = `<input type="checkbox" tabindex="-1" ${isSelected ? "checked" : ""} aria-label="Select">
      <img class="film" loading="lazy" decoding="async" alt="" src="/library/strip/${encode(each.id)}?${each.started}-${each.recorded_steps}">
      <div class="what"><b>${each.name ? escape(each.name) : escape(each.instruction || "by hand")}</b><small>${each.name ? `${escape(each.instruction || "by hand")} · ` : ""}${escape(each.id)}${each.checkpoint ? ` · ${escape(each.checkpoint)}` : ""} · scene ${each.seed}</small><span class="signs">${parent}${warnings}${each.problem ? `<em title="${escape(each.problem)}">⚠ edits</em>` : ""}</span></div>
      <div class="how"><span data-outcome="${each.outcome}">${each.outcome}</span><small>${each.by ? `says ${escape(each.by)}` : "nobody said"}</small></div>
      <div class="long"><b>${seconds(each.steps)}</b><span class="who" title="${escape(drove)} control steps">${who}</span></div>
      <button type="button" class="star" tabindex="-1" aria-pressed="${Boolean(each.starred)}" aria-label="Star">${each.starred ? "★" : "☆"}</button>`;
    query(".star", row).onclick = () => change(each.starred ? "unstar" : "star", [each]);
    query("img", row).onerror = (event) => { event.target.outerHTML = '<span class="film none" aria-hidden="true">no pictures</span>'; };
  }
  query("input", row).onclick = (event) => { select(each, event.target.checked, event.shiftKey); };
}

// --- selecting and changing -------------------------------------------------------------------------------------------

let lastSelected = null;

function select(each, isOn, isRange = false) {
  const from = isRange ? rows.items.indexOf(lastSelected) : -1;
  const to = rows.items.indexOf(each);
  const meant = from < 0 ? [each] : rows.items.slice(Math.min(from, to), Math.max(from, to) + 1);
  for (const one of meant) isOn ? selected.add(one.id) : selected.delete(one.id);
  lastSelected = each;
  rows.redraw();
  count();
}

function count() {
  query("#selected-count").textContent = selected.size ? `${selected.size} selected` : "None selected";
  const all = query("#select-all");
  all.checked = selected.size > 0 && selected.size === rows.items.length;
  all.indeterminate = selected.size > 0 && !all.checked;
  for (const name of ["star", "label", "delete", "export"]) query(`#do-${name}`).disabled = !selected.size;
  query("#do-undelete").disabled = !selected.size;
}

const chosen = () => rows.items.filter((each) => selected.has(each.id));

async function change(deed, meant, more = {}) {
  const said = await ask("/library/change", { do: deed, episodes: meant.map((each) => each.id), ...more });
  if (!said) return false;
  const failures = Object.values(said.failed);
  if (failures.length) say(failures.length === 1 ? failures[0] : `${failures[0]} (and ${failures.length - 1} more)`);
  if (said.whole) {
    selected.clear();
    await load();
    say(`${plural(meant.length, "episode")} ${deed === "delete" ? "put into the trash" : "taken out of the trash"}.`, "done");
  } else {
    take(said.rows, said.fields);
    totals(said.totals);
    show();
  }
  detail(episodes.find((each) => each.id === rows.current?.id) ?? null);
  return true;
}

// --- one episode ------------------------------------------------------------------------------------------------------

function detail(each) {
  const place = query("#facts");
  if (!each) { place.innerHTML = '<p class="quiet">Choose an episode to see it here.</p>'; return; }
  if (each.steps == null) { place.innerHTML = `<h2>${escape(each.id)}</h2><p class="problem">${escape(each.problem)}</p>`; return; }
  const when = each.started ? new Date(each.started * 1000).toLocaleString() : "unknown";
  const trimmed = each.steps !== each.recorded_steps ? `, trimmed from ${seconds(each.recorded_steps)}` : "";
  const last = each.first + each.steps;
  place.innerHTML = `
    <h2>${escape(each.instruction || "by hand")}</h2>
    <p class="quiet">${escape(each.sentence)}</p>
    <dl>
      <div><dt>Outcome</dt><dd><span data-outcome="${each.outcome}">${each.outcome}</span> <small>${each.by ? `says ${escape(each.by)}` : "nobody said"}${each.outcome !== each.recorded ? `, recorded as ${each.recorded}` : ""}</small></dd></div>
      <div><dt>Length</dt><dd>${seconds(each.steps)} <small>steps ${each.first} to ${last - 1}${trimmed}</small></dd></div>
      <div><dt>Who drove</dt><dd>${DRIVERS.filter((name) => each[name]).map((name) => `${name} ${seconds(each[name])}`).join(", ")} <small>${plural(each.interventions, "intervention")}</small></dd></div>
      <div><dt>Policy</dt><dd>${escape(each.checkpoint || "none")} <small>${escape(each.fingerprint)}</small></dd></div>
      <div><dt>Scene</dt><dd>${each.seed} <small>${escape(each.schedule)}${each.latency ? `, ${each.latency} ms` : ""}</small></dd></div>
      <div><dt>Recorded</dt><dd>${escape(when)}</dd></div>
      ${each.parent ? `<div><dt>Branch of</dt><dd><button type="button" id="go-parent" class="text">${escape(each.parent)}</button> <small>step ${each.parent_step}</small></dd></div>` : ""}
      ${each.warnings.map(([kind, sentence]) => `<div class="warned"><dt>⚠ ${escape(kind)}</dt><dd>${escape(sentence)}</dd></div>`).join("")}
      ${each.problem ? `<div class="warned"><dt>⚠ edits</dt><dd>${escape(each.problem)}</dd></div>` : ""}
    </dl>
    ${each.deleted ? '<div class="buttons"><button type="button" id="one-undelete">Undelete</button></div>' : `
    <div class="buttons">
      <button type="button" id="one-play" class="primary">Play</button>
      <button type="button" id="one-star" aria-pressed="${Boolean(each.starred)}">${each.starred ? "★ Starred" : "☆ Star"}</button>
      <label>Outcome <select id="one-label">${OUTCOMES.map((name) => `<option ${name === each.outcome ? "selected" : ""}>${name}</option>`).join("")}${each.outcome !== each.recorded || each.by === "human" ? '<option value="recorded">as recorded</option>' : ""}</select></label>
      <button type="button" id="one-delete">Delete</button>
    </div>
    <form id="rename" class="buttons"><label class="wide">Name <input id="one-name" maxlength="80" value="${escape(each.name)}" placeholder="${escape(each.id)}" autocomplete="off"></label><button>Rename</button></form>
    <form id="trim" class="buttons"><label>Keep from <input id="trim-first" type="number" value="${each.first}" min="${each.recorded_first}" max="${each.recorded_first + each.recorded_steps - 1}"></label><label>to before <input id="trim-end" type="number" value="${last}" min="${each.recorded_first + 1}" max="${each.recorded_first + each.recorded_steps}"></label><button>Trim</button><button type="button" id="trim-all" ${trimmed ? "" : "disabled"}>Whole</button></form>
    <p class="buttons"><a class="button" href="/library/file/log/${encode(each.id)}" download>Log</a>${each.rerun ? `<a class="button" href="/library/file/rrd/${encode(each.id)}" download>Rerun recording</a>` : ""}</p>`}`;
  if (each.deleted) { query("#one-undelete").onclick = () => change("undelete", [each]); return; }
  query("#one-play").onclick = () => open(each, true);
  query("#one-star").onclick = () => change(each.starred ? "unstar" : "star", [each]);
  query("#one-delete").onclick = () => change("delete", [each]);
  query("#one-label").onchange = ({ target }) => change("label", [each], { outcome: target.value === "recorded" ? null : target.value });
  query("#rename").onsubmit = (event) => { event.preventDefault(); change("rename", [each], { name: query("#one-name").value }); };
  query("#trim").onsubmit = (event) => { event.preventDefault(); change("trim", [each], { first: query("#trim-first").valueAsNumber, end: query("#trim-end").valueAsNumber }); };
  query("#trim-all").onclick = () => change("trim", [each], { first: null, end: null });
  const parent = query("#go-parent");
  if (parent) parent.onclick = () => {
    const id = each.parent.includes("/") ? each.parent : `${each.folder}${each.parent}`; // another run's has its folder
    const index = rows.items.findIndex((other) => other.id === id);
    index < 0 ? say(`${each.parent} is not in the list: it is filtered out, deleted, or in another library.`) : rows.go(index);
  };
}

let opening = 0;

function choose(each) {
  detail(each);
  clearTimeout(opening);
  if (each.steps != null && !each.deleted) opening = setTimeout(() => open(each), 150); // not each that an arrow key passes
}

function open(each, plays = false) {
  clearTimeout(opening);
  return player.open("/library/open", { episode: each.id, step: each.first }, { plays });
}

function key(event, each) {
  const deeds = {
    " ": () => select(each, !selected.has(each.id)),
    Enter: () => each.steps != null && !each.deleted && open(each, true),
    s: () => change(each.starred ? "unstar" : "star", [each]),
    Delete: () => !each.deleted && change("delete", [each]),
  };
  const deed = deeds[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!deed) return;
  event.preventDefault();
  deed();
}

// --- export -------------------------------------------------------------------------------------------------------------

function startExport() {
  const dialog = query("#export-dialog"), bar = query("#export-progress"), words = query("#export-status");
  let looking = 0;
  const follow = (job) => {
    clearTimeout(looking);
    const isRunning = showJob(job, bar, words);
    query("#export-cancel").hidden = !isRunning;
    query("#export-start").disabled = isRunning;
    if (isRunning) looking = setTimeout(async () => follow(await ask("/library/export")), WAIT);
  };
  query("#do-export").onclick = async () => {
    query("#export-what").textContent = `${plural(selected.size, "episode")}, as they are trimmed and labelled now.`;
    dialog.showModal();
    follow(await ask("/library/export"));
  };
  query("#export-start").onclick = async () => {
    const said = await ask("/library/export", { episodes: chosen().map((each) => each.id), name: query("#export-name").value, skip_unlabelled: query("#export-skip").checked });
    if (said) follow(said);
    else words.textContent = query("#notice").textContent;
  };
  query("#export-cancel").onclick = async () => follow(await ask("/library/export", { cancel: true }));
  query("#export-close").onclick = () => dialog.close();
}

function start() {
  rows = new Rows(query("#episodes"), ROW, { draw: drawRow, choose, key });
  player = new Player(query("#player"));
  begin(() => player.draw());
  for (const id of ["filter-outcome", "filter-driver", "filter-checkpoint", "filter-warning", "filter-starred", "filter-trash", "sort"]) query(`#${id}`).onchange = show;
  query("#search").oninput = show;
  query("#search").onkeydown = (event) => { if (event.key === "ArrowDown" || event.key === "Enter") { event.preventDefault(); query("#episodes").focus(); rows.go(Math.max(0, rows.at)); } };
  query("#sort-direction").onclick = ({ target }) => {
    const isOn = target.getAttribute("aria-pressed") !== "true";
    target.setAttribute("aria-pressed", isOn);
    target.textContent = isOn ? "↑" : "↓";
    show();
  };
  query("#select-all").onchange = ({ target }) => {
    for (const each of rows.items) target.checked ? selected.add(each.id) : selected.delete(each.id);
    rows.redraw();
    count();
  };
  query("#do-star").onclick = () => change(chosen().every((each) => each.starred) ? "unstar" : "star", chosen());
  query("#do-label").onchange = async ({ target }) => { if (target.value) await change("label", chosen(), { outcome: target.value === "recorded" ? null : target.value }); target.value = ""; };
  query("#do-delete").onclick = () => change("delete", chosen());
  query("#do-undelete").onclick = () => change("undelete", chosen());
  startExport();
  startTuning();
  window.library = { player, rows };
  load();
}

start();
