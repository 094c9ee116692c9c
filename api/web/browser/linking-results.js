// One mention with what it may mean: candidates to choose from, and why the chosen one stands where it does.

import { h, newId, put } from "./dom.js";
import { evidenceOf } from "./linking-evidence.js";
import { contextOf } from "./mention-context.js";
import * as routes from "./routes.js";
import { SearchBox } from "./search-box.js";
import { named, number, t } from "./words.js";

/** The card of a result `{mention, decision, candidates, chosen, other}`; choosing changes `chosen` and `other`. */
export function resultOf(result, signal) {
  const group = newId("mention");
  const why = h("div", { class: "why" });
  const options = h("div", { class: "options" });
  const choose = (id) => {
    result.chosen = id;
    put(why, id && evidenceOf(result, chosenOf(result), signal));
  };
  const box = new SearchBox({
    compact: true,
    label: t("link-other", { mention: result.mention }),
    placeholder: t("link-other-short"),
    choose: (hit) => {
      const listed = result.candidates.some((one) => one.id === hit.id);
      result.other = listed ? null : { id: hit.id, concept: hit.concept };
      choose(hit.id);
      draw();
    },
  });

  function draw() {
    const rows = [...result.candidates, ...(result.other ? [result.other] : [])];
    put(
      options,
      rows.map((one) => option(group, one, one.id === result.chosen, choose)),
      h("label", { class: "option none-of-them" }, h("input", { type: "radio", name: group, value: "", checked: !result.chosen, on: { change: () => choose("") } }), h("span", {}, t("link-none"))),
    );
  }

  draw();
  choose(result.chosen);
  return h(
    "article",
    { class: "card mention", "aria-labelledby": `${group}-title` },
    h("header", {}, h("h3", { id: `${group}-title` }, result.mention), verdict(result.decision), contextOf(result.context)),
    h("div", { class: "choice" }, h("fieldset", {}, h("legend", { class: "visually-hidden" }, t("link-choose", { mention: result.mention })), options), box.element),
    why,
  );
}

export function chosenOf(result) {
  if (!result.chosen) return null;
  return result.candidates.find((one) => one.id === result.chosen) ?? result.other;
}

function verdict(decision) {
  const sure = typeof decision.probability === "number" ? t("link-probability", { n: percent(decision.probability) }) : "";
  if (!decision.id) return h("p", { class: "verdict" }, h("span", { class: "tag warn" }, t("link-undecided")), h("span", { class: "hint" }, [named("reason", decision.reason), sure].filter(Boolean).join(" · ")));
  return h("p", { class: "verdict" }, h("span", { class: "tag good" }, named("path", decision.path)), sure && h("span", { class: "hint" }, sure));
}

/** A share in whole per cent; what is neither none nor all is never written as either. */
function percent(share) {
  if (share > 0 && share < 0.01) return `< ${number(1)}`;
  return number(Math.floor(share * 100));
}

function option(group, candidate, chosen, choose) {
  const { concept } = candidate;
  return h(
    "label",
    { class: "option" },
    h("input", { type: "radio", name: group, value: candidate.id, checked: chosen, on: { change: () => choose(candidate.id) } }),
    h(
      "span",
      { class: "option-name" },
      h("a", { href: routes.concept(candidate.id) }, concept.preferredTerm),
      concept.semanticTag && h("span", { class: "tag" }, concept.semanticTag),
      candidate.matchedTerm && candidate.matchedTerm !== concept.preferredTerm && h("span", { class: "hint" }, candidate.matchedTerm),
    ),
    candidate.score === undefined ? h("span", { class: "hint" }, t("link-by-hand")) : h("span", { class: "score" }, h("meter", { min: 0, max: 1, value: candidate.score, "aria-label": t("score") }), h("span", {}, number(candidate.score, 2))),
  );
}
