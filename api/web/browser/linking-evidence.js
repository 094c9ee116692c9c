// Why a candidate stands where it does: the way from the mention to the concept, drawn, with the scores of each
// stage and what else speaks for it or against it.

import { h, s } from "./dom.js";
import { BOX, arrow, box, drawing, words } from "./drawing.js";
import { language } from "./preferences.js";
import * as queries from "./queries.js";
import * as routes from "./routes.js";
import { named, number, t } from "./words.js";

const ABOVE = 2;
const STEP = 46;

const LENT = "term of another release";

export function evidenceOf(result, candidate, signal) {
  if (!candidate?.scores) return null;
  const wide = matchMedia("(min-width: 44rem)").matches;
  return h(
    "details",
    { open: wide },
    h("summary", {}, t("why", { name: candidate.concept.preferredTerm })),
    way(result, candidate),
    scores(candidate),
    evidence(candidate, signal),
  );
}

/** The steps from the mention to the concept and on to what it is a kind of: `[{text, kind, href}, edge, …]`. */
function steps({ mention }, candidate) {
  const found = [{ text: mention, kind: "mention" }];
  const add = (edge, node) => found.push(edge, node);
  if (candidate.reading !== mention) add(t("way-reading"), { text: candidate.reading, kind: "" });
  if (candidate.matchedTerm !== candidate.reading) add(closeness(candidate), { text: candidate.matchedTerm, kind: "" });
  add(candidate.matchedTerm === candidate.reading && isMatch(candidate) ? named("path", candidate.path) : t("way-term-of"), { text: candidate.concept.preferredTerm, kind: "centre", href: routes.concept(candidate.id) });
  for (const one of candidate.above.slice(1, 1 + ABOVE)) add(t("way-is-a"), { text: one.preferredTerm, kind: "attribute", href: routes.concept(one.id) });
  return found;
}

const isMatch = ({ path }) => path === "EXACT" || path === "FOLDED";

function closeness(candidate) {
  const { dense } = candidate.scores;
  return isMatch(candidate) || dense === null ? named("path", candidate.path) : t("way-close", { n: number(dense, 2) });
}

function way(result, candidate) {
  const found = steps(result, candidate);
  const narrow = matchMedia("(max-width: 60rem)");
  const figure = h("figure", { class: "neighbourhood way" });
  const draw = () => figure.replaceChildren(narrow.matches ? down(found) : across(found));
  narrow.addEventListener("change", draw);
  draw();
  return figure;
}

function label(found) {
  return found.map((one) => (typeof one === "string" ? `→ ${one} →` : one.text)).join(" ");
}

/** Between two boxes, as wide as what stands over the arrow. */
const gapFor = (name) => Math.max(92, 6.6 * name.length + 20);

function across(found) {
  const parts = [];
  let x = 0;
  for (const one of found) {
    if (typeof one === "string") {
      const gap = gapFor(one);
      parts.push(arrow(`M${x} ${18 + BOX.height / 2}H${x + gap}`), s("text", { class: "edge-name", x: x + gap / 2, y: 10 + BOX.height / 2, "text-anchor": "middle" }, one));
      x += gap;
    } else {
      parts.push(box(one, x, 18, one.kind, 176));
      x += 176;
    }
  }
  return drawing(Math.max(x, 980), BOX.height + 22, label(found), parts);
}

function down(found) {
  const parts = [];
  let y = 0;
  for (const one of found) {
    if (typeof one === "string") {
      parts.push(arrow(`M24 ${y}V${y + STEP - 8}`), words(one, 36, y + 23, 44));
      y += STEP - 8;
    } else {
      parts.push(box(one, 0, y, one.kind, 336));
      y += BOX.height;
    }
  }
  return drawing(340, y, label(found), parts);
}

function scores({ score, scores: stages }) {
  const rows = [["dense", stages.dense], ["lexical", stages.lexical], ["rerank", stages.rerank], ["score", score]];
  return h(
    "dl",
    { class: "scores" },
    rows.map(([name, value]) =>
      h("div", {}, h("dt", { title: t(`score-${name}-hint`) }, t(`score-${name}`)), h("dd", {}, value === null ? h("span", { class: "hint" }, t("not-seen")) : [h("meter", { min: 0, max: 1, value: Math.max(0, value), "aria-label": t(`score-${name}`) }), h("span", {}, number(value, 3))])),
    ),
  );
}

function evidence({ evidence: found }, signal) {
  if (!found.length) return null;
  const names = new Map();
  const list = h(
    "ul",
    { class: "plain evidence" },
    found.map((one) =>
      h(
        "li",
        {},
        h("span", {}, named("evidence", one.kind)),
        h("span", { class: one.value < 0 ? "tag bad" : "tag good" }, `${number(100 * one.value)} %`),
        one.concepts.map((id) => {
          // Those of another release have no page here.
          if (one.kind === LENT) return h("span", {}, id);
          const link = h("a", { href: routes.concept(id) }, id);
          names.set(id, [...(names.get(id) ?? []), link]);
          return link;
        }),
      ),
    ),
  );
  nameConcepts(names, signal);
  return [h("h4", {}, t("evidence")), list];
}

async function nameConcepts(links, signal) {
  if (!links.size) return;
  try {
    const called = await queries.names({ ids: [...links.keys()], language: language() }, { signal });
    for (const [id, name] of called) for (const link of links.get(id) ?? []) link.textContent = name;
  } catch {
    // The ids stay.
  }
}
