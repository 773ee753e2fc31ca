// The dialog with the address that opens this cockpit elsewhere; only on pages that are served to others.

const query = (selector) => document.querySelector(selector);

export function startShare() {
  const dialog = query("#share-dialog");
  if (!dialog) return;
  query("#share").onclick = () => dialog.showModal();
  query("#share-close").onclick = () => dialog.close();
  dialog.onclick = (event) => { if (event.target === dialog) dialog.close(); };
  // In the dialog Escape closes it; on the page it stops the arm.
  dialog.onkeydown = (event) => { event.stopPropagation(); };
  const copy = query("#share-copy");
  copy.onclick = async () => {
    copy.textContent = (await copied(query("#share-link"))) ? "Copied" : "Press Ctrl+C";
    setTimeout(() => { copy.textContent = "Copy"; }, 2000);
  };
}

// Browsers give their clipboard only to pages that came encrypted or from the same machine; the old way works for all.
async function copied(field) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}
