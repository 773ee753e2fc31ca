// Episodes of this scene as a tree: a line for each, beginning where it branched off; click one to look at it.

const ROW = 22; // pixels
const NAME = 44;
const LEFT = 10;
const COLORS = { success: "var(--good)", failure: "var(--bad)", refused: "var(--warn)", aborted: "var(--still)" };

const query = (selector) => document.querySelector(selector);

export class Tree {
  constructor(view) {
    this.view = view;
    this.place = query("#timeline .tree");
    this.button = query("#tree");
    this.button.onclick = () => { this.place.hidden = !this.place.hidden; this.button.setAttribute("aria-expanded", !this.place.hidden); if (!this.place.hidden) this.ask(); };
    this.place.addEventListener("keydown", (event) => event.key === "Escape" && (event.stopPropagation(), this.button.click(), this.button.focus()));
    this.episodes = [];
    this.shown = "";
  }

  ask() { this.view.ask({ do: "episodes" }); }

  follow(status) {
    this.button.disabled = !status.line && !status.looked_line;
    const now = [status.line?.episode, status.line?.outcome, status.looked?.[0]].join();
    this.looked = status.looked?.[0] ?? status.line?.episode;
    if (now === this.shown || this.place.hidden) return;
    this.shown = now;
    this.ask();
  }

  // episodes: oldest first, as `/episodes` lists them; those that cannot be gone back to have no steps
  listed(episodes) {
    if (!episodes) return;
    this.episodes = episodes.filter((each) => each.step !== undefined);
    this.draw();
  }

  // Oldest first, but every branch right below what it branched off from.
  get rows() {
    const known = new Set(this.episodes.map((each) => each.episode));
    const under = (parent) => this.episodes.filter((each) => (known.has(each.parent) ? each.parent : null) === parent)
      .flatMap((each) => [each, ...under(each.episode)]);
    return under(null);
  }

  draw() {
    if (this.place.hidden) return;
    const rows = this.rows;
    const width = this.place.clientWidth - 24;
    const end = Math.max(40, ...rows.map((each) => each.step));
    const x = (step) => LEFT + NAME + (step / end) * (width - LEFT - NAME - 12);
    const lines = rows.map((each, row) => this.line(each, row * ROW + ROW / 2, x, rows));
    this.place.innerHTML = `<svg width="${width}" height="${Math.max(1, rows.length) * ROW}" role="tree" aria-label="Episodes and their branches">${lines.join("")}</svg>`;
    for (const line of this.place.querySelectorAll("[data-episode]")) {
      const look = () => this.view.ask({ do: "look", episode: line.dataset.episode, step: Number(line.dataset.step) });
      line.onclick = look;
      line.onkeydown = (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); look(); } };
    }
  }

  line(each, y, x, rows) {
    const color = COLORS[each.outcome] ?? "var(--accent)";
    const parent = rows.findIndex((other) => other.episode === each.parent);
    const from = parent < 0 ? "" : `<path d="M${x(each.first)} ${parent * ROW + ROW / 2}V${y}" stroke="var(--line-strong)" stroke-width="1.5"/>`;
    const hands = each.human.map(([first, last]) => `<path d="M${x(first)} ${y}H${Math.max(x(first) + 2, x(last))}" stroke="var(--human)" stroke-width="9"/>`).join("");
    const words = `${each.episode}: ${each.instruction || "by hand"}, ${each.outcome ?? "open"}, steps ${each.first} to ${each.step}, ${each.schedule}, ${each.planner_latency_ms} ms`;
    const isLooked = each.episode === this.looked;
    return `<g role="treeitem" tabindex="0" data-episode="${each.episode}" data-step="${Math.max(each.first, each.step - 1)}" aria-selected="${isLooked}" aria-label="${escape(words)}">
      <title>${escape(words)}</title><rect x="0" y="${y - ROW / 2}" width="100%" height="${ROW}" rx="5"/>
      ${from}<text x="${LEFT}" y="${y + 4}">${Number(each.episode.replace(/\D/g, ""))}</text>
      <path d="M${x(each.first)} ${y}H${Math.max(x(each.first) + 3, x(each.step))}" stroke="${color}" stroke-width="5"/>${hands}</g>`;
  }
}

const escape = (text) => text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]);
