// A picture of what is next to a concept: parents, children and attributes, each a link.

import { h, s } from "./dom.js";
import { BOX, arrow, box, curve, drawing, words } from "./drawing.js";
import * as routes from "./routes.js";
import { t } from "./words.js";

const MOST = 5;
const NARROW = "(max-width: 44rem)";

/** The picture as a figure; it is drawn anew, in rows, where the window is narrow. */
export function neighbourhood(concept) {
  const sides = {
    parents: few(concept.parents.map((one) => ({ id: one.id, text: one.preferredTerm })), concept.parentCount),
    children: few(concept.children.nodes.map((one) => ({ id: one.id, text: one.preferredTerm })), concept.childCount),
    attributes: few(attributes(concept), distinctTargets(concept)),
  };
  const caption = h("figcaption", {}, description(concept, sides));
  const figure = h("figure", { class: "neighbourhood" });
  const narrow = matchMedia(NARROW);
  const draw = () => figure.replaceChildren(picture(concept, sides, narrow.matches), caption);
  narrow.addEventListener("change", draw);
  draw();
  return figure;
}

function attributes(concept) {
  const seen = new Set();
  return concept.relations
    .filter((one) => one.target && !seen.has(one.targetId) && seen.add(one.targetId))
    .map((one) => ({ id: one.targetId, text: one.target.preferredTerm, edge: one.type?.preferredTerm ?? one.typeId }));
}

function distinctTargets(concept) {
  return new Set(concept.relations.filter((one) => one.target).map((one) => one.targetId)).size;
}

function few(nodes, total) {
  const shown = nodes.slice(0, total > MOST ? MOST - 1 : MOST);
  return { shown, more: total - shown.length };
}

function description(concept, { parents, children, attributes }) {
  const said = [
    sentenceOf("picture-parents", parents),
    sentenceOf("picture-children", children),
    sentenceOf("picture-attributes", { ...attributes, shown: attributes.shown.map((one) => ({ text: `${one.edge}: ${one.text}` })) }),
  ].filter(Boolean);
  return said.length ? said.join(" ") : t("picture-alone", { name: concept.preferredTerm });
}

function sentenceOf(name, { shown, more }) {
  if (!shown.length) return "";
  const names = shown.map((one) => one.text).join(", ");
  return t(name, { names: more > 0 ? `${names} ${t("and-more", { n: more })}` : names });
}

function picture(concept, sides, narrow) {
  return narrow ? inRows(concept, sides) : inColumns(concept, sides);
}

/** Parents on the left, the concept in the middle with its attributes below, children on the right. */
function inColumns(concept, { parents, children, attributes }) {
  const left = slots(parents);
  const right = slots(children);
  const below = slots(attributes);
  const column = BOX.width + 76;
  const step = BOX.height + BOX.gap;
  const attributeStep = step + 16;
  const sides = Math.max(left.length, right.length, 1) * step;
  const middle = sides / 2;
  const height = Math.max(sides, middle + BOX.height / 2 + below.length * attributeStep);
  const centre = { x: column, y: middle - BOX.height / 2 };
  const edges = [];
  const boxes = [];
  const place = (nodes, x, edge) => {
    const top = middle - (nodes.length * step) / 2 + BOX.gap / 2;
    nodes.forEach((node, at) => {
      const y = top + at * step;
      boxes.push(box(node, x, y, node.kind));
      edges.push(edge(y + BOX.height / 2));
    });
  };
  const from = centre.y + BOX.height / 2;
  place(left, 0, (y) => curve(centre.x, from, BOX.width, y));
  place(right, 2 * column, (y) => curve(2 * column, y, centre.x + BOX.width, from));
  below.forEach((node, at) => {
    const y = centre.y + BOX.height + at * attributeStep + 26;
    const x = centre.x + 22;
    edges.push(s("path", { class: "edge attribute", d: `M${centre.x + 8} ${centre.y + BOX.height}V${y + BOX.height / 2}H${x}` }));
    if (node.edge) edges.push(words(node.edge, x + 2, y - 5));
    boxes.push(box(node, x, y, node.kind ?? "attribute", BOX.width - 22));
  });
  return drawing(2 * column + BOX.width, height, t("picture", { name: concept.preferredTerm }), edges, boxes, box({ text: concept.preferredTerm }, centre.x, centre.y, "centre"));
}

/** One below the other, each kind further in. */
function inRows(concept, { parents, children, attributes }) {
  const width = 340;
  const edges = [];
  const boxes = [];
  let y = 4;
  const spine = { parents: 10, children: 46 };
  const wide = width - 60;
  const ends = [];
  for (const node of slots(parents)) {
    boxes.push(box(node, 0, y, node.kind, wide));
    ends.push(y);
    y += BOX.height + BOX.gap;
  }
  const centre = y;
  if (ends.length) edges.push(arrow(`M${spine.parents} ${centre + BOX.height / 2}V${ends.at(-1) + BOX.height}`), s("path", { class: "edge", d: `M${spine.parents} ${centre + BOX.height / 2}H24` }));
  boxes.push(box({ text: concept.preferredTerm }, 24, y, "centre", wide));
  y += BOX.height + BOX.gap;
  for (const [nodes, kind] of [[slots(children), ""], [slots(attributes), "attribute"]]) {
    for (const node of nodes) {
      if (node.edge) {
        y += 12;
        edges.push(words(node.edge, 64, y - 4, 40));
      }
      edges.push(s("path", { class: `edge ${kind}`, d: `M${spine.children - (kind ? 8 : 0)} ${centre + BOX.height}V${y + BOX.height / 2}H60` }));
      boxes.push(box(node, 60, y, node.kind ?? kind, wide));
      y += BOX.height + BOX.gap;
    }
  }
  return drawing(width, y, t("picture", { name: concept.preferredTerm }), edges, boxes);
}

function slots({ shown, more }) {
  const boxes = shown.map((one) => ({ ...one, href: routes.concept(one.id), label: one.edge ? `${one.edge}: ${one.text}` : one.text }));
  return more > 0 ? [...boxes, { text: t("n-more", { n: more }), kind: "rest" }] : boxes;
}
