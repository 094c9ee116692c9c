// The words of a concept, by language, with what each is there.

import { h } from "./dom.js";
import { language } from "./preferences.js";
import * as queries from "./queries.js";
import { languageName, named, t } from "./words.js";

const ORDER = ["PREFERRED", "FSN", "SYNONYM"];

export function definitions(concept) {
  const own = concept.definitions.filter((one) => one.language.startsWith(language()));
  const shown = own.length ? own : concept.definitions;
  return shown.map((one) => h("blockquote", { class: "definition", lang: one.language }, one.text));
}

export function conceptTerms(concept, signal) {
  const terms = concept.terms.filter((one) => one.kind !== "DEFINITION");
  const languages = [...new Set(terms.map((one) => one.language))].sort((a, b) => nearness(a) - nearness(b) || a.localeCompare(b));
  const element = h(
    "div",
    {},
    languages.map((code) => group(code, terms.filter((one) => one.language === code), languages.length > 1)),
  );
  nameRefsets(element, terms, signal);
  return element;
}

/** The terms of one language. Where one refset tells of all of them, it is named once, in the heading. */
function group(code, terms, titled) {
  const refsets = new Set(terms.flatMap((one) => one.acceptability.map((held) => held.refsetId)));
  const single = refsets.size === 1 ? [...refsets][0] : "";
  const title = [titled && languageName(code), single && refsetName(single)].filter(Boolean);
  const sorted = terms.sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || a.text.localeCompare(b.text, code));
  return [
    title.length > 0 && h("h3", {}, title.flatMap((one, at) => (at ? [" · ", one] : [one]))),
    h("ul", { class: "plain terms" }, sorted.map((one) => term(one, single))),
  ];
}

function refsetName(id) {
  return h("span", { "data-refset": id }, id);
}

function nearness(code) {
  return code.startsWith(language()) ? 0 : 1;
}

function term(one, single) {
  const usage = one.acceptability.map((held) => [
    h("span", { class: held.preferred ? "tag good" : "tag" }, held.preferred ? t("preferred") : t("acceptable")),
    !single && h("span", { class: "kind" }, refsetName(held.refsetId)),
  ]);
  return h(
    "li",
    { class: one.kind === "PREFERRED" ? "preferred" : null },
    h("span", { class: "term", lang: one.language }, one.text),
    h("span", { class: "kind" }, named("kind", one.kind), one.scope !== "EXACT" && [" · ", named("scope", one.scope)]),
    usage.length > 0 && h("span", { class: "usage" }, usage),
  );
}

/** Put the names of language refsets in the place of their ids, where the release has them. */
async function nameRefsets(element, terms, signal) {
  const ids = [...new Set(terms.flatMap((one) => one.acceptability.map((held) => held.refsetId)))];
  if (!ids.length) return;
  try {
    const names = await queries.names({ ids, language: language() }, { signal });
    for (const held of element.querySelectorAll("[data-refset]")) {
      const name = names.get(held.dataset.refset);
      if (name) held.textContent = name;
    }
  } catch {
    // The ids stay.
  }
}
