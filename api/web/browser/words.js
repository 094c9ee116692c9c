// What the page says, in Spanish and in English.

import { language } from "./preferences.js";
import { ENGLISH } from "./words-en.js";
import { SPANISH } from "./words-es.js";

export const WORDS = { es: SPANISH, en: ENGLISH };

export function has(name) {
  return Object.hasOwn(WORDS[language()], name);
}

/** The words of a name; `{n}` in them is what `given.n` is. Numbers are written as the language writes them. */
export function t(name, given = {}) {
  const words = WORDS[language()][name];
  if (words === undefined) throw new Error(`There are no words for ${name}.`);
  return words.replace(/\{(\w+)\}/g, (_, key) => (typeof given[key] === "number" ? number(given[key]) : given[key]));
}

/** As `t`, from `name-one` for 1 and `name-other` for all else. */
export function count(name, n) {
  return t(n === 1 ? `${name}-one` : `${name}-other`, { n });
}

/** A word of the server in the page's language, where there is one: `TermKind.PREFERRED` is `kind-PREFERRED`. */
export function named(family, value) {
  return has(`${family}-${value}`) ? t(`${family}-${value}`) : value;
}

export function number(value, digits = 0) {
  return value.toLocaleString(language(), { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

/** The name of a language (BCP 47), in the page's language. */
export function languageName(code) {
  try {
    return new Intl.DisplayNames([language()], { type: "language" }).of(code);
  } catch {
    return code;
  }
}

/** A moment (ISO 8601) as the language writes it. */
export function moment(text) {
  const when = new Date(text);
  if (Number.isNaN(when.valueOf())) return text;
  return when.toLocaleString(language(), { dateStyle: "long", timeStyle: "short" });
}
