// The dialog of settings: language, theme, token.

import { h } from "./dom.js";
import * as preferences from "./preferences.js";
import { t } from "./words.js";

const LANGUAGE_NAMES = { es: "Español", en: "English" };

/** Told when something that the whole page shows has changed. */
export const changes = new EventTarget();

export function openSettings() {
  document.querySelector("dialog.settings")?.remove();
  const token = h("input", {
    id: "token",
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    value: preferences.token(),
  });
  const close = () => dialog.close();
  const dialog = h(
    "dialog",
    {
      class: "settings",
      "aria-labelledby": "settings-title",
      on: {
        close: () => {
          dialog.remove();
          if (token.value.trim() === preferences.token()) return;
          preferences.chooseToken(token.value);
          changes.dispatchEvent(new Event("token"));
        },
        click: (event) => event.target === dialog && close(),
      },
    },
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: "settings-title" }, t("settings")),
      choice("language", t("language"), preferences.LANGUAGES, preferences.language(), (one) => LANGUAGE_NAMES[one], (one) => {
        preferences.chooseLanguage(one);
        changes.dispatchEvent(new Event("language"));
        openSettings();
      }),
      choice("theme", t("theme"), preferences.THEMES, preferences.theme(), (one) => t(`theme-${one}`), preferences.chooseTheme),
      h("div", { class: "field" }, h("label", { for: "token" }, t("token")), token, h("p", { class: "hint" }, t("token-hint"))),
      h("p", { class: "actions" }, h("button", { class: "primary" }, t("done"))),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}

function choice(name, title, values, chosen, label, choose) {
  return h(
    "fieldset",
    { class: "field segmented" },
    h("legend", {}, title),
    values.map((value) => {
      const radio = h("input", { type: "radio", name, value, checked: value === chosen, on: { change: () => choose(value) } });
      return h("label", {}, radio, h("span", {}, label(value)));
    }),
  );
}
