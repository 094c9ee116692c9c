// Which release is asked: the server's current one, or another that the address names. The choice stands in the
// address alone, so that what is sent to somebody shows the same.

import { h, put } from "./dom.js";
import * as queries from "./queries.js";
import * as routes from "./routes.js";
import { t } from "./words.js";

/** A field with all releases of the server; hidden where there is nothing to choose. */
export class ReleasePicker {
  #select = h("select", { "aria-label": t("release-of"), on: { change: () => routes.go(routes.inRelease(this.#select.value)) } });
  #known = [];

  constructor() {
    this.element = h("div", { class: "release-picker", hidden: true }, this.#select);
    this.fill();
  }

  /** Ask the server for its releases. Where it does not say, the choice is not offered. */
  async fill() {
    try {
      this.#known = await queries.releases();
    } catch {
      this.#known = [];
    }
    this.mark();
  }

  /** Show the release of the address, even one that the server has not. */
  mark() {
    const chosen = routes.chosenRelease();
    const known = this.#known.some((one) => one.name === chosen) || !chosen ? this.#known : [...this.#known, { name: chosen, current: false }];
    this.element.hidden = known.length < 2;
    put(
      this.#select,
      known.map(({ name, current }) =>
        h("option", { value: current ? "" : name, selected: current ? !chosen || name === chosen : name === chosen }, current ? t("release-current", { release: name }) : name),
      ),
    );
  }
}
