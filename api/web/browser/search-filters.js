// To what a search is narrowed: the language of terms, semantic tags, and the concepts of an expression.

import { debounced, h, put } from "./dom.js";
import { underPosition } from "./expression-problem.js";
import { languageName, number, t } from "./words.js";

const PAUSE = 350;
const BETWEEN = "|";

export class SearchFilters {
  #language;
  #ecl;
  #problem = h("div", { id: "search-ecl-problem", class: "ecl-problem", "aria-live": "assertive" });
  #tags = h("fieldset", { class: "tag-filter", hidden: true });
  #chosenTags;
  #changed;

  /** `given` is what the address holds; `changed()` hears of every change. */
  constructor(given, changed) {
    this.#changed = changed;
    this.#chosenTags = new Set((given.tag ?? "").split(BETWEEN).filter(Boolean));
    const later = debounced(() => changed(), PAUSE);
    this.#language = h("select", { id: "search-language", on: { change: () => changed() } }, this.#languages(given.lang ? [given.lang] : [], given.lang));
    this.#ecl = h("input", {
      id: "search-ecl",
      class: "code",
      type: "text",
      value: given.ecl ?? "",
      placeholder: t("ecl-placeholder"),
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: "false",
      "aria-describedby": "search-ecl-problem",
      on: { input: () => later() },
    });
    this.element = h(
      "div",
      { class: "search-filters" },
      h("p", { class: "filters" }, h("label", { for: "search-language" }, t("search-language")), this.#language),
      h("p", { class: "filters wide" }, h("label", { for: "search-ecl" }, t("search-ecl")), this.#ecl),
      this.#problem,
      this.#tags,
    );
  }

  /** As the address holds it. */
  get address() {
    return { lang: this.#language.value, tag: [...this.#chosenTags].join(BETWEEN), ecl: this.#ecl.value.trim() };
  }

  /** As `queries.search` takes it. */
  get asked() {
    return { termLanguage: this.#language.value || null, semanticTags: this.#chosenTags.size ? [...this.#chosenTags] : null, ecl: this.#ecl.value.trim() || null };
  }

  offerLanguages(codes) {
    const chosen = this.#language.value;
    put(this.#language, this.#languages(chosen && !codes.includes(chosen) ? [...codes, chosen] : codes, chosen));
  }

  /** Offer the semantic tags of what was found, and keep those that are chosen. */
  found(hits) {
    put(this.#problem);
    this.#ecl.removeAttribute("aria-invalid");
    const counts = new Map([...this.#chosenTags].map((tag) => [tag, 0]));
    for (const { concept } of hits) if (concept.semanticTag) counts.set(concept.semanticTag, (counts.get(concept.semanticTag) ?? 0) + 1);
    this.#tags.hidden = counts.size < 2 && !this.#chosenTags.size;
    put(this.#tags, h("legend", {}, t("search-tags")), [...counts].map(([tag, count]) => this.#tag(tag, count)));
  }

  /** Show an error of the expression under its place; whether it is one. */
  failed(error) {
    if (!error.line || !this.#ecl.value.trim()) return false;
    this.#ecl.setAttribute("aria-invalid", "true");
    put(this.#problem, underPosition(this.#ecl.value.trim(), error));
    return true;
  }

  #tag(tag, count) {
    const box = h("input", {
      type: "checkbox",
      checked: this.#chosenTags.has(tag),
      on: {
        change: () => {
          if (box.checked) this.#chosenTags.add(tag);
          else this.#chosenTags.delete(tag);
          this.#changed();
        },
      },
    });
    return h("label", {}, box, h("span", {}, tag, h("span", { class: "hint" }, ` ${number(count)}`)));
  }

  #languages(codes, chosen = "") {
    return [h("option", { value: "" }, t("any-language")), codes.map((code) => h("option", { value: code, selected: code === chosen }, languageName(code)))];
  }
}
