// A guided first minute: three steps in the top bar, each with what it is about outlined; once seen, it stays away.

const STEPS = [
  ["#command", "Type what the robot should do, or choose a suggestion, then press Run."],
  ["#timing", "Orange is the slow planner, blue the fast refiner: watch both at work, here and inside the policy."],
  ["#take-over", "You always win: take over and drive with the keys, pin tokens, change the world, or go back on the line."],
];
const SEEN = "libra-tour";
const query = (selector) => document.querySelector(selector);

export class Tour {
  constructor() {
    this.bar = query(".tour");
    query("#tour-next").onclick = () => this.show(this.at + 1);
    query("#tour-end").onclick = () => this.end();
    query("#tour-start").onclick = () => this.show(0);
    if (!localStorage.getItem(SEEN)) this.show(0);
  }

  show(step) {
    if (step >= STEPS.length) return this.end();
    this.at = step;
    this.outline(STEPS[step][0]);
    query('[data-field="tour"]').textContent = `${step + 1} of ${STEPS.length}: ${STEPS[step][1]}`;
    query("#tour-next").textContent = step + 1 < STEPS.length ? "Next" : "Done";
    document.body.classList.add("touring");
    this.bar.hidden = false;
  }

  end() {
    localStorage.setItem(SEEN, "seen");
    this.outline(null);
    document.body.classList.remove("touring");
    this.bar.hidden = true;
  }

  outline(selector) {
    for (const marked of document.querySelectorAll("[data-touring]")) marked.removeAttribute("data-touring");
    if (selector) query(selector)?.setAttribute("data-touring", "");
  }
}
