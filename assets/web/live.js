// The live view: frames and status over the /live WebSocket (see app/web/live.py for the messages).

const RETRY = 1000; // milliseconds

export class LiveView {
  // canvas: drawn to; on: {frame(meta), status(status), link(isOpen)}
  constructor(canvas, on) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false, desynchronized: true });
    this.on = on;
    this.frames = 0; // drawn since the page opened
    this.times = []; // of the last second's frames
    this.connect();
  }

  connect() {
    const address = new URL("live", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.search = "";
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.on.link(true);
    socket.onmessage = ({ data }) => this.receive(socket, data);
    socket.onclose = () => {
      this.on.link(false);
      setTimeout(() => this.connect(), RETRY);
    };
  }

  async receive(socket, data) {
    if (typeof data === "string") return this.on.status(JSON.parse(data));
    try {
      await this.draw(data);
    } finally {
      // The next frame may come: only so many are on their way at once, so none of them is old.
      if (socket.readyState === WebSocket.OPEN) socket.send("shown");
    }
  }

  async draw(data) {
    const length = new DataView(data).getUint32(0, true);
    const meta = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
    if (!document.hidden) {
      const picture = await createImageBitmap(new Blob([new Uint8Array(data, 4 + length)], { type: "image/jpeg" }));
      if (meta.frame < this.newest) return picture.close(); // decoded after a newer one
      if (this.canvas.width !== picture.width || this.canvas.height !== picture.height) {
        this.canvas.width = picture.width;
        this.canvas.height = picture.height;
      }
      this.context.drawImage(picture, 0, 0);
      picture.close();
    }
    this.newest = meta.frame;
    this.frames += 1;
    const now = performance.now();
    this.times.push(now);
    while (this.times[0] < now - 1000) this.times.shift();
    this.on.frame(meta);
  }

  // Frames of the last second.
  get rate() {
    const now = performance.now();
    return this.times.filter((time) => time > now - 1000).length;
  }
}
