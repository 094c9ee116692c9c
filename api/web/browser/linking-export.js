// What was chosen, as a file.

import { csv } from "./delimited.js";
import { download, h } from "./dom.js";
import { assertions } from "./mention-context.js";
import { chosenOf } from "./linking-results.js";
import { t } from "./words.js";

const COLUMNS = ["mention", "start", "end", "id", "preferred_term", "score", "path", "chosen_by", "reason", "context"];

export function exportButtons(work) {
  const as = (name, type, written) => () => download(`choices.${name}`, type, written(work.results.map((one) => row(one, work.mode))));
  return h(
    "div",
    { class: "actions" },
    h("button", { type: "button", on: { click: as("csv", "text/csv;charset=utf-8", (rows) => csv([COLUMNS, ...rows.map((one) => COLUMNS.map((name) => one[name]))])) } }, t("export-csv")),
    h("button", { type: "button", on: { click: as("json", "application/json", (rows) => `${JSON.stringify(rows, null, 2)}\n`) } }, t("export-json")),
  );
}

/** `start` and `end` are the mention's characters in a clinical text; a list has none. */
function row(result, mode) {
  const chosen = chosenOf(result);
  const inText = mode === "text";
  return {
    mention: result.mention,
    start: inText ? result.start : null,
    end: inText ? result.end : null,
    id: chosen?.id ?? null,
    preferred_term: chosen?.concept.preferredTerm ?? null,
    score: chosen?.score ?? null,
    path: chosen?.path ?? null,
    chosen_by: (chosen?.id ?? null) === result.decision.id ? "enlace" : "person",
    reason: chosen ? "" : result.decision.reason,
    context: assertions(result.context).join(" "),
  };
}
