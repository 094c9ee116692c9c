// The frame of the page, and which page stands in it.

import { h, put } from "./dom.js";
import * as preferences from "./preferences.js";
import * as routes from "./routes.js";
import { changes, openSettings } from "./settings.js";
import { ReleasePicker } from "./release-picker.js";
import { SearchBox } from "./search-box.js";
import { failure } from "./states.js";
import { t } from "./words.js";
import * as about from "./about-page.js";
import * as concept from "./concept-page.js";
import * as expressions from "./expression-page.js";
import * as linking from "./linking-page.js";
import * as search from "./search-page.js";
import * as variables from "./variables-page.js";

const PAGES = { "": search, concept, ecl: expressions, link: linking, variables, about };
const MENU = ["", "ecl", "link", "variables", "about"];

let leaving = new AbortController();
let shown = null;
let picker = null;

function frame() {
  const main = h("main", { id: "main", tabindex: "-1" });
  const box = new SearchBox({ compact: true, placeholder: t("search") });
  picker = new ReleasePicker();
  put(
    document.body,
    h("a", { class: "skip", href: "#main", on: { click: skip } }, t("skip")),
    h(
      "header",
      { class: "top" },
      h(
        "div",
        { class: "bar" },
        h("a", { class: "brand", href: routes.to([]) }, h("img", { src: "browser/icon.svg", alt: "", width: 28, height: 28 }), "Enlace"),
        h(
          "nav",
          { "aria-label": t("menu") },
          MENU.map((name) => h("a", { href: routes.to(name ? [name] : []), "data-page": name }, t(`page-${name || "search"}`))),
        ),
        h("div", { class: "top-search" }, box.element),
        picker.element,
        h("button", { type: "button", class: "settings-button", on: { click: openSettings } }, t("settings")),
      ),
    ),
    main,
    h("footer", { class: "bottom" }, h("p", {}, t("disclaimer"))),
  );
}

function skip(event) {
  event.preventDefault();
  document.querySelector("main").focus();
}

/** Show the page of the address. `moved` says that a person went there, so that the focus goes there too. */
async function show({ moved = false } = {}) {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const { path, given } = routes.read(location.hash);
  const name = Object.hasOwn(PAGES, path[0] ?? "") ? (path[0] ?? "") : "";
  mark(name);
  const main = document.querySelector("main");
  main.className = `page-${name || "search"}`;
  document.body.dataset.page = name || "search";
  main.setAttribute("aria-busy", "true");
  try {
    await PAGES[name].show(main, { parts: path.slice(1), given, signal, moved });
  } catch (error) {
    if (signal.aborted) return;
    put(main, h("h1", {}, t("went-wrong")), failure(error, () => show()));
  }
  if (signal.aborted) return;
  main.removeAttribute("aria-busy");
  arrive(main, moved);
}

function mark(name) {
  picker.mark();
  document.querySelector(".brand").href = routes.to([]);
  for (const link of document.querySelectorAll("nav a[data-page]")) {
    link.href = routes.to(link.dataset.page ? [link.dataset.page] : []);
    const current = link.dataset.page === (name === "concept" ? "" : name);
    if (current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function arrive(main, moved) {
  const title = main.querySelector("h1");
  const words = title?.textContent.trim();
  document.title = words && words !== "Enlace" ? `${words} · Enlace` : "Enlace";
  if (!moved) return;
  window.scrollTo(0, 0);
  if (main.contains(document.activeElement)) return;
  title?.setAttribute("tabindex", "-1");
  title?.focus({ preventScroll: true });
}

function start() {
  preferences.applyTheme();
  document.documentElement.lang = preferences.language();
  frame();
  shown = location.hash;
  return show();
}

window.addEventListener("hashchange", () => {
  if (location.hash === shown) return;
  shown = location.hash;
  show({ moved: true });
});
changes.addEventListener("language", start);
changes.addEventListener("token", () => {
  picker.fill();
  show();
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const own = "main .search-box:not(.compact) input";
  const box = document.querySelector(own) ?? document.querySelector(".top input[data-search]");
  event.preventDefault();
  box.focus();
  box.select();
});

start();
