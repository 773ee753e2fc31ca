// Manners for the Rerun viewer, which draws and fetches by itself.
//
// Where no graphics card draws it, the processor does, on the cores that simulate and drive the robot: one picture of it
// costs as much as ten of the live view. There it is drawn less often while the arm moves, not at all while this page drives
// it (a key must not wait for a picture of it), more often for a while after it has come to rest, and at once where somebody
// points at it.

const MOVING = 2000; // milliseconds between two pictures of the viewer while the arm moves
const LOOK_AGAIN = 250; // while it is not drawn
const SLOWER = 10; // times, the viewer's clock within a picture
const AT_REST = 350;
const CATCHING_UP = 60; // it takes in what it was sent only while it draws
const CATCH_UP_LASTS = 12_000;
const TOUCHED = 80;
const TOUCH_LASTS = 1500;
const BREATHE = 2; // times as long as a picture of it took, nothing of it is drawn: whoever draws has the page around to draw, too
const LONG_BREATH = 4; // while the arm moves, which the live view shows
const SHORT_BREATH = 0.5; // in play, where the pictures of it are what one looks at
const MOST_BREATH = 1500; // at rest

const LOOKS = 200; // milliseconds between two looks whether the viewer is at the step that is looked at
const TIMELINE = "step";

const RELEASES = "https://api.github.com/repos/rerun-io/";

export class Viewer {
  // isSlow: whether the processor draws.
  constructor(place, isSlow) {
    this.isSlow = isSlow;
    this.stopped = -Infinity;
    this.isMoving = false;
    this.isPlaying = false; // what is recorded
    this.cost = 0; // milliseconds, of the last picture
    this.isDriving = false; // the page around, by hand
    this.touched = -Infinity; // when somebody last pointed at the viewer, or typed there
    for (const kind of ["pointermove", "pointerdown", "wheel", "keydown"])
      place.addEventListener(kind, () => { this.touched = performance.now(); }, { capture: true, passive: true });
    this.looked = null; // [episode, step] that the live view shows of what is recorded
    this.recording = null; // of that episode, as the viewer knows it
    this.onPicture = null; // told when a picture was drawn, of which step, and which step the live view showed then
    this.isBehind = false; // it has yet to take in the step that is looked at
    darken();
    keepHome();
    keepQuiet();
    keepFocus();
    this.onBegin = null; // told when the viewer is there
    catchHandle((handle) => { this.handle = handle; this.onBegin?.(); });
    setInterval(() => this.keepUp(), LOOKS);
    if (this.isSlow) this.pace();
  }

  get isMoving() {
    return this.moves;
  }

  set isMoving(moves) {
    if (this.moves && !moves) this.stopped = performance.now();
    this.moves = moves;
  }

  // The viewer's cursor goes where the live view is, unless a person's hand is on it: then the live view follows the cursor.
  follow({ state, ...facts }) {
    const goesOn = this.looked && !facts.looked && state === "running";
    Object.assign(this, facts); // recording, looked, isMoving, isPlaying, isDriving
    const { recording } = this;
    if (goesOn && recording) this.reach((handle) => { handle.set_active_recording_id(recording); handle.set_playing(recording, true); }); // along with what comes
    this.keepUp();
  }

  // A picture of what is looked at is on screen: sooner than the status tells.
  seen({ step }) {
    if (!this.looked || step === undefined || step === this.looked[1]) return;
    this.looked = [this.looked[0], step];
    if (!this.isSlow || !this.isPlaying) this.keepUp(); // each move of the cursor is told to the whole page
  }

  keepUp() {
    this.isBehind = false;
    if (!this.looked || !this.recording || this.isTouched) return;
    const [, step] = this.looked;
    this.reach((handle) => {
      this.isBehind = handle.get_active_recording_id() !== this.recording;
      if (this.isBehind) return handle.set_active_recording_id(this.recording);
      if (handle.get_playing(this.recording)) handle.set_playing(this.recording, false); // else it would go on from there by its own clock
      if (handle.get_time_for_timeline(this.recording, TIMELINE) !== step) {
        this.isBehind = true;
        handle.set_time_for_timeline(this.recording, TIMELINE, step);
      }
    });
  }

  get cursor() {
    let step;
    this.reach((handle) => { step = handle.get_time_for_timeline(this.recording, TIMELINE); });
    return step;
  }

