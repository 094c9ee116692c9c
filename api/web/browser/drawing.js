// What pictures are drawn of: boxes with text, and the lines between them.

import { s } from "./dom.js";

export const BOX = { width: 212, height: 46, gap: 12 };

/** A picture of `width` × `height`, `label` for those who do not see it. */
export function drawing(width, height, label, ...parts) {
  return s(
    "svg",
    { viewBox: `-2 -2 ${width + 4} ${height + 4}`, role: "group", "aria-label": label },
    s(
      "defs",
      {},
      s(
        "marker",
        { id: "tip", viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto" },
        s("path", { class: "tip", d: "M0 0 8 4 0 8z" }),
      ),
    ),
    parts,
  );
}

/** A line that ends in an arrow. */
export function arrow(d) {
  return s("path", { class: "edge", d, "marker-end": "url(#tip)" });
}

/** A curved arrow between two points, level at both. */
export function curve(x, y, toX, toY) {
  const half = (x + toX) / 2;
  return arrow(`M${x} ${y}C${half} ${y} ${half} ${toY} ${toX + 1} ${toY}`);
}

/** A box with a text of two lines at most; a link where `href` is given. `label` is what is read for it. */
export function box({ text, href = "", label = text }, x, y, kind = "", width = BOX.width) {
  const lines = wrapped(text, Math.floor((width - 20) / 7), 2);
  const first = y + BOX.height / 2 + 5 - ((lines.length - 1) * 17) / 2;
  const shape = [
    s("title", {}, text),
    s("rect", { x, y, width, height: BOX.height, rx: 8 }),
    s("text", { x: x + 11 }, lines.map((line, at) => s("tspan", { x: x + 11, y: first + at * 17 }, line))),
  ];
  if (!href) return s("g", { class: `node ${kind}` }, shape);
  return s("a", { class: `node ${kind}`, href, "aria-label": label }, shape);
}

export function words(text, x, y, most = 32) {
  return s("text", { class: "edge-name", x, y }, cut(text, most));
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
