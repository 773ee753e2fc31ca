// A key for every button: whatever has `data-key` is pressed by it, unless somebody types or the key moves the arm.

const NAMES = { " ": "Space", Escape: "Esc" };
const query = (selector) => document.querySelector(selector);
const named = (event) => {
  const key = NAMES[event.key] ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key);
  return event.shiftKey && /^[A-Z]$/.test(key) ? `Shift+${key}` : key;
};
const isText = (element) => element.closest?.("textarea, select, [contenteditable=true], input:not([type=range], [type=radio], [type=checkbox])");
const isSeen = (element) => element.getClientRects().length > 0 && !element.disabled;

export function startShortcuts() {
  for (const element of document.querySelectorAll("[data-key]")) {
    element.setAttribute("aria-keyshortcuts", element.dataset.key.replace("Esc", "Escape"));
    if (element.dataset.tip) element.setAttribute("aria-description", element.dataset.tip);
  }
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const key = named(event);
    if (event.target.closest?.("dialog[open]")) return;
    if (key !== "Esc" && isText(event.target)) return;
    if (key === "Enter" || (key === "Space" && event.target.closest?.("button, a, [role=treeitem], summary"))) return;
    if (key === "/") { event.preventDefault(); return query("#instruction :is(input, textarea)").focus(); }
    const radios = [...document.querySelectorAll("#schedule input")];
    if (radios[key - 1]) { event.preventDefault(); return radios[key - 1].click(); }
    const found = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === key && isSeen(each));
    if (!found) return;
    event.preventDefault();
    found.click();
  });
  const dialog = query("#help-dialog");
  query("#help").onclick = () => { list(dialog.querySelector("dl")); dialog.showModal(); };
  query("#help-close").onclick = () => dialog.close();
  dialog.onclick = (event) => { if (event.target === dialog) dialog.close(); };
  dialog.onkeydown = (event) => event.stopPropagation(); // in it Escape closes it; on the page it stops the arm
}

// All keys there are, with what they do, in the order of the page.
function list(place) {
  const rows = [...document.querySelectorAll("[data-key]")].map((each) => [each.dataset.key, each.dataset.tip]);
  rows.push(["/", "Type an instruction"], ["1 2 3", "Synchronous, sequential, asynchronous"]);
  place.replaceChildren(...rows.map(([key, tip]) => {
    const row = document.createElement("div");
    row.append(Object.assign(document.createElement("dt"), { textContent: key }), Object.assign(document.createElement("dd"), { textContent: tip }));
    return row;
  }));
}
