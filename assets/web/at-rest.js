// Gradio counts the seconds of its first loading sign in every frame for as long as a page is open (6.31: the sign is gone,
// its timer is not), so that the browser puts the whole page together sixty times a second while nothing happens. No sign of
// ours counts seconds. A script of the old kind: it has to be there before Gradio's own.
(() => {
  const direct = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) => /statustracker/.test(new Error().stack) ? 0 : direct(callback);
})();
