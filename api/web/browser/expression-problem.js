// What is wrong with an expression, under its place.

import { h } from "./dom.js";
import { said, sentence } from "./states.js";
import { has, t } from "./words.js";

const BEFORE = 40;
const SHOWN = 80;

/** The line that an error is in, and below its column what is wrong. */
export function underPosition(ecl, error) {
  const line = ecl.split("\n")[error.line - 1] ?? "";
  // Long lines are cut around the place, which must be seen.
  const from = Math.max(0, error.column - 1 - BEFORE);
  const shown = `${from ? "…" : ""}${line.slice(from, from + SHOWN)}`;
  const indent = " ".repeat(Math.max(0, error.column - 1 - from + (from ? 1 : 0)));
  return h("div", { class: "under-position" }, h("pre", { "aria-hidden": "true" }, shown, "\n", h("span", { class: "caret" }, `${indent}▲`)), wrong(error), h("p", { class: "detail", ...said(error) }, sentence(error)));
}

/** The server's sentence says it exactly, but in English. */
function wrong({ code }) {
  return has(`wrong-${code}`) && h("p", {}, t(`wrong-${code}`));
}
