// The workbench of expressions: what an expression stands for, as it is typed.

import { csv } from "./delimited.js";
import { eclReference } from "./copying.js";
import { debounced, download, h, put } from "./dom.js";
import { underPosition } from "./expression-problem.js";
import { link } from "./concept-page.js";
import { Pages } from "./pages.js";
import { language } from "./preferences.js";
import * as queries from "./queries.js";
import * as routes from "./routes.js";
import { SearchBox } from "./search-box.js";
import { failure, sentence } from "./states.js";
import { count, has, number, t } from "./words.js";

const PAUSE = 350;
const EXPORT_PAGE = 1000;
const ROOTS = "!!> *";
const OPERATORS = [
  ["<<", "ecl-descendants-or-self"],
  ["<", "ecl-descendants"],
  ["<!", "ecl-children"],
  [">>", "ecl-ancestors-or-self"],
  ["AND", "ecl-and"],
  ["OR", "ecl-or"],
  ["MINUS", "ecl-minus"],
];

export async function show(main, { given, signal }) {
  let asked = new AbortController();
  signal.addEventListener("abort", () => asked.abort());
  const place = { e: given.e ?? "", text: given.text ?? "", page: given.page ?? "", after: given.after ?? "" };

  const area = h("textarea", {
    id: "ecl",
    class: "code",
    rows: 4,
    spellcheck: "false",
    autocapitalize: "none",
    autocomplete: "off",
    "aria-describedby": "ecl-problem ecl-hint",
    value: place.e,
    on: { input: () => typed() },
  });
  const filter = h("input", { id: "ecl-text", type: "search", value: place.text, autocomplete: "off", on: { input: () => typed() } });
  const problem = h("div", { id: "ecl-problem", class: "ecl-problem", "aria-live": "assertive" });
  const total = h("p", { class: "total", role: "status" });
  const results = h("div", { class: "results" });
  const exporting = h("div", { class: "exporting" });

  const typed = () => {
    Object.assign(place, { e: area.value, text: filter.value, page: "", after: "" });
    routes.amend(routes.to(["ecl"], place));
    later();
  };
  const later = debounced(() => run(), PAUSE);
  const insert = (text) => {
    const { selectionStart: from, selectionEnd: to, value } = area;
    const before = from > 0 && !/\s/.test(value[from - 1]) ? " " : "";
    area.setRangeText(`${before}${text} `, from, to, "end");
    area.focus();
    typed();
  };
  const box = new SearchBox({ compact: true, label: t("ecl-insert"), placeholder: t("ecl-insert"), choose: (hit) => insert(eclReference(hit.id, hit.concept.preferredTerm)) });

  async function run() {
    asked.abort();
    asked = new AbortController();
    const mine = asked.signal;
    area.removeAttribute("aria-invalid");
    put(problem);
    put(exporting);
    if (!place.e.trim()) {
      put(total);
      return put(results, examples(area, typed, await beginnings(mine)));
    }
    results.classList.add("asking");
    const pages = new Pages({
      given: place,
      signal: mine,
      address: (more) => routes.to(["ecl"], { e: place.e, text: place.text, ...more }),
      fetch: (after) => queries.expand({ ecl: place.e, text: place.text, language: language(), after }, { signal: mine }),
      row: (one) => [link(one), one.semanticTag && h("span", { class: "tag" }, one.semanticTag), h("code", {}, one.id)],
      told: (page) => {
        put(total, count("ecl-total", page.total));
        put(exporting, page.total > 0 && exportButton(place, mine));
      },
      failed: (error) => {
        put(total);
        if (!error.line) return failure(error, run);
        area.setAttribute("aria-invalid", "true");
        put(problem, underPosition(place.e, error));
        return h("p", { class: "hint" }, t("ecl-not-answered"));
      },
    });
    await pages.ready;
    if (mine.aborted) return undefined;
    results.classList.remove("asking");
    return put(results, pages.element);
  }

  put(
    main,
    h("h1", {}, t("page-ecl")),
    h("p", { class: "lead", id: "ecl-hint" }, t("ecl-lead")),
    h(
      "div",
      { class: "workbench card" },
      h("div", { class: "tools" }, h("div", { class: "operators", role: "group", "aria-label": t("ecl-operators") }, OPERATORS.map(([sign, words]) => h("button", { type: "button", class: "small code", title: t(words), "aria-label": `${sign}: ${t(words)}`, on: { click: () => insert(sign) } }, sign))), box.element),
      h("label", { for: "ecl" }, t("ecl-label")),
      area,
      problem,
      h("div", { class: "under" }, h("div", { class: "field" }, h("label", { for: "ecl-text" }, t("ecl-filter")), filter), total, exporting),
    ),
    results,
  );
  await run();
}

/** Expressions to begin with: all, the roots, and what is below the first of them. */
async function beginnings(signal) {
  try {
    const roots = await queries.expand({ ecl: ROOTS, language: language(), first: 1 }, { signal });
    return ["*", ROOTS, ...roots.nodes.map((one) => `< ${eclReference(one.id, one.preferredTerm)}`)];
  } catch {
    return ["*"]; // What is wrong is told as soon as something is asked.
  }
}

function examples(area, typed, list) {
  const begin = (one) => {
    area.value = one;
    area.focus();
    typed();
  };
  return h(
    "div",
    { class: "state empty" },
    h("p", {}, t("ecl-empty")),
    h("ul", { class: "plain examples" }, list.map((one) => h("li", {}, h("button", { type: "button", class: "code", on: { click: () => begin(one) } }, one), has(`ecl-example-${one}`) && h("span", { class: "hint" }, t(`ecl-example-${one}`))))),
  );
}

/** Fetches all pages, and gives them as a file. */
function exportButton(place, signal) {
  const told = h("span", { class: "hint", role: "status" });
  const button = h("button", {
    type: "button",
    on: {
      click: async () => {
        button.disabled = true;
        try {
          const rows = [["id", "preferred_term", "semantic_tag", "active"]];
          for (let after = ""; ; ) {
            const page = await queries.expand({ ecl: place.e, text: place.text, language: language(), after, first: EXPORT_PAGE }, { signal });
            rows.push(...page.nodes.map((one) => [one.id, one.preferredTerm, one.semanticTag, String(one.active)]));
            told.textContent = t("export-progress", { n: rows.length - 1, total: page.total });
            after = page.next;
            if (!after) break;
          }
          download("expansion.csv", "text/csv;charset=utf-8", csv(rows));
          told.textContent = t("exported", { n: number(rows.length - 1) });
        } catch (error) {
          if (!signal.aborted) told.textContent = sentence(error);
        }
        button.disabled = false;
      },
    },
  }, t("export-csv"));
  return [button, told];
}
