// Runs before the page is drawn, so that a dark page never flashes white. A classic script: modules come too late.
"use strict";
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("enlace.theme");
  } catch {
    // Storage may be forbidden; the system's theme is taken then.
  }
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
