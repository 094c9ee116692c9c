// Search as you type, as an ARIA combobox: arrows move through what was found, Enter opens it, Escape closes.

import { debounced, h, newId, put } from "./dom.js";
import { matchedPieces } from "./matching.js";
import { language } from "./preferences.js";
import * as queries from "./queries.js";
import * as routes from "./routes.js";
import { sentence } from "./states.js";
import { count, languageName, number, t } from "./words.js";

const PAUSE = 120;

export class SearchBox {
  #input;
  #list;
  #told;
  #more;
  #asked = new AbortController();
  #hits = [];
  #active = -1;
  #options;
  #later = debounced(() => this.#ask(), PAUSE);

  /**
   * `compact`: what is found stands over the page, else in it. `choose(hit)` is called for what is chosen;
   * without it the concept is opened. `typed(text)` is called when the text changes, `filters()` gives more
   * of what `queries.search` takes, `first` says how many at most. `found(hits)` hears of each answer, and
   * `failed(error)` of each error: where it gives true, it has told of it.
   */
  constructor(options = {}) {
    this.#options = { compact: false, first: options.compact ? 8 : 30, filters: () => ({}), typed: () => {}, found: () => {}, failed: () => false, ...options };
    const listId = newId("found");
    this.#input = h("input", {
      type: "search",
      role: "combobox",
      class: "search-input",
      "data-search": true,
      "aria-expanded": "false",
      "aria-controls": listId,
      "aria-autocomplete": "list",
      "aria-label": options.label ?? t("search"),
      placeholder: options.placeholder ?? t("search-placeholder"),
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: "false",
      maxlength: 1000,
      on: {
        input: () => {
          this.#options.typed(this.text);
          this.#later();
        },
        keydown: (event) => this.#key(event),
        focus: () => this.#options.compact && this.#hits.length && this.#open(true),
        blur: () => this.#options.compact && setTimeout(() => this.#open(false), 150),
      },
    });
    this.#list = h("ul", { id: listId, role: "listbox", "aria-label": t("found"), class: "found", hidden: true });
    this.#told = h("div", { class: "found-state", "aria-live": "polite" });
    this.#more = h("p", { class: "hint more-found", hidden: true }, t("more-found", { n: number(this.#options.first) }));
    this.element = h(
      "div",
      { class: this.#options.compact ? "search-box compact" : "search-box" },
      h("div", { class: "search-field" }, this.#input, h("kbd", { "aria-hidden": "true" }, "/")),
      this.#options.compact ? h("div", { class: "over" }, this.#told, this.#list) : [this.#told, this.#list, this.#more],
    );
  }

  get text() {
    return this.#input.value.trim();
  }

  set text(text) {
    this.#input.value = text;
  }

  focus() {
    this.#input.focus();
  }

  /** Ask again at once, for the filters have changed or the page has just been opened. */
  refresh() {
    return this.#later.now();
  }

  async #ask() {
    this.#asked.abort();
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    const text = this.text;
    if (!text) return this.#show([], "");
    this.element.classList.add("asking");
    try {
      const asked = { text, language: language(), first: this.#options.first, ...this.#options.filters() };
      const hits = await queries.search(asked, { signal });
      this.#options.found(hits);
      this.#show(hits, hits.length ? "" : t("nothing-found", { text }));
    } catch (error) {
      if (signal.aborted) return undefined;
      this.#show([], this.#options.failed(error) ? "" : sentence(error), true);
    }
    this.element.classList.remove("asking");
    return undefined;
  }

  #show(hits, words, failed = false) {
    this.element.classList.remove("asking");
    this.#hits = hits;
    this.#active = -1;
    const typed = this.text;
    put(this.#list, hits.map((hit, at) => this.#option(hit, at, typed)));
    put(
      this.#told,
      words && h("p", { class: failed ? "failure" : "empty" }, words),
      hits.length > 0 && h("p", { class: "visually-hidden" }, count("hits", hits.length)),
    );
    this.#more.hidden = this.#options.compact || hits.length < this.#options.first;
    this.#activate(-1);
    this.#open(hits.length > 0);
  }

  #option(hit, at, typed) {
    const called = hit.concept.preferredTerm;
    const other = called.toLocaleLowerCase() !== hit.matchedTerm.toLocaleLowerCase();
    return h(
      "li",
      {
        id: `${this.#list.id}-${at}`,
        role: "option",
        "aria-selected": "false",
        on: { mousedown: (event) => event.preventDefault(), click: (event) => this.#choose(at, event) },
      },
      h(
        "span",
        { class: "hit" },
        h("span", { class: "hit-term", lang: hit.language }, matchedPieces(hit.matchedTerm, typed).map((piece) => (piece.matched ? h("mark", {}, piece.text) : piece.text))),
        other && h("span", { class: "hit-name" }, called),
      ),
      h(
        "span",
        { class: "hit-facts" },
        hit.concept.semanticTag && h("span", { class: "tag" }, hit.concept.semanticTag),
        !hit.concept.active && h("span", { class: "tag retired" }, t("retired")),
        h("span", { class: "hit-language", title: languageName(hit.language) }, hit.language),
      ),
    );
  }

  #open(open) {
    const really = open && this.#hits.length > 0;
    this.#list.hidden = !really;
    this.#input.setAttribute("aria-expanded", String(really));
    if (!really) this.#activate(-1);
    if (this.#options.compact) this.element.classList.toggle("open", open || this.#told.textContent !== "");
  }

  #activate(at) {
    this.#active = at;
    [...this.#list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
    if (at < 0) return this.#input.removeAttribute("aria-activedescendant");
    const option = this.#list.children[at];
    option.scrollIntoView({ block: "nearest" });
    return this.#input.setAttribute("aria-activedescendant", option.id);
  }

  #key(event) {
    const last = this.#hits.length - 1;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (last < 0) return;
      this.#open(true);
      const next = this.#active + (event.key === "ArrowDown" ? 1 : -1);
      this.#activate(next > last ? 0 : next < 0 ? last : next);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.#enter(event);
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.#later.cancel();
      this.#asked.abort();
      if (this.#options.compact && !this.#list.hidden) return this.#open(false);
      this.text = "";
      this.#options.typed("");
      this.#show([], "");
    }
  }

  async #enter(event) {
    if (this.#active >= 0) return this.#choose(this.#active, event);
    if (this.#options.choose || !this.#options.compact) {
      // The list may be of a text that has changed since.
      await this.refresh();
      if (this.#hits.length) this.#activate(0);
      return undefined;
    }
    const text = this.text;
    if (!text) return undefined;
    this.#leave();
    return routes.go(routes.to([], { q: text }));
  }

  #choose(at, event) {
    const hit = this.#hits[at];
    if (this.#options.choose) {
      this.#leave();
      return this.#options.choose(hit);
    }
    const address = routes.concept(hit.id);
    if (event.ctrlKey || event.metaKey) return window.open(address, "_blank", "noopener");
    if (this.#options.compact) this.#leave();
    return routes.go(address);
  }

  #leave() {
    this.#later.cancel();
    this.#asked.abort();
    this.text = "";
    this.#show([], "");
    this.#input.blur();
  }
}
