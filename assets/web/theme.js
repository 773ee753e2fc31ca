// Dark or light: the page's own choice, kept in the browser; what is drawn on canvases takes its colours from the style sheet.

const KEPT = "libra-theme";
const watchers = [];

const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// Colours by the names of the style sheet's variables, right again after every change of the theme.
export function inks(names) {
  const colors = {};
  const read = () => { for (const [key, name] of Object.entries(names)) colors[key] = variable(name); };
  watchers.push(read);
  read();
  return colors;
}

export function startTheme(button, redraw) {
  const apply = (name) => {
    document.documentElement.dataset.theme = name;
    button.textContent = name === "light" ? "Dark" : "Light";
    for (const read of watchers) read();
    redraw();
  };
  apply(localStorage.getItem(KEPT) ?? "dark");
  button.onclick = () => {
    const other = document.documentElement.dataset.theme === "light" ? "dark" : "light";
    localStorage.setItem(KEPT, other);
    apply(other);
  };
}
