// What a person chose: language and theme are remembered by the browser, the token only while the tab is open.

export const LANGUAGES = ["es", "en"];
export const THEMES = ["system", "light", "dark"];

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

function read(storage, name) {
  try {
    return storage().getItem(`enlace.${name}`);
  } catch {
    return null; // Storage may be forbidden; the page then works without memory.
  }
}

function write(storage, name, value) {
  try {
    if (value) storage().setItem(`enlace.${name}`, value);
    else storage().removeItem(`enlace.${name}`);
  } catch {
    // As above.
  }
}

const kept = () => localStorage;
const forTheTab = () => sessionStorage;

/** The language that was chosen, else the browser's first one that this page speaks, else English. */
export function language() {
  const chosen = read(kept, "language");
  if (LANGUAGES.includes(chosen)) return chosen;
  const spoken = (navigator.languages ?? [navigator.language]).map((one) => one.slice(0, 2).toLowerCase());
  return spoken.find((one) => LANGUAGES.includes(one)) ?? "en";
}

export function chooseLanguage(value) {
  write(kept, "language", value);
}

export function theme() {
  const chosen = read(kept, "theme");
  return THEMES.includes(chosen) ? chosen : "system";
}

export function chooseTheme(value) {
  write(kept, "theme", value === "system" ? "" : value);
  applyTheme();
}

export function applyTheme() {
  const chosen = theme();
  const dark = chosen === "system" ? systemIsDark.matches : chosen === "dark";
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

systemIsDark.addEventListener("change", applyTheme);

let withoutStorage = "";

/** The bearer token for servers that need one; empty for none. */
export function token() {
  return read(forTheTab, "token") ?? withoutStorage;
}

export function chooseToken(value) {
  withoutStorage = value.trim();
  write(forTheTab, "token", withoutStorage);
}
