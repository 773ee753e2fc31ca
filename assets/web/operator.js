// The operator's protocol: one key marks a failure, goes back and hands over; one ends an attempt and begins the next.

const query = (selector) => document.querySelector(selector);
const KEYS = { x: "#mark-failure", c: "#finish-success", n: "#finish-failure" };

export class Operator {
  // view: the LiveView, whose socket carries the commands; screen: gets the focus, so that keys drive at once
  constructor(view, screen) {
    const say = (id, command) => {
      query(id).onclick = () => {
        view.ask(command);
        screen.focus();
      };
    };
    say("#mark-failure", { do: "mark_failure" });
    say("#finish-success", { do: "finish", outcome: "success" });
    say("#finish-failure", { do: "finish", outcome: "failure" });
    this.follow({});
  }

  // A key in the live view; whether it meant something here.
  press(key) {
    const button = KEYS[key] && query(KEYS[key]);
    if (!button || button.disabled) return false;
    button.click();
    return true;
  }

  // status: of the session; you: this page's name
  follow(status, you) {
    const begun = Boolean(status.episode) && status.state !== "offline" && (status.step > 0 || status.outcome !== null);
    const elsewhere = status.driver === "human" && status.holder !== null && status.holder !== you;
    query("#mark-failure").disabled = !begun || elsewhere;
    for (const id of ["#finish-success", "#finish-failure"]) query(id).disabled = !begun || elsewhere;
    const { useful = 0, seconds_each: each = null } = status.corrections ?? {};
    const text = `${useful} ${useful === 1 ? "correction" : "corrections"}${useful ? ` · ${each} s each` : ""}`;
    const count = query('[data-field="corrections"]');
    if (count.textContent !== text) count.textContent = text;
  }
}
