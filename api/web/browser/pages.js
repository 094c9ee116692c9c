// A list of which one page is shown at a time.

import { h, put } from "./dom.js";
import { failure, loading } from "./states.js";
import { number, t } from "./words.js";

export class Pages {
  #options;

  /**
   * `fetch(after)` gives `{nodes, total, next}`, `row(node)` what stands in a line, `address({page, after})` where
   * a page is found, so that Back works; where there is `turn({page, after})` instead, it is called. `given` what the present address holds; `told(page)` hears of each page,
   * and `failed(error)` may give what is shown for an error.
   */
  constructor(options) {
    this.#options = { told: () => {}, failed: (error) => failure(error, () => this.load()), ...options };
    this.element = h("div", { class: "pages" });
    this.ready = this.load();
  }

  async load() {
    const { fetch, given, signal, told, failed } = this.#options;
    put(this.element, loading());
    try {
      const page = await fetch(given.after ?? "");
      if (signal.aborted) return;
      told(page);
      put(this.element, page.total === 0 ? h("p", { class: "none" }, t("no-concepts")) : this.#list(page), this.#turn(page));
    } catch (error) {
      if (!signal.aborted) put(this.element, failed(error));
    }
  }

  #list(page) {
    return h("ul", { class: "plain concepts" }, page.nodes.map((node) => h("li", {}, this.#options.row(node))));
  }

  #turn(page) {
    const at = Number(this.#options.given.page ?? 1) || 1;
    if (at === 1 && !page.next) return null;
    return h(
      "nav",
      { class: "turn", "aria-label": t("pages") },
      at > 1 ? this.#way({}, t("first-page")) : null,
      h("span", {}, t("page-of", { page: number(at) })),
      page.next ? this.#way({ page: at + 1, after: page.next }, t("next-page")) : null,
    );
  }

  #way(given, words) {
    const { address, turn } = this.#options;
    if (turn) return h("button", { type: "button", on: { click: () => turn(given) } }, words);
    return h("a", { class: "button", href: address(given) }, words);
  }
}
