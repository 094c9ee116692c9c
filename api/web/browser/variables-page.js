// Clinical variables: what each stands for, what is amiss, and rows of data brought onto them.

import { link } from "./concept-page.js";
import { debounced, h, put } from "./dom.js";
import { harmonizing } from "./harmonizing.js";
import { Pages } from "./pages.js";
import { language } from "./preferences.js";
import * as queries from "./queries.js";
import * as routes from "./routes.js";
import { failure, loading } from "./states.js";
import { decode } from "./delimited.js";
import { count, named, t } from "./words.js";

const PAUSE = 600;

/** What is being worked on, for as long as the page is open. */
const work = { yaml: "", rows: null };

export async function show(main, { signal }) {
  let asked = new AbortController();
  signal.addEventListener("abort", () => asked.abort());
  const area = h("textarea", {
    id: "variables",
    class: "code",
    rows: 14,
    spellcheck: "false",
    autocapitalize: "none",
    "aria-describedby": "variables-hint",
    value: work.yaml,
    on: { input: () => typed() },
  });
  const file = h("input", { id: "variables-file", type: "file", accept: ".yaml,.yml,.txt,text/yaml", on: { change: () => opened() } });
  const findings = h("div", { class: "findings", "aria-live": "polite" });
  const defined = h("div", { class: "defined" });
  const rows = h("div", {});

  const typed = () => {
    work.yaml = area.value;
    later();
  };
  const later = debounced(() => check(), PAUSE);
  const opened = async () => {
    if (!file.files[0]) return;
    area.value = decode(await file.files[0].arrayBuffer()).text;
    work.yaml = area.value;
    later.now();
  };

  async function check() {
    asked.abort();
    asked = new AbortController();
    const mine = asked.signal;
    put(defined);
    area.removeAttribute("aria-invalid");
    if (!work.yaml.trim()) return put(findings, beginning());
    put(findings, loading(t("variables-checking")));
    const given = { variables: work.yaml };
    try {
      const [found, all] = await Promise.all([queries.checkVariables(given, { signal: mine }), queries.variables(given, { signal: mine })]);
      put(findings, told(found));
      put(defined, cards(all, mine));
    } catch (error) {
      if (mine.aborted) return undefined;
      area.setAttribute("aria-invalid", "true");
      put(findings, unreadable(error));
    }
    return undefined;
  }

  function beginning() {
    const begin = async () => {
      const roots = await queries.expand({ ecl: "!!> *", language: language(), first: 1 }, { signal });
      const below = roots.nodes[0] && (await queries.children({ id: roots.nodes[0].id, language: language() }, { signal }));
      area.value = exampleOf(below?.nodes ?? []);
      work.yaml = area.value;
      area.focus();
      later.now();
    };
    return h("div", { class: "state empty" }, h("p", {}, t("variables-empty")), h("p", { class: "actions" }, h("button", { type: "button", on: { click: begin } }, t("variables-example"))));
  }

  function unreadable(error) {
    const line = /^variables:(\d+)/.exec(error.message)?.[1];
    if (!line) return failure(error, check);
    return h("ul", { class: "plain" }, finding({ error: true, problem: "unreadable", line: Number(line), variable: "", message: error.message.replace(/^variables:\d+,?\s*/, "") }));
  }

  function told(found) {
    if (!found.length) return h("p", { class: "state good", role: "status" }, t("variables-fine"));
    return [h("h2", {}, count("findings", found.length)), h("ul", { class: "plain" }, found.map(finding))];
  }

  function finding(one) {
    return h(
      "li",
      {},
      h("button", { type: "button", class: "small", on: { click: () => goTo(one.line) } }, t("line", { n: one.line })),
      h("span", { class: one.error ? "tag bad" : "tag warn" }, named("problem", one.problem)),
      one.variable && h("strong", {}, one.variable),
      h("span", { lang: "en" }, one.message),
    );
  }

  function goTo(line) {
    const lines = area.value.split("\n");
    const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    area.focus();
    area.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
    area.scrollTop = (line - 3) * (area.scrollHeight / Math.max(1, lines.length));
  }

  put(
    main,
    h("h1", {}, t("page-variables")),
    h("p", { class: "lead" }, t("variables-lead")),
    h(
      "div",
      { class: "columns" },
      h(
        "div",
        {},
        h(
          "section",
          { class: "card" },
          h("div", { class: "field" }, h("label", { for: "variables" }, t("variables-label")), area, h("p", { class: "hint", id: "variables-hint" }, t("variables-hint"))),
          h("div", { class: "field" }, h("label", { for: "variables-file" }, t("variables-file")), file),
        ),
      ),
      h("div", {}, findings, defined),
    ),
    rows,
  );
  put(rows, harmonizing(work, () => area.focus(), signal));
  await check();
}

/** A set to begin with, of concepts that the release has. */
function exampleOf(concepts) {
  const entry = (one, at) => `  - id: variable-${at + 1}\n    label: ${JSON.stringify(one.preferredTerm)}\n    concepts: [${JSON.stringify(one.id)}]\n`;
  return `variables:\n${concepts.slice(0, 2).map(entry).join("")}`;
}

function cards(all, signal) {
  const labels = new Map(all.map((one) => [one.id, one.label]));
  return [h("h2", {}, count("variables", all.length)), all.map((one) => card(one, labels, signal))];
}

/** A variable; its concepts are fetched when they are unfolded. */
function card(variable, labels, signal) {
  const body = h("div", { class: "unfolded" });
  const details = h(
    "details",
    {
      class: "card variable",
      on: {
        toggle: () => details.open && !body.hasChildNodes() && put(body, facts(variable, labels), variable.expression && concepts(variable, signal)),
      },
    },
    h(
      "summary",
      {},
      h("strong", {}, variable.label),
      variable.label !== variable.id && h("code", {}, variable.id),
      h("span", { class: variable.conceptCount ? "tag" : "tag bad" }, variable.conceptCount === null ? t("variable-untold") : count("concepts", variable.conceptCount)),
    ),
    body,
  );
  return details;
}

function facts(variable, labels) {
  const facts = [
    variable.parent && [t("variable-parent"), labels.get(variable.parent) ?? variable.parent],
    variable.valueType && [t("variable-value"), [variable.valueType, ...variable.units].join(", ")],
    variable.expression && [t("ecl-label"), h("a", { href: routes.expression(variable.expression) }, h("code", {}, variable.expression))],
    variable.overlaps.length > 0 && [t("overlap"), h("ul", { class: "plain" }, variable.overlaps.map((one) => h("li", {}, labels.get(one.other) ?? one.other, " ", h("span", { class: "hint" }, t("overlap-of", { n: one.conceptCount, total: variable.conceptCount ?? 0 })))))],
  ].filter(Boolean);
  return h("dl", { class: "facts-list" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

function concepts(variable, signal) {
  const place = h("div", {});
  const turn = (given) => {
    const pages = new Pages({
      given,
      signal,
      turn,
      fetch: (after) => queries.expand({ ecl: variable.expression, language: language(), after, first: 20 }, { signal }),
      row: (one) => [link(one), one.semanticTag && h("span", { class: "tag" }, one.semanticTag)],
    });
    put(place, pages.element);
  };
  turn({});
  return place;
}
