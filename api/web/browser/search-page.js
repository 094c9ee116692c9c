// The first page: search as you type, and what is served.

import { h, put } from "./dom.js";
import { servedRelease } from "./served.js";
import * as routes from "./routes.js";
import { SearchBox } from "./search-box.js";
import { empty } from "./states.js";
import { languageName, number, t } from "./words.js";

export async function show(main, { given, signal, moved }) {
  const languageChoice = h("select", { id: "search-language", on: { change: () => box.refresh() } }, h("option", { value: "" }, t("any-language")));
  const box = new SearchBox({
    typed: (text) => {
      routes.amend(routes.to([], { q: text }));
      welcome.hidden = text !== "";
    },
    filters: () => ({ termLanguage: languageChoice.value || null }),
  });
  const served = h("div", { class: "served" });
  const welcome = h("section", { class: "welcome", hidden: Boolean(given.q) }, served, doors());
  put(
    main,
    h("h1", {}, t("search-title")),
    h("p", { class: "lead" }, t("search-lead")),
    box.element,
    h("p", { class: "filters" }, h("label", { for: "search-language" }, t("search-language")), languageChoice),
    welcome,
  );
  box.text = given.q ?? "";
  box.element.querySelector(".search-field").after(languageChoice.parentElement);
  if (moved || !matchMedia("(pointer: coarse)").matches) box.focus();
  const [release] = await Promise.all([servedRelease(signal), given.q ? box.refresh() : null]);
  put(languageChoice, h("option", { value: "" }, t("any-language")), release.languages.map((code) => h("option", { value: code }, languageName(code))));
  put(served, summary(release));
}

function summary(release) {
  const counts = Object.fromEntries(release.counts.map((one) => [one.kind, one.number]));
  return [
    h("p", {}, t("served", { release: release.name, concepts: number(counts.active_concepts ?? counts.concepts ?? 0), terms: number(counts.terms ?? 0) })),
    !release.index && empty(t("not-indexed", { release: release.name })),
  ];
}

function doors() {
  return h(
    "ul",
    { class: "doors" },
    ["ecl", "link", "variables"].map((name) =>
      h("li", {}, h("a", { href: routes.to([name]) }, h("strong", {}, t(`page-${name}`)), h("span", {}, t(`door-${name}`)))),
    ),
  );
}
