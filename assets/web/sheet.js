// What the pages beside the cockpit share: asking the server, saying what went wrong, small words for numbers.

import { startTheme } from "./theme.js";

export const query = (selector, within = document) => within.querySelector(selector);
export const STEPS_PER_SECOND = 20;

const SHOWN = 8000; // milliseconds
let hiding = 0;

// One sentence for the person at the page; gone after a while.
export function say(sentence, kind = "error") {
  const place = query("#notice");
  clearTimeout(hiding);
  place.textContent = sentence ?? "";
  place.dataset.kind = kind;
  place.hidden = !sentence;
  hiding = setTimeout(() => { place.hidden = true; }, SHOWN);
}

// The JSON answer; null, with the reason on the page, where it was refused or nobody answers.
export async function ask(address, body) {
  try {
    const sent = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(address, sent);
    const said = (answer.headers.get("Content-Type") ?? "").includes("json") ? await answer.json() : { error: (await answer.text()).slice(0, 300) };
    if (answer.ok) return said;
    say(said.error ?? `The cockpit refused it (${answer.status}).`);
  } catch {
    say("The cockpit does not answer: is it still running? Reload this page when it is.");
  }
  return null;
}

export const escape = (text) => String(text ?? "").replace(/[&<>"']/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[sign]);
export const seconds = (steps) => `${(steps / STEPS_PER_SECOND).toFixed(1)} s`;
export const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

export function begin(redraw = () => {}) {
  startTheme(query("#theme"), redraw);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest?.("input, textarea, select")) return;
    event.preventDefault();
    query("#search")?.focus();
  });
}

// A job's `status` on a progress bar and in words; true while it goes on.
export function showJob(job, bar, words) {
  const isRunning = job?.state === "running";
  bar.hidden = !job || job.state === "none";
  bar.max = job?.total || 1;
  if (isRunning && !job.total) bar.removeAttribute("value");
  else bar.value = job?.state === "done" ? bar.max : job?.done ?? 0;
  const counts = job?.total ? `${job.done} of ${job.total}` : "";
  const left = job?.left ? `, ${job.left} left` : "";
  words.textContent = !job || job.state === "none" ? ""
    : isRunning ? `${counts || "It begins"}${left}`
    : job.state === "cancelled" ? `Cancelled${counts ? ` after ${counts}` : ""}; it can go on from there.`
    : job.sentence;
  words.dataset.kind = job?.state === "failed" ? "error" : "";
  return isRunning;
}
