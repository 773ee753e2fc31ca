// What draws this page.

const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

let software = null;

// Whether the processor draws, for want of a graphics card.
export function drawsInSoftware() {
  return (software ??= looksSoftware());
}

// The pen of a canvas on the page's thread. Where the processor draws, in main memory: a canvas that is handed to what
// only looks like a graphics card stops the whole page until that has caught up, half a second at times.
export function penOf(canvas) {
  return canvas.getContext("2d", { willReadFrequently: drawsInSoftware() });
}

function looksSoftware() {
  const gl = document.createElement("canvas").getContext("webgl2");
  const facts = gl?.getExtension("WEBGL_debug_renderer_info");
  const name = facts ? gl.getParameter(facts.UNMASKED_RENDERER_WEBGL) : "";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return gl === null || SOFTWARE.test(name);
}
