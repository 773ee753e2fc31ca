// The frame in which the Rerun viewer lives (rerun.js), and what this page tells it.

const PATIENCE = 60_000; // milliseconds after which it is shown whatever it looks like

export class Inspector {
  // place: what holds the frame; on: {reply(status), escape()}
  constructor(place, on) {
    this.place = place;
    this.frame = null;
    this.facts = null;
    this.step = undefined; // that the live view showed last
    addEventListener("message", ({ data, origin, source }) => {
      if (origin !== location.origin || !this.frame || source !== this.frame.contentWindow) return;
      if (data.ready && this.facts) this.tell({ facts: this.facts });
      if (data.begins) this.frame.classList.remove("loading");
      if (data.reply) on.reply(data.reply);
      if (data.escape) on.escape();
    });
  }

  show(isShown) {
    this.frame?.remove();
    this.frame = isShown ? Object.assign(document.createElement("iframe"), { src: "rerun/", title: "Rerun viewer" }) : null;
    if (!this.frame) return;
    const { frame } = this;
    frame.classList.add("loading"); // white, until the viewer begins: what lies behind says that it is loading
    setTimeout(() => frame.classList.remove("loading"), PATIENCE);
    this.place.append(frame);
  }

  get isDriving() { return Boolean(this.facts?.isDriving); }

  follow(status, you) {
    this.facts = {
      recording: status.recording,
      looked: status.looked,
      state: status.state,
      isMoving: status.state === "running" || status.driver === "human",
      isPlaying: Boolean(status.playing),
      isDriving: status.driver === "human" && status.holder === you, // this page, by hand
    };
    this.tell({ facts: this.facts });
  }

  // A picture of what is looked at is on screen: sooner than the status tells.
  seen({ step }) {
    if (step === this.step) return;
    this.step = step;
    if (this.facts?.looked && step !== undefined) this.tell({ seen: { step } });
  }

  tell(message) { this.frame?.contentWindow?.postMessage(message, location.origin); }
}
