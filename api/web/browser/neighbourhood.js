// A picture of what is next to a concept: parents, children and attributes, each a link.

import { h, s } from "./dom.js";
import * as routes from "./routes.js";
import { t } from "./words.js";

const MOST = 5;
const BOX = { width: 212, height: 46, gap: 12 };

/** The picture as a figure; it is drawn anew, in rows, where the window is narrow. */
export function neighbourhood(concept) {
  const sides = {
    parents: few(concept.parents.map((one) => ({ id: one.id, text: one.preferredTerm })), concept.parentCount),
    children: few(concept.children.nodes.map((one) => ({ id: one.id, text: one.preferredTerm })), concept.childCount),
    attributes: few(attributes(concept), distinctTargets(concept)),
  };
  const words = h("figcaption", {}, description(concept, sides));
  const figure = h("figure", { class: "neighbourhood" });
  const narrow = matchMedia("(max-width: 44rem)");
  const draw = () => figure.replaceChildren(picture(concept, sides, narrow.matches), words);
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
      boxes.push(box(node, x, y));
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
    if (node.edge) edges.push(s("text", { class: "edge-name", x: x + 2, y: y - 5 }, cut(node.edge, 32)));
    boxes.push(box(node, x, y, "attribute", BOX.width - 22));
  });
  return drawing(2 * column + BOX.width, height, concept, edges, [...boxes, box({ text: concept.preferredTerm }, centre.x, centre.y, "centre")]);
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
    boxes.push(box(node, 0, y, "", wide));
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
        edges.push(s("text", { class: "edge-name", x: 64, y: y - 4 }, cut(node.edge, 40)));
      }
      edges.push(s("path", { class: `edge ${kind}`, d: `M${spine.children - (kind ? 8 : 0)} ${centre + BOX.height}V${y + BOX.height / 2}H60` }));
      boxes.push(box(node, 60, y, kind, wide));
      y += BOX.height + BOX.gap;
    }
  }
  return drawing(width, y, concept, edges, boxes);
}

function slots({ shown, more }) {
  return more > 0 ? [...shown, { text: t("n-more", { n: more }) }] : shown;
}

function drawing(width, height, concept, edges, boxes) {
  const tip = "is-a-tip";
  return s(
    "svg",
    { viewBox: `-2 -2 ${width + 4} ${height + 4}`, role: "group", "aria-label": t("picture", { name: concept.preferredTerm }) },
    s("defs", {}, s("marker", { id: tip, viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto" }, s("path", { class: "tip", d: "M0 0 8 4 0 8z" }))),
    edges,
    boxes,
  );
}

function arrow(d) {
  return s("path", { class: "edge", d, "marker-end": "url(#is-a-tip)" });
}

/** A curve from what is more special to what is more general. */
function curve(x, y, toX, toY) {
  const half = (x + toX) / 2;
  return arrow(`M${x} ${y}C${half} ${y} ${half} ${toY} ${toX + 1} ${toY}`);
}

function box(node, x, y, kind = "", width = BOX.width) {
  const lines = wrapped(node.text, Math.floor((width - 20) / 7), 2);
  const first = y + BOX.height / 2 + 5 - ((lines.length - 1) * 17) / 2;
  const shape = [
    s("rect", { x, y, width, height: BOX.height, rx: 8 }),
    s("text", { x: x + 11 }, lines.map((line, at) => s("tspan", { x: x + 11, y: first + at * 17 }, line))),
  ];
  if (!node.id) return s("g", { class: `node ${kind || "rest"}` }, shape);
  return s("a", { class: `node ${kind}`, href: routes.concept(node.id), "aria-label": node.edge ? `${node.edge}: ${node.text}` : node.text }, s("title", {}, node.text), shape);
}

function wrapped(text, most, lines) {
  const found = [""];
  for (const word of text.split(/\s+/)) {
    const longer = found.at(-1) ? `${found.at(-1)} ${word}` : word;
    if (longer.length <= most || !found.at(-1)) found[found.length - 1] = longer;
    else if (found.length < lines) found.push(word);
    else {
      found[found.length - 1] = `${longer}…`;
      break;
    }
  }
  return found.map((line) => cut(line, most));
}

function cut(text, most) {
  return text.length > most ? `${text.slice(0, most - 1).trimEnd().replace(/…$/, "")}…` : text;
}
