// The first page: search as you type, and what is served.

import { h, put } from "./dom.js";
import { servedRelease } from "./served.js";
import * as routes from "./routes.js";
import { SearchBox } from "./search-box.js";
import { SearchFilters } from "./search-filters.js";
import { empty } from "./states.js";
import { number, t } from "./words.js";

export async function show(main, { given, signal, moved }) {
  const keep = () => routes.amend(routes.to([], { q: box.text, ...filters.address }));
  const filters = new SearchFilters(given, () => {
    keep();
    box.refresh();
  });
  const box = new SearchBox({
    typed: (text) => {
      keep();
      welcome.hidden = text !== "";
    },
    filters: () => filters.asked,
    found: (hits) => filters.found(hits),
    failed: (error) => filters.failed(error),
  });
  const served = h("div", { class: "served" });
  const welcome = h("section", { class: "welcome", hidden: Boolean(given.q) }, served, doors());
  put(
    main,
    h("h1", {}, t("search-title")),
    h("p", { class: "lead" }, t("search-lead")),
    box.element,
    welcome,
  );
  box.text = given.q ?? "";
  box.element.querySelector(".search-field").after(filters.element);
  if (moved || !matchMedia("(pointer: coarse)").matches) box.focus();
  const [release] = await Promise.all([servedRelease(signal), given.q ? box.refresh() : null]);
  filters.offerLanguages(release.languages);
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
