// Which release is served: version, sources, counts, index.

import { h, put } from "./dom.js";
import { forget, servedRelease } from "./served.js";
import { empty, failure, loading } from "./states.js";
import { languageName, moment, named, number, t } from "./words.js";

export async function show(main, { signal }) {
  put(main, h("h1", {}, t("page-about")), loading());
  let release;
  try {
    release = await servedRelease(signal);
  } catch (error) {
    if (signal.aborted) throw error;
    return put(main, h("h1", {}, t("page-about")), failure(error, () => show(main, { signal })));
  }
  put(
    main,
    h("h1", {}, t("page-about")),
    h("div", { class: "columns" }, h("div", {}, card(t("release"), facts(release)), card(t("index"), index(release))), h("div", {}, card(t("counts"), counts(release)), card(t("sources"), sources(release)))),
    card(t("api"), h("p", {}, t("api-words"), " ", h("a", { href: "graphql" }, "GraphiQL"))),
  );
  return forget();
}

function card(title, ...content) {
  return h("section", { class: "card" }, h("h2", {}, title), ...content);
}

function list(facts) {
  return h("dl", { class: "facts-list" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

function facts(release) {
  return list([
    [t("name"), release.name],
    [t("imported"), moment(release.created)],
    [t("imported-by"), release.software],
    [t("languages"), release.languages.map(languageName).join(", ")],
    [t("rejected"), number(release.rejected)],
  ]);
}

function index({ name, index }) {
  if (!index) return empty(t("not-indexed", { release: name }));
  return list([
    [t("indexed"), moment(index.created)],
    [t("index-terms"), number(index.terms)],
    [t("index-concepts"), number(index.concepts)],
    [t("index-mentions"), number(index.mentions)],
    ...index.termsOf.map((one) => [t("index-terms-of", { release: one.release }), number(one.terms)]),
    [t("bi-encoder"), index.biEncoder],
    [t("cross-encoder"), index.crossEncoder ?? t("none")],
    [t("vectors"), t("vectors-of", { dimensions: index.dimensions, pooling: index.pooling })],
    [t("computed-by"), t("computed-in", { runtime: index.runtime, precision: index.precision })],
    [t("recall"), index.recallAt64 === null ? t("none") : number(index.recallAt64, 3)],
  ]);
}

function counts(release) {
  return list(release.counts.map((one) => [named("count", one.kind), number(one.number)]));
}

function sources(release) {
  return h(
    "ul",
    { class: "plain sources" },
    release.sources.map((one) =>
      h(
        "li",
        {},
        h("span", { class: "source-name" }, one.name),
        h("span", { class: "hint" }, [one.format, one.version].filter(Boolean).join(" · "), " · SHA-256 ", h("code", { title: one.sha256 }, one.sha256.slice(0, 12))),
      ),
    ),
  );
}