  reach(ask) {
    try {
      if (this.handle) ask(this.handle);
    } catch {
      // It is at work, or was stopped: the next one is caught when it begins.
    }
  }

  period(now) {
    if (this.isTouched) return TOUCHED;
    if (this.isMoving) return MOVING;
    if (this.isPlaying || this.isBehind) return CATCHING_UP;
    return now - this.stopped < CATCH_UP_LASTS ? CATCHING_UP : AT_REST;
  }

  // Milliseconds from one picture to the next, as things are now.
  get wait() {
    const period = this.period(performance.now());
    if (this.isBehind && !this.isPlaying) return period;
    if (this.isMoving && !this.isTouched) return Math.max(period, LONG_BREATH * this.cost);
    return Math.max(period, Math.min((this.isPlaying ? SHORT_BREATH : BREATHE) * this.cost, MOST_BREATH));
  }

  // Whether somebody's hand is on it: only then its cursor moves by their will.
  get isTouched() { return performance.now() - this.touched < TOUCH_LASTS; }

  pace() {
    const direct = window.requestAnimationFrame.bind(window);
    let drawn = -Infinity;
    let settled = Promise.resolve(); // once the last picture is on screen: the next one is begun when the browser is done with it
    window.requestAnimationFrame = (callback) => {
      if (!asksViewer()) return direct(callback);
      const draw = () => {
        if (this.isDriving && !this.isTouched) return setTimeout(draw, LOOK_AGAIN);
        const asked = performance.now();
        direct((time) => {
          this.keepUp();
          const began = performance.now();
          const looked = this.looked?.[1];
          settled = new Promise((done) => direct(() => direct(() => {
            drawn = performance.now();
            this.cost = drawn - asked;
            done();
          })));
          slowly(() => callback(time));
          this.onPicture?.({ began, drawn: performance.now(), looked, cursor: this.cursor });
        });
      };
      const whenDue = () => {
        const left = drawn + this.wait - performance.now();
        if (left > 0) setTimeout(whenDue, Math.min(left, LOOK_AGAIN)); // it may have come to rest, or be pointed at, by then
        else draw();
      };
      setTimeout(() => settled.then(whenDue)); // not before this picture's own promise is made
      return 0;
    };
  }
}

// In one picture the viewer takes in what it was sent for 10 ms, by this clock: at a few pictures a second, next to nothing.
function slowly(work) {
  const direct = performance.now.bind(performance);
  const began = direct();
  performance.now = () => began + (direct() - began) / SLOWER;
  try {
    work();
  } finally {
    delete performance.now;
  }
}

// The component keeps the viewer to itself. The viewer's own code registers every object that it makes with the browser.
function catchHandle(caught) {
  const direct = FinalizationRegistry.prototype.register;
  FinalizationRegistry.prototype.register = function (target, ...rest) {
    if (typeof target?.set_time_for_timeline === "function") caught(target);
    return direct.call(this, target, ...rest);
  };
}

// The viewer's own code is the only one whose address names it.
const asksViewer = () => /re_viewer/.test(new Error().stack);

// The page is dark; the viewer would follow the system's setting.
function darken() {
  const direct = window.matchMedia.bind(window);
  window.matchMedia = (query) => direct(/prefers-color-scheme:\s*dark/.test(query) ? "all" : /prefers-color-scheme:\s*light/.test(query) ? "not all" : query);
}

// It would ask for newer releases of itself; nothing here asks the internet.
function keepHome() {
  const direct = window.fetch.bind(window);
  window.fetch = (input, options) =>
    String(input?.url ?? input).startsWith(RELEASES) ? Promise.resolve(new Response("{}", { status: 404 })) : direct(input, options);
}

// It would take the keyboard with every picture, from whoever types somewhere else.
function keepFocus() {
  const direct = HTMLElement.prototype.focus;
  HTMLElement.prototype.focus = function (...options) { if (document.hasFocus()) direct.apply(this, options); };
}

// It tells the console each shader's every expression, 16,000 lines that take longer than the shaders do.
function keepQuiet() {
  const direct = console.debug.bind(console);
  console.debug = (line, ...rest) => { if (!/^(%c)?DEBUG\b/.test(line)) direct(line, ...rest); };
}

// Where the viewer finds its stream if that comes the way the page came, for which it wants to know every part of it.
export function streamAddress() {
  const { protocol, hostname, port } = location;
  return `rerun+${protocol}//${hostname}:${port || (protocol === "https:" ? 443 : 80)}/proxy`;
}
