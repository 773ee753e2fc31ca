// Receives and draws the live view away from the page's thread, which the Rerun viewer may keep busy for long.

const RETRY = 1000; // milliseconds
const LATE = 80; // milliseconds by which a picture may be later than the least late ones, to be worth showing
const FORGOTTEN = 0.2; // milliseconds a picture by which the least delay is believed less: clocks drift, networks change
const KEPT = 4; // backdrops, as many as the other end thinks (app/web/live.py)
const SEEN = 30; // pixels that differ at least in a picture that is another one
const FROZEN = 500; // milliseconds of nothing but late pictures after which an old one is better than none

let canvas, context, address, socket;
let newest = -1;
const backdrops = new Map(); // name -> promise of a picture: the newest ones, of which moving pictures are patches
let lies = {}; // what the canvas shows: the backdrop's name, and the rectangle of the patch on it
let isVisible = true;
let least = Infinity; // milliseconds from a picture's stamp to its drawing, at the least; the two clocks' difference is in it
let lateSince = Infinity; // when the first of the pictures came that were too late one after another
let probe = null; // the last picture's pixels, while somebody measures how long a key takes to be seen
let isTimed = false; // while somebody measures how many pictures there are, and how old

onmessage = ({ data }) => {
  if ("visible" in data) isVisible = data.visible;
  if ("timed" in data) isTimed = data.timed;
  if ("probe" in data) probe = data.probe ? new Uint8ClampedArray(0) : null;
  if (data.send && socket?.readyState === WebSocket.OPEN) socket.send(data.send);
  if (!data.canvas) return;
  ({ canvas, address } = data);
  // Measured: without a graphics card a canvas in main memory costs a quarter less per picture.
  context = canvas.getContext("2d", { alpha: false, desynchronized: !data.isSlow, willReadFrequently: data.isSlow });
  canvas.oncontextrestored = () => { lies = {}; }; // it comes back empty
  connect();
};

function connect() {
  socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  // Whoever answers may be another cockpit, which counts its pictures from one.
  for (const name of [...backdrops.keys()]) forget(name);
  [newest, least, lateSince, lies] = [-1, Infinity, Infinity, {}];
  socket.onopen = () => postMessage({ link: true });
  socket.onmessage = ({ data, target }) => receive(target, data);
  socket.onclose = () => {
    postMessage({ link: false });
    setTimeout(connect, RETRY);
  };
}

async function receive(from, data) {
  if (typeof data === "string") return postMessage({ text: data });
  const length = new DataView(data).getUint32(0, true);
  const meta = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  const jpeg = new Blob([new Uint8Array(data, 4 + length)], { type: "image/jpeg" });
  if (meta.backdrop) return keep(meta.backdrop, jpeg);
  try {
    if (isVisible && !(await draw(meta, jpeg))) return;
    newest = meta.frame;
    if (isTimed) Object.assign(meta, { drawn: performance.timeOrigin + performance.now(), width: canvas.width }); // milliseconds since the epoch
    postMessage({ frame: meta });
  } finally {
    // The next frame may come: only so many are on their way at once, so none of them is old.
    if (from.readyState === WebSocket.OPEN) from.send("shown");
  }
}

function keep(name, jpeg) {
  backdrops.set(name, createImageBitmap(jpeg));
  if (backdrops.size > KEPT) forget(backdrops.keys().next().value);
}

function forget(name) {
  backdrops.get(name).then((picture) => picture.close(), () => {});
  backdrops.delete(name);
}

// Draws a whole picture, or a patch of a backdrop, and says so; not one that was decoded after a newer one, or is too late.
async function draw({ frame, on, at, again, stamp }, jpeg) {
  if (again) lateSince = Infinity; // nothing moved in between, whatever came last before
  const [picture, backdrop] = await Promise.all([createImageBitmap(jpeg), backdrops.get(on)]);
  const isOrphan = on && !backdrop?.width; // of a connection that is no more
  if (isOrphan || frame < newest || (!again && isLate(stamp))) return void picture.close();
  newest = frame;
  const { width, height } = backdrop ?? picture;
  if (canvas.width !== width || canvas.height !== height) {
    Object.assign(canvas, { width, height });
    lies = {};
  }
  const [x, y] = backdrop ? at : [0, 0];
  if (backdrop && lies.on !== on) context.drawImage(backdrop, 0, 0);
  else if (backdrop) context.drawImage(backdrop, ...lies.patch, ...lies.patch);
  context.drawImage(picture, x, y);
  lies = backdrop ? { on, patch: [x, y, picture.width, picture.height] } : {};
  picture.close();
  if (probe) compare(stamp);
  return true;
}

// Whether what a picture shows is long past, so that the next one should be waited for.
function isLate(stamp) {
  const now = performance.now();
  const delay = now - 1000 * stamp;
  least = Math.min(delay, least + FORGOTTEN);
  if (delay - least <= LATE) {
    lateSince = Infinity;
    return false;
  }
  lateSince = Math.min(lateSince, now);
  if (now - lateSince < FROZEN) return true;
  least = delay; // this is how late they are from now on
  lateSince = Infinity;
  return false;
}

// Says when more of a picture differs from the one before than JPEG alone explains, where a patch of it now ends, in milliseconds since the epoch, and the stamp of what it shows.
function compare(stamp) {
  const at = performance.timeOrigin + performance.now();
  const before = probe;
  probe = context.getImageData(0, 0, canvas.width, canvas.height).data;
  if (before.length !== probe.length) return;
  let count = 0;
  for (let i = 0; i < probe.length; i += 4) {
    if (Math.abs(probe[i] - before[i]) > 16 && ++count > SEEN) return postMessage({ changed: [at, stamp] });
  }
}
