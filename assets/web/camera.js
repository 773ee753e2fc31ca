// The live view's camera: from metres in the robot's base frame to the picture, and back.

const minus = (a, b) => a.map((value, i) => value - b[i]);
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const unit = (a) => a.map((value) => value / Math.hypot(...a));

export class Camera {
  // position, target: metres; fovy: degrees from bottom to top; low, high: corners of the box that the hand stays in
  constructor({ position, target, fovy, low, high }) {
    Object.assign(this, { low, high });
    this.position = position;
    this.forward = unit(minus(target, position));
    this.right = unit(cross(this.forward, [0, 0, 1]));
    this.up = cross(this.right, this.forward);
    this.focal = 1 / Math.tan((fovy * Math.PI) / 360);
  }

  // Where a place is in a picture of this size (pixels), and how far away (metres).
  project(place, { width, height }) {
    const from = minus(place, this.position);
    const depth = dot(from, this.forward);
    const scale = (this.focal * height) / 2 / depth;
    return { x: width / 2 + dot(from, this.right) * scale, y: height / 2 - dot(from, this.up) * scale, depth };
  }

  // The place at a depth (metres) under a pixel.
  place(x, y, depth, { width, height }) {
    const scale = (2 * depth) / (this.focal * height);
    const across = (x - width / 2) * scale;
    const above = (height / 2 - y) * scale;
    return this.position.map((value, i) => value + depth * this.forward[i] + across * this.right[i] + above * this.up[i]);
  }

  // Level directions of the view: away from whoever looks, and to their left; base frame.
  get level() {
    const away = unit([this.forward[0], this.forward[1], 0]);
    return { away, left: [-away[1], away[0], 0] };
  }
}
