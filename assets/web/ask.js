// Asking for the arm while somebody else drives it, and the driver's answer.

const ANSWER_SHOWN = 8000; // milliseconds
const ASKING_LASTS = 20_000;

const query = (selector) => document.querySelector(selector);
const named = (who) => (who.startsWith("client ") ? "A program" : who[0].toUpperCase() + who.slice(1));

export class Ask {
  // view: the LiveView, whose socket carries the commands; screen: gets the focus back after an answer
  constructor(view, screen) {
    this.box = query("#request");
    this.screen = screen;
    this.asked = null; // {at, driver} while this page asks
    this.answered = { until: 0, text: "" };
    const answer = (what) => () => { view.ask({ do: what }); screen.focus(); };
    query("#ask").onclick = () => { view.ask({ do: "ask" }); };
    query("#give").onclick = answer("give");
    query("#keep").onclick = answer("keep");
  }

  // status: of the session; you: this page's name
  follow(status, you) {
    if (status.state === "offline") return; // which says nothing about who drives
    const { holder, asking } = status;
    const driver = status.driver === "human" ? holder ?? null : null;
    const isElsewhere = driver !== null && driver !== you;
    const now = performance.now();
    if (asking === you && isElsewhere) this.asked ??= { at: now, driver };
    else if (this.asked) {
      const late = now - this.asked.at > ASKING_LASTS - 1000;
      const text = driver === you ? "" : driver === null ? "The arm is free: press Take over."
        : driver !== this.asked.driver ? `${named(driver)} drives now.`
        : `${named(driver)} ${late ? "did not answer" : "keeps the arm"}.`;
      this.answered = { until: now + ANSWER_SHOWN, text };
      this.asked = null;
      if (driver === you) this.screen.focus();
    }
    const asksYou = driver === you && asking != null;
    query("#ask").hidden = !isElsewhere || this.asked !== null;
    query("#ask").disabled = asking != null;
    for (const id of ["#give", "#keep"]) query(id).hidden = !asksYou;
    const text = asksYou ? `${named(asking)} asks for the arm.`
      : this.asked ? `You asked ${named(this.asked.driver)} for the arm.`
      : now < this.answered.until ? this.answered.text
      : isElsewhere ? `${named(driver)} drives.` : "";
    this.box.hidden = !text;
    this.box.toggleAttribute("data-asks", asksYou);
    const words = this.box.firstElementChild;
    if (words.textContent !== text) words.textContent = text;
  }
}
