// What a text says of a mention besides that it is there: whether it is denied, feared, past, or another's.

import { h } from "./dom.js";
import { t } from "./words.js";

const KINDS = ["negated", "uncertain", "historical", "family", "hypothetical"];

/** What is true of a mention's context, by name; nothing where it is the patient's, now, and there. */
export function assertions(context) {
  return KINDS.filter((kind) => context?.[kind]);
}

/** The context in words, with those of the text that decided. */
export function contextOf(context) {
  if (!context) return null;
  const said = assertions(context);
  if (!said.length && !context.section) return null;
  const words = [...new Set(context.triggers.map((one) => one.text))];
  return h(
    "p",
    { class: "mention-context" },
    said.map((kind) => h("span", { class: `tag context-${kind}` }, t(`context-${kind}`))),
    words.length > 0 && h("span", { class: "hint" }, t("context-words", { words: words.map((one) => `«${one}»`).join(", ") })),
    context.section && h("span", { class: "hint" }, t("context-section", { section: context.section })),
  );
}

/** A mention in its text, coloured and named by its context. */
export function markOf(text, context) {
  const said = assertions(context);
  return h("mark", { class: said.map((kind) => `context-${kind}`).join(" ") || null }, text, said.length > 0 && h("span", { class: "mark-note" }, ` ${said.map((kind) => t(`context-${kind}`)).join(", ")}`));
}
