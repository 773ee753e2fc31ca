// A list of any length: only the rows that are in sight exist. Arrow keys move, and whoever reads the screen is told where.

const SPARE = 6; // rows beyond the edges

export class Rows {
  // place: scrolls, holds a .spacer; height: pixels of a row; on: {draw(item, element), choose(item), key(event, item)}
  constructor(place, height, on) {
    Object.assign(this, { place, height, on, items: [], at: -1, drawn: new Map() }); // drawn: item -> its row
    this.spacer = place.querySelector(".spacer");
    place.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(place);
    place.addEventListener("keydown", (event) => this.key(event));
    place.addEventListener("click", (event) => {
      const row = event.target.closest("[data-index]");
      if (row && !event.target.closest("input, button, a")) this.go(Number(row.dataset.index));
    });
  }

  get current() { return this.items[this.at]; }

  // keep: whether an item is the one that stays current
  show(items, keep = () => false) {
    this.items = items;
    this.at = items.findIndex(keep);
    this.spacer.style.height = `${items.length * this.height}px`;
    this.draw();
  }

  // Items look different now.
  redraw() {
    for (const row of this.drawn.values()) row.remove();
    this.drawn.clear();
    this.draw();
  }

  draw() {
    const first = Math.max(0, Math.floor(this.place.scrollTop / this.height) - SPARE);
    const last = Math.min(this.items.length, Math.ceil((this.place.scrollTop + this.place.clientHeight) / this.height) + SPARE);
    const seen = new Set(this.items.slice(first, last));
    for (const [item, row] of this.drawn) if (!seen.has(item)) { row.remove(); this.drawn.delete(item); }
    for (let index = first; index < last; index++) this.put(this.drawn.get(this.items[index]) ?? this.make(this.items[index]), index);
  }

  // A row stays with its item wherever that goes: its pictures need not be fetched again.
  make(item) {
    const row = document.createElement("div");
    row.className = "row";
    row.setAttribute("role", "option");
    row.style.height = `${this.height}px`;
    this.on.draw(item, row);
    this.spacer.append(row);
    this.drawn.set(item, row);
    return row;
  }

  put(row, index) {
    row.id = `${this.place.id}-${index}`;
    row.dataset.index = index;
    row.setAttribute("aria-setsize", this.items.length);
    row.setAttribute("aria-posinset", index + 1);
    row.style.transform = `translateY(${index * this.height}px)`;
    row.toggleAttribute("data-current", index === this.at);
  }

  go(index, isQuiet = false) {
    if (!this.items.length) return;
    this.at = Math.max(0, Math.min(this.items.length - 1, index));
    const top = this.at * this.height;
    if (top < this.place.scrollTop) this.place.scrollTop = top;
    if (top + this.height > this.place.scrollTop + this.place.clientHeight) this.place.scrollTop = top + this.height - this.place.clientHeight;
    this.draw();
    this.place.setAttribute("aria-activedescendant", `${this.place.id}-${this.at}`);
    if (!isQuiet) this.on.choose(this.current);
  }

  key(event) {
    if (event.target !== this.place || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.place.clientHeight / this.height) - 1);
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[event.key];
    if (by !== undefined) {
      event.preventDefault();
      this.go(by === -Infinity ? 0 : by === Infinity ? this.items.length - 1 : this.at + by);
    } else if (this.current) this.on.key(event, this.current);
  }
}
