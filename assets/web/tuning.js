// Fine-tuning from the library page: a new checkpoint from corrections, made in the background; it may be left alone.

import { Made } from "./made.js";
import { ask, query } from "./sheet.js";

const WAIT = 1000; // milliseconds between two looks at how far it is

export function startTuning() {
  const dialog = query("#tuning-dialog"), bar = query("#tuning-progress"), words = query("#tuning-status");
  const made = new Made(query("#made"));
  let looking = 0, was = null;
  const follow = (said) => {
    clearTimeout(looking);
    if (!said) {
      words.textContent = query("#notice").textContent;
      return;
    }
    const isRunning = said.state === "running";
    if (was === "running" && said.state === "done") made.show();
    was = said.state;
    bar.hidden = said.state === "none";
    if (isRunning && said.fraction == null) bar.removeAttribute("value");
    else bar.value = said.state === "done" ? 1 : said.fraction ?? 0;
    const share = isRunning && said.fraction != null ? `${said.name}: ${Math.round(100 * said.fraction)} %. ` : "";
    words.textContent = said.state === "none" ? "" : share + said.message;
    words.dataset.kind = said.state === "failed" ? "error" : "";
    query("#tuning-cancel").hidden = !isRunning;
    query("#tuning-start").disabled = isRunning;
    if (isRunning && dialog.open) looking = setTimeout(async () => follow(await ask("/library/finetune")), WAIT);
  };
  query("#do-tune").onclick = async () => {
    dialog.showModal();
    made.show();
    follow(await ask("/library/finetune"));
  };
  query("#tuning-start").onclick = async () => follow(await ask("/library/finetune", {
    name: query("#tuning-name").value, task: query("#tuning-task").value, starred: query("#tuning-starred").checked,
  }));
  query("#tuning-cancel").onclick = async () => follow(await ask("/library/finetune", { cancel: true }));
  query("#tuning-close").onclick = () => dialog.close();
  dialog.onclose = () => { clearTimeout(looking); made.stop(); };
}
