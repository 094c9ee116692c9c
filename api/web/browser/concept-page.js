// A concept: its words, its place in the hierarchy, its attributes, maps and history.

import { conceptTerms, definitions } from "./concept-terms.js";
import { conceptTree } from "./concept-tree.js";
import { copyButtons, eclId, eclReference } from "./copying.js";
import { h, put } from "./dom.js";
import { neighbourhood } from "./neighbourhood.js";
import { Pages } from "./pages.js";
import { language } from "./preferences.js";
import * as queries from "./queries.js";
import * as routes from "./routes.js";
import { failure, loading } from "./states.js";
import { count, named, t } from "./words.js";

export async function show(main, { parts, given, signal }) {
  const id = parts.join("/");
  put(main, loading());
  let concept;
  try {
    concept = await queries.concept({ id, language: language() }, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    return put(main, h("h1", {}, id || t("no-concept")), failure(error, () => show(main, { parts, given, signal })));
  }
  if (signal.aborted) return undefined;
  put(
    main,
    trail(concept),
    heading(concept),
    !concept.active && retired(concept),
    definitions(concept),
    h(
      "div",
      { class: "columns" },
      h(
        "div",
        {},
        section("hierarchy", t("hierarchy"), counts(concept), conceptTree(concept, signal)),
        section("attributes", t("attributes"), attributes(concept)),
      ),
      h(
        "div",
        {},
        section("terms", t("terms"), conceptTerms(concept, signal)),
        section("maps", t("maps"), maps(concept)),
        section("history", t("history"), history(concept)),
        refsets(concept),
      ),
    ),
    section("picture", t("neighbourhood"), neighbourhood(concept)),
    section("subsumes", t("subsumes"), below(concept, given, signal)),
  );
  return undefined;
}

function section(name, title, ...content) {
  return h("section", { class: `card ${name}`, "aria-labelledby": `title-${name}` }, h("h2", { id: `title-${name}` }, title), ...content);
}

function trail(concept) {
  const above = concept.pathToRoot.slice(1).reverse();
  if (!above.length) return null;
  return h("nav", { class: "trail", "aria-label": t("trail") }, h("ol", {}, above.map((one) => h("li", {}, link(one)))));
}

function heading(concept) {
  return h(
    "header",
    { class: "concept-heading" },
    h("h1", {}, concept.preferredTerm),
    h(
      "p",
      { class: "facts" },
      concept.semanticTag && h("span", { class: "tag" }, concept.semanticTag),
      h("span", { class: concept.active ? "tag active" : "tag retired" }, concept.active ? t("active") : t("retired")),
      concept.defined && h("span", { class: "tag" }, t("defined")),
      h("code", {}, concept.id),
    ),
    copyButtons([
      ["CURIE", concept.id],
      ["URI", concept.uri],
      ["ECL", `<< ${eclReference(concept.id, concept.preferredTerm)}`],
      ["GraphQL", queries.conceptRequest(concept.id)],
    ]),
  );
}

/** A link to a concept; a retired one says so. */
export function link(concept) {
  return [h("a", { href: routes.concept(concept.id) }, concept.preferredTerm), concept.active === false && h("span", { class: "tag retired" }, t("retired"))];
}

function retired(concept) {
  return h(
    "div",
    { class: "notice", role: "note" },
    h("p", {}, h("strong", {}, t("is-retired"))),
    concept.replacedBy.length ? successions(concept.replacedBy) : h("p", {}, t("not-replaced")),
  );
}

function successions(list) {
  return h("ul", { class: "plain" }, list.map((one) => h("li", {}, h("span", { class: "kind" }, named("succession", one.kind)), " ", one.concept ? link(one.concept) : h("code", {}, one.conceptId))));
}

function counts(concept) {
  const said = [count("parents", concept.parentCount), count("children", concept.childCount), count("ancestors", concept.ancestorCount), count("descendants", concept.descendantCount)];
  return h("p", { class: "hint" }, said.join(" · "));
}

function below(concept, given, signal) {
  if (!concept.descendantCount) return h("p", { class: "none" }, t("subsumes-none"));
  const ecl = `< ${eclId(concept.id)}`;
  const pages = new Pages({
    given,
    address: (more) => routes.to(["concept", concept.id], more),
    fetch: (after) => queries.expand({ ecl, language: language(), after, first: 20 }, { signal }),
    signal,
    row: (one) => [link(one), one.semanticTag && h("span", { class: "tag" }, one.semanticTag)],
  });
  return [
    h("p", {}, count("descendants-sentence", concept.descendantCount), " ", h("a", { href: routes.expression(`<< ${eclReference(concept.id, concept.preferredTerm)}`) }, t("open-in-ecl"))),
    pages.element,
  ];
}

function attributes(concept) {
  if (!concept.relations.length) return h("p", { class: "none" }, t("attributes-none"));
  const groups = Map.groupBy ? Map.groupBy(concept.relations, (one) => one.group) : grouped(concept.relations);
  return [...groups.values()].map((relations) =>
    h(
      "dl",
      { class: relations[0].group ? "attributes group" : "attributes" },
      relations.map((one) => h("div", {}, h("dt", {}, one.type ? link(one.type) : h("code", {}, one.typeId)), h("dd", {}, one.target ? link(one.target) : h("code", {}, one.targetId)))),
    ),
  );
}

function grouped(relations) {
  const groups = new Map();
  for (const one of relations) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return groups;
}

function maps(concept) {
  if (!concept.mappings.length) return h("p", { class: "none" }, t("maps-none"));
  return h(
    "ul",
    { class: "plain maps" },
    concept.mappings.map((one) => h("li", {}, h("code", {}, one.target), " ", h("span", { class: "kind" }, named("mapping", one.kind)), (one.advice || one.rule) && h("span", { class: "hint" }, one.advice || one.rule))),
  );
}

function history(concept) {
  const facts = [
    concept.effectiveTime && [t("effective-time"), h("span", {}, dated(concept.effectiveTime))],
    concept.module && [t("module"), h("a", { href: routes.concept(concept.module) }, concept.module)],
  ].filter(Boolean);
  const nothing = !facts.length && !concept.replaces.length && !concept.replacedBy.length;
  if (nothing) return h("p", { class: "none" }, t("history-none"));
  return [
    facts.length > 0 && h("dl", { class: "facts-list" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    concept.replacedBy.length > 0 && [h("h3", {}, t("replaced-by")), successions(concept.replacedBy)],
    concept.replaces.length > 0 && [h("h3", {}, t("replaces")), successions(concept.replaces)],
  ];
}

function dated(text) {
  return /^\d{8}$/.test(text) ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}` : text;
}

function refsets(concept) {
  if (!concept.refsets.length) return null;
  return section("refsets", t("refsets"), h("ul", { class: "plain" }, concept.refsets.map((one) => h("li", {}, one.refset ? link(one.refset) : h("code", {}, one.refsetId)))));
}
