// What is wrong with an expression, under its place.

import { h } from "./dom.js";
import { sentence } from "./states.js";

const BEFORE = 40;
const SHOWN = 80;

/** The line that an error is in, and below its column what is wrong. */
export function underPosition(ecl, error) {
  const line = ecl.split("\n")[error.line - 1] ?? "";
  // Long lines are cut around the place, which must be seen.
  const from = Math.max(0, error.column - 1 - BEFORE);
  const shown = `${from ? "…" : ""}${line.slice(from, from + SHOWN)}`;
  const indent = " ".repeat(Math.max(0, error.column - 1 - from + (from ? 1 : 0)));
  return h("div", { class: "under-position" }, h("pre", { "aria-hidden": "true" }, shown, "\n", h("span", { class: "caret" }, `${indent}▲`)), h("p", {}, sentence(error)));
}
