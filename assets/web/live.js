// The live view: frames and status over the /live WebSocket (see app/web/live.py), drawn by a worker of its own.

const ALIVE = 1000; // milliseconds
const TAKES = ["take_over", "mark_failure"];

export class LiveView {
  // canvas: drawn to; isSlow: by the processor; on: {frame(meta), status(status), link(isOpen), reply(status), you(name)}
  constructor(canvas, isSlow, on) {
    this.canvas = canvas;
    this.frames = 0; // drawn since the page opened
    this.times = []; // of the last second's frames
    const address = new URL("live", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.search = address.hash = "";
    const worker = new Worker(new URL("./live-worker.js", import.meta.url), { type: "module" });
    this.heard = -Infinity;
    this.took = Infinity; // when the arm was asked for with the last command, if that was what it asked for
    worker.onmessage = ({ data }) => {
      this.heard = data.link === false ? -Infinity : performance.now();
      if ("link" in data) on.link(data.link);
      if (data.changed) this.changes?.push(data.changed);
      if (data.text) {
        const said = JSON.parse(data.text);
        if (said.you) on.you(said.you);
        else if (said.reply) on.reply(said.reply);
        else on.status(said);
      }
      if (data.frame) {
        this.count();
        if (data.frame.drawn && !data.frame.again) this.ages?.push([data.frame.stamp, data.frame.drawn, data.frame.width]);
        on.frame(data.frame);
      }
    };
    const drawn = canvas.transferControlToOffscreen();
    this.worker = worker;
    worker.postMessage({ canvas: drawn, isSlow, address: address.href }, [drawn]);
    document.addEventListener("visibilitychange", () => worker.postMessage({ visible: !document.hidden }));
  }

  // A command that is answered with `reply`.
  ask(command) {
    this.took = TAKES.includes(command.do) ? performance.now() : Infinity;
    this.worker.postMessage({ send: JSON.stringify(command) });
  }

  // Whether somebody listens at the other end: the status comes five times a second.
  get isHeard() { return performance.now() - this.heard < ALIVE; }

  // One command for the arm: seven numbers in [-1, 1].
  drive(action, number) { this.worker.postMessage({ send: JSON.stringify({ drive: action, n: number }) }); }

  // To measure delays: notes in `changes` when a picture differs from the one before (milliseconds since the epoch; what it
  // shows was, in seconds of the session's clock). Looking at every pixel takes as long as a picture does.
  watchChanges(isOn) {
    this.changes = isOn ? [] : undefined;
    this.worker.postMessage({ probe: isOn });
  }

  // To count pictures: notes in `ages` when what a picture shows was (seconds of the session's clock), when it was drawn
  // (milliseconds), and its width (pixels).
  watchAges(isOn) {
    this.ages = isOn ? [] : undefined;
    this.worker.postMessage({ timed: isOn });
  }

  count() {
    this.frames += 1;
    const now = performance.now();
    this.times.push(now);
    while (this.times[0] < now - 1000) this.times.shift();
  }

  // Frames of the last second.
  get rate() {
    const now = performance.now();
    return this.times.filter((time) => time > now - 1000).length;
  }
}
