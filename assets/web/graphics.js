// What draws this page.

const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

// Whether the processor draws, for want of a graphics card.
export function drawsInSoftware() {
  const gl = document.createElement("canvas").getContext("webgl2");
  const facts = gl?.getExtension("WEBGL_debug_renderer_info");
  const name = facts ? gl.getParameter(facts.UNMASKED_RENDERER_WEBGL) : "";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return gl === null || SOFTWARE.test(name);
}
