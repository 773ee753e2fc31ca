// Tasks times seeds on a canvas: a block of cells for every task, coloured and marked by outcome; only what is in sight is drawn.

import { inks } from "./theme.js";
import { penOf } from "./graphics.js";

const CELL = 14, LABEL = 26, GAP = 10, EDGE = 12; // pixels
const COLORS = inks({ success: "good", failure: "bad", refused: "warn", ground: "panel", text: "text", muted: "muted", chosen: "accent", raised: "raised" });

export class Matrix {
  // canvas in a place that scrolls, `height` gives the place its length; on: {choose(index), point(index or null)}
  constructor(place, height, canvas, on) {
    Object.assign(this, { place, height, canvas, on, blocks: [], at: null, marks: null });
    this.pen = penOf(canvas);
    place.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.layout()).observe(place);
    canvas.addEventListener("click", (event) => { const cell = this.under(event); if (cell) { this.go(cell.block, cell.index); on.choose(this.current); } });
    canvas.addEventListener("pointermove", (event) => { const cell = this.under(event); on.point(cell ? this.blocks[cell.block].cells[cell.index] : null); });
    canvas.addEventListener("pointerleave", () => on.point(null));
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  get current() { return this.at && this.blocks[this.at.block]?.cells[this.at.index]; }
  get across() { return Math.max(1, Math.floor((this.place.clientWidth - 2 * EDGE) / CELL)); }

  // blocks: [{title, cells: [index of an episode]}]; outcome(index) -> success, failure or refused; faded(index) -> whether it stands back
  show(blocks, outcome, faded = () => false) {
    const now = this.current;
    Object.assign(this, { blocks: blocks.filter((block) => block.cells.length), outcome, faded, at: null });
    this.blocks.forEach((block, number) => { const index = block.cells.indexOf(now); if (index >= 0) this.at = { block: number, index }; });
    this.layout();
  }

  layout() {
    let top = 6;
    for (const block of this.blocks) {
      block.top = top + LABEL;
      top = block.top + Math.ceil(block.cells.length / this.across) * CELL + GAP;
    }
    this.height.style.height = `${top}px`;
    this.draw();
  }

  under(event) {
    const y = event.offsetY + this.place.scrollTop, x = event.offsetX - EDGE;
    const block = this.blocks.findIndex((each) => y >= each.top && y < each.top + Math.ceil(each.cells.length / this.across) * CELL);
    if (block < 0 || x < 0 || x >= this.across * CELL) return null;
    const index = Math.floor((y - this.blocks[block].top) / CELL) * this.across + Math.floor(x / CELL);
    return index < this.blocks[block].cells.length ? { block, index } : null;
  }

  go(block, index) {
    this.at = { block, index };
    const y = this.blocks[block].top + Math.floor(index / this.across) * CELL;
    if (y - LABEL < this.place.scrollTop) this.place.scrollTop = y - LABEL;
    if (y + CELL > this.place.scrollTop + this.place.clientHeight) this.place.scrollTop = y + CELL - this.place.clientHeight;
    this.draw();
    this.on.point(this.current);
  }

  choose(episode) {
    this.blocks.forEach((block, number) => { const index = block.cells.indexOf(episode); if (index >= 0) this.go(number, index); });
  }

  key(event) {
    if (!this.blocks.length || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); if (this.at) this.on.choose(this.current); return; }
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.across, ArrowDown: this.across, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    if (!this.at) return this.go(0, 0);
    let { block, index } = this.at;
    const last = this.blocks[block].cells.length - 1;
    if (Number.isFinite(by)) index += by;
    else index = by < 0 ? 0 : last;
    if (index > last && block + 1 < this.blocks.length) [block, index] = [block + 1, 0];
    else if (index < 0 && block > 0) [block, index] = [block - 1, this.blocks[block - 1].cells.length - 1];
    this.go(block, Math.max(0, Math.min(this.blocks[block].cells.length - 1, index)));
  }

  draw() {
    const { pen, canvas, place } = this;
    const ratio = devicePixelRatio || 1;
    const width = place.clientWidth, height = place.clientHeight, scroll = place.scrollTop;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.max(1, Math.round(width * ratio));
      canvas.height = Math.max(1, Math.round(height * ratio));
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, -scroll * ratio);
    pen.clearRect(0, scroll, width, height);
    const across = this.across;
    pen.textBaseline = "middle";
    this.blocks.forEach((block, number) => {
      const rows = Math.ceil(block.cells.length / across);
      if (block.top - LABEL > scroll + height || block.top + rows * CELL < scroll) return;
      pen.globalAlpha = 1;
      pen.font = "600 12.5px system-ui, sans-serif";
      pen.fillStyle = COLORS.text;
      pen.fillText(block.title, EDGE, block.top - LABEL / 2);
      const wide = pen.measureText(block.title).width;
      pen.font = "12px system-ui, sans-serif";
      pen.fillStyle = COLORS.muted;
      pen.fillText(block.words, EDGE + wide + 10, block.top - LABEL / 2);
      const first = Math.max(0, Math.floor((scroll - block.top) / CELL)), last = Math.min(rows, Math.ceil((scroll + height - block.top) / CELL));
      for (let index = first * across; index < Math.min(block.cells.length, last * across); index++)
        this.cell(block.cells[index], EDGE + (index % across) * CELL, block.top + Math.floor(index / across) * CELL, this.at?.block === number && this.at.index === index);
    });
    pen.globalAlpha = 1;
  }

  // A colour and a sign: a full square, a crossed one, a ring.
  cell(episode, x, y, isChosen) {
    const { pen } = this;
    const outcome = this.outcome(episode);
    const size = CELL - 2;
    pen.globalAlpha = this.faded(episode) ? 0.16 : 1;
    pen.fillStyle = COLORS[outcome];
    pen.fillRect(x, y, size, size);
    if (outcome !== "success") {
      pen.strokeStyle = COLORS.ground;
      pen.lineWidth = 1.6;
      pen.beginPath();
      if (outcome === "failure") { pen.moveTo(x + 3, y + 3); pen.lineTo(x + size - 3, y + size - 3); pen.moveTo(x + size - 3, y + 3); pen.lineTo(x + 3, y + size - 3); }
      else pen.arc(x + size / 2, y + size / 2, 3.2, 0, 7);
      pen.stroke();
    }
    if (!isChosen) return;
    pen.globalAlpha = 1;
    pen.strokeStyle = COLORS.text;
    pen.lineWidth = 2.5;
    pen.strokeRect(x - 1, y - 1, size + 2, size + 2);
  }
}
