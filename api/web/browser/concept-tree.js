// A concept among its parents and children, as an ARIA tree whose branches are fetched when they are opened.

import { h } from "./dom.js";
import { language } from "./preferences.js";
import * as queries from "./queries.js";
import * as routes from "./routes.js";
import { sentence } from "./states.js";
import { count, t } from "./words.js";

/** The tree of a concept as `queries.concept` gives it; `signal` ends what it asks. */
export function conceptTree(concept, signal) {
  const tree = new Tree(signal);
  const here = tree.item(concept, { here: true, children: concept.children });
  if (concept.parents.length === 0) {
    tree.add(tree.element, [here]);
  } else {
    const [first, ...others] = concept.parents;
    const above = tree.item(first, { children: { nodes: [], total: first.childCount, next: "", inner: [here] } });
    tree.add(tree.element, [above, ...others.map((parent) => tree.item(parent))]);
  }
  tree.ready();
  return tree.element;
}

class Tree {
  #signal;

  constructor(signal) {
    this.#signal = signal;
    this.element = h("ul", { role: "tree", class: "tree", "aria-label": t("hierarchy"), on: { keydown: (event) => this.#key(event), click: (event) => this.#click(event) } });
  }

  /**
   * A line of the tree. `children` is a page of what is below it, where that is known, with items that are made
   * already in `inner`; without it the branch is closed and asked for when it is opened.
   */
  item(concept, { here = false, children = null } = {}) {
    const branch = concept.childCount > 0;
    const row = h(
      "div",
      { class: "row" },
      h("span", { class: "twist", "aria-hidden": "true" }),
      h("a", { href: routes.concept(concept.id), tabindex: "-1", "aria-current": here ? "page" : null }, concept.preferredTerm),
      branch && h("span", { class: "size", "aria-hidden": "true" }, String(concept.childCount)),
    );
    const item = h(
      "li",
      { role: "treeitem", tabindex: "-1", "aria-selected": String(here), "aria-expanded": branch ? "false" : null, "aria-label": label(concept), "data-id": concept.id, class: here ? "here" : null },
      row,
    );
    if (children && branch) this.#fill(item, children, children.inner ?? []);
    return item;
  }

  add(list, items) {
    list.append(...items);
    this.#number(list);
  }

  ready() {
    (this.element.querySelector(".here") ?? this.element.firstElementChild)?.setAttribute("tabindex", "0");
    this.#number(this.element);
  }

  #number(list) {
    const level = list === this.element ? 1 : Number(list.parentElement.getAttribute("aria-level") ?? 0) + 1;
    const items = [...list.children];
    items.forEach((item, at) => {
      item.setAttribute("aria-level", String(level));
      item.setAttribute("aria-posinset", String(at + 1));
      item.setAttribute("aria-setsize", String(items.length));
      const inner = group(item);
      if (inner) this.#number(inner);
    });
  }

  /** Put a page of children below an item and open it; `inner` are items that stand there already. */
  #fill(item, page, inner = []) {
    const list = group(item) ?? item.appendChild(h("ul", { role: "group" }));
    const there = new Set([...list.children, ...inner].map((one) => one.dataset.id));
    const fresh = page.nodes.filter((node) => !there.has(node.id)).map((node) => this.item(node));
    list.querySelector(":scope > .more")?.remove();
    list.append(...inner, ...fresh);
    const left = page.total - list.children.length;
    const started = inner.length > 0 && page.nodes.length === 0;
    if ((page.next || started) && left > 0) list.append(this.#more(item, page.next, left));
    item.setAttribute("aria-expanded", "true");
    if (this.element.contains(item)) this.#number(list);
    return fresh;
  }

  #more(item, after, left) {
    const words = count("more-children", left);
    return h(
      "li",
      { role: "treeitem", tabindex: "-1", class: "more", "aria-selected": "false", "aria-label": words, "data-after": after, "data-more": "true" },
      h("div", { class: "row" }, h("span", { class: "twist", "aria-hidden": "true" }), h("span", { class: "link" }, words)),
    );
  }

  async #load(item, after = "") {
    if (item.getAttribute("aria-busy") === "true") return [];
    item.setAttribute("aria-busy", "true");
    item.querySelector(":scope > .problem")?.remove();
    try {
      return this.#fill(item, await queries.children({ id: item.dataset.id, language: language(), after }, { signal: this.#signal }));
    } catch (error) {
      if (!this.#signal.aborted) item.append(h("p", { class: "problem", role: "alert" }, sentence(error)));
      return [];
    } finally {
      item.removeAttribute("aria-busy");
    }
  }

  async #open(item) {
    if (item.getAttribute("aria-expanded") !== "false") return;
    if (group(item)) item.setAttribute("aria-expanded", "true");
    else await this.#load(item);
  }

  #close(item) {
    item.setAttribute("aria-expanded", "false");
  }

  async #unfold(more) {
    const parent = more.parentElement.closest("[role=treeitem]");
    const focused = document.activeElement === more;
    const fresh = await this.#load(parent, more.dataset.after);
    if (focused && fresh[0]) this.#focus(fresh[0]);
  }

  #click(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item || event.target.closest("a, .problem")) return;
    this.#focus(item);
    if (item.dataset.more) this.#unfold(item);
    else if (item.getAttribute("aria-expanded") === "true") this.#close(item);
    else this.#open(item);
  }

  #focus(item) {
    this.element.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
    item.setAttribute("tabindex", "0");
    item.focus();
    item.firstElementChild.scrollIntoView({ block: "nearest" });
  }

  #visible() {
    return [...this.element.querySelectorAll("[role=treeitem]")].filter((item) => !item.parentElement.closest("[aria-expanded=false]"));
  }

  #key(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = { ArrowDown: 1, ArrowUp: -1, Home: "first", End: "last", ArrowRight: "in", ArrowLeft: "out", Enter: "go", " ": "toggle" }[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const items = this.#visible();
    const expanded = item.getAttribute("aria-expanded");
    if (typeof move === "number") this.#focus(items[items.indexOf(item) + move] ?? item);
    else if (move === "first") this.#focus(items[0]);
    else if (move === "last") this.#focus(items.at(-1));
    else if (move === "in") expanded === "true" ? this.#focus(group(item)?.firstElementChild ?? item) : this.#open(item);
    else if (move === "out") expanded === "true" ? this.#close(item) : this.#focus(item.parentElement.closest("[role=treeitem]") ?? item);
    else if (item.dataset.more) this.#unfold(item);
    else if (move === "go") routes.go(routes.concept(item.dataset.id));
    else if (expanded) expanded === "true" ? this.#close(item) : this.#open(item);
  }
}

function group(item) {
  return item.querySelector(":scope > [role=group]");
}

function label(concept) {
  return concept.childCount ? `${concept.preferredTerm}, ${count("children", concept.childCount)}` : concept.preferredTerm;
}
