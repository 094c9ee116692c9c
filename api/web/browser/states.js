// What a page says when it has nothing to show: it is waiting, there is nothing, or something went wrong.

import { h } from "./dom.js";
import { openSettings } from "./settings.js";
import { has, t } from "./words.js";

export function loading(what = t("loading")) {
  return h("p", { class: "state waiting", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), what);
}

export function empty(what, ...more) {
  return h("div", { class: "state empty", role: "status" }, h("p", {}, what), ...more);
}

/** An error with what can be done about it; `again` is called by the button that tries once more. */
export function failure(error, again = null) {
  const needsToken = error.code === "UNAUTHORIZED" || error.code === "FORBIDDEN";
  const actions = [
    // What a release does not hold it will not hold the next time.
    again && error.code !== "CONCEPT_NOT_FOUND" && h("button", { type: "button", on: { click: again } }, t("again")),
    needsToken && h("button", { type: "button", on: { click: openSettings } }, t("give-token")),
  ].filter(Boolean);
  return h(
    "div",
    { class: "state failure", role: "alert" },
    h("p", { class: "what", ...said(error) }, sentence(error)),
    advice(error) && h("p", {}, advice(error)),
    actions.length > 0 && h("p", { class: "actions" }, actions),
  );
}

/** What went wrong, in the page's language where this page knows it, else as the server says it. */
export function sentence(error) {
  const own = `error-${error.code}`;
  if (has(own)) return t(own);
  if (error.message && error.code) return error.message;
  console.error(error);
  return t("error-NO_ANSWER");
}

/** The attributes of what holds that sentence: the server's own is English. */
export function said(error) {
  return has(`error-${error.code}`) || !error.code ? {} : { lang: "en" };
}

function advice(error) {
  const own = `advice-${error.code}`;
  return has(own) ? t(own, { release: error.release ?? "" }) : "";
}
