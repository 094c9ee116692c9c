// Buttons that put a text where it can be pasted.

import { h } from "./dom.js";
import { t } from "./words.js";

/** A row of buttons for `[name, text]`; what was copied is said, for eyes and for ears. */
export function copyButtons(texts) {
  const told = h("span", { class: "copied", role: "status" });
  return h(
    "div",
    { class: "copy", role: "group", "aria-label": t("copy") },
    h("span", { class: "copy-title", "aria-hidden": "true" }, t("copy")),
    texts.map(([name, text]) =>
      h("button", { type: "button", class: "small", title: text, "aria-label": t("copy-one", { name }), on: { click: async () => { told.textContent = (await copied(text)) ? t("copied", { name }) : t("not-copied"); } } }, name),
    ),
    told,
  );
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedTheOldWay(text); // The clipboard is only there for pages of this machine or over TLS.
  }
}

function copiedTheOldWay(text) {
  const area = h("textarea", { class: "visually-hidden", value: text });
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return done;
}

/** The id as an expression names it: SCTIDs without their prefix. */
export function eclId(id) {
  return id.startsWith("SNOMEDCT:") ? id.slice("SNOMEDCT:".length) : id;
}

/** The concept as an expression names it, with its term. */
export function eclReference(id, term) {
  return `${eclId(id)} |${term.replaceAll("|", " ").trim()}|`;
}
