// Rows of a table brought onto variables: read here, asked in batches, written as a table again.

import { csv, decode, parse, separatorOf } from "./delimited.js";
import { download, h, put } from "./dom.js";
import * as queries from "./queries.js";
import { failure, sentence } from "./states.js";
import { named, number, t } from "./words.js";

const BATCH = 100;
const PREVIEW = 20;
const ADDED = ["status", "variables", "concepts", "preferred_terms", "route", "via", "score", "path", "reason", "detail"];
const GUESSES = { code: /^(code|codigo|código|sctid|icd|cie)/i, text: /^(text|texto|dx|diagn|desc|term|mention|menci)/i, system: /^(system|sistema)/i };
const SYSTEMS = ["SNOMEDCT", "ICD10", "ICD10CM", "UMLS", "HP"];

/** The part of the page that harmonises; `work.yaml` holds the variables, `noVariables` is called where there are none. */
export function harmonizing(work, noVariables, signal) {
  const settings = h("div", {});
  const outcome = h("div", { class: "outcome" });
  const file = h("input", { id: "rows-file", type: "file", accept: ".csv,.tsv,.txt,text/csv", on: { change: () => opened() } });
  let running = null;

  async function opened() {
    if (!file.files[0]) return;
    put(outcome);
    const { text, encoding } = decode(await file.files[0].arrayBuffer());
    const separator = separatorOf(text);
    const [columns = [], ...rows] = parse(text, separator);
    work.rows = { name: file.files[0].name, encoding, separator, columns: columns.map((one) => one.trim()), rows };
    work.columns = { ...guessed(work.rows.columns), fixed: await ownSystem(signal) };
    draw();
  }

  function draw() {
    if (!work.rows) return put(settings);
    const { name, encoding, separator, columns, rows } = work.rows;
    if (!columns.length || !rows.length) return put(settings, h("p", { class: "state empty", role: "status" }, t("rows-none")));
    const chosen = work.columns;
    const select = (which) => {
      const id = `column-${which}`;
      const element = h("select", { id, on: { change: () => (chosen[which] = Number(element.value)) } }, h("option", { value: -1 }, t("column-none")), columns.map((one, at) => h("option", { value: at, selected: at === chosen[which] }, one || t("column-n", { n: at + 1 }))));
      return h("div", { class: "field" }, h("label", { for: id }, t(id)), element);
    };
    const system = h("input", { id: "system", list: "systems", value: chosen.fixed, autocomplete: "off", on: { input: () => (chosen.fixed = system.value.trim()) } });
    const least = h("input", { id: "least-score", type: "number", min: 0, max: 1, step: 0.05, value: chosen.minScore, on: { input: () => (chosen.minScore = Math.min(1, Math.max(0, Number(least.value) || 0))) } });
    return put(
      settings,
      h("p", { class: "hint", role: "status" }, t("rows-read", { name, rows: rows.length, columns: columns.length, encoding, separator: separator === "\t" ? t("tab") : separator })),
      preview(columns, rows.slice(0, 3), t("rows-preview")),
      h("div", { class: "settings-grid" }, select("code"), h("div", { class: "field" }, h("label", { for: "system" }, t("system")), system, h("datalist", { id: "systems" }, SYSTEMS.map((one) => h("option", { value: one })))), select("system"), select("text"), h("div", { class: "field" }, h("label", { for: "least-score" }, t("least-score")), least)),
      h("p", { class: "actions" }, h("button", { type: "button", class: "primary", on: { click: () => run() } }, t("harmonize-go"))),
    );
  }

  async function run() {
    if (!work.yaml.trim()) {
      put(outcome, h("p", { class: "state empty", role: "alert" }, t("harmonize-no-variables")));
      return noVariables();
    }
    const { rows } = work.rows;
    const chosen = work.columns;
    if (chosen.code < 0 && chosen.text < 0) return put(outcome, h("p", { class: "state empty", role: "alert" }, t("harmonize-no-column")));
    running?.abort();
    const mine = (running = new AbortController());
    signal.addEventListener("abort", () => mine.abort());
    // Each distinct code and text is asked once, however many rows have it.
    const keys = rows.map((row) => JSON.stringify(asked(row, chosen)));
    const distinct = [...new Set(keys)];
    const answers = new Map();
    const bar = h("progress", { max: distinct.length, value: 0, "aria-label": t("harmonize-progress-label") });
    const told = h("p", { class: "hint", role: "status" }, t("harmonize-begins"));
    const stop = h("button", { type: "button", on: { click: () => mine.abort() } }, t("stop"));
    put(outcome, h("div", { class: "running" }, bar, told, stop));
    try {
      for (let at = 0; at < distinct.length; at += BATCH) {
        const batch = distinct.slice(at, at + BATCH);
        const options = { history: "MOD", minScore: chosen.minScore, margin: 0 };
        const waiting = (seconds, error) => put(told, t("harmonize-waits", { n: seconds, why: sentence(error) }));
        const found = await queries.harmonize({ variables: work.yaml, rows: batch.map((one) => JSON.parse(one)), ...options }, { signal: mine.signal, waiting });
        batch.forEach((key, place) => answers.set(key, found[place]));
        bar.value = answers.size;
        put(told, t("harmonize-progress", { n: answers.size, total: distinct.length }));
      }
      put(outcome, result(work.rows, keys.map((key) => answers.get(key))));
    } catch (error) {
      if (signal.aborted) return undefined;
      put(outcome, mine.signal.aborted ? h("p", { class: "state empty", role: "status" }, t("harmonize-stopped")) : failure(error, run));
    }
    return undefined;
  }

  draw();
  return h(
    "section",
    { class: "card harmonizing", "aria-labelledby": "harmonizing-title" },
    h("h2", { id: "harmonizing-title" }, t("harmonize")),
    h("p", { class: "hint" }, t("harmonize-hint")),
    h("div", { class: "field" }, h("label", { for: "rows-file" }, t("rows-file")), file),
    settings,
    outcome,
  );
}

/** What the ids of the release begin with: codes are its own unless told otherwise. */
async function ownSystem(signal) {
  try {
    const roots = await queries.expand({ ecl: "!!> *", language: "en", first: 1 }, { signal });
    return roots.nodes[0]?.id.split(":")[0] ?? SYSTEMS[0];
  } catch {
    return SYSTEMS[0];
  }
}

function guessed(columns) {
  const at = (which) => columns.findIndex((one) => GUESSES[which].test(one));
  return { code: at("code"), text: at("text"), system: at("system"), fixed: "SNOMEDCT", minScore: 0.1 };
}

function asked(row, chosen) {
  const cell = (which) => (chosen[which] < 0 ? "" : (row[chosen[which]] ?? "").trim());
  const code = cell("code");
  return { code, system: code ? cell("system") || chosen.fixed : "", text: cell("text") };
}

function result({ name, separator, columns, rows }, answers) {
  const added = (one) => [
    one.status.toLowerCase(),
    one.variables.join(" "),
    one.concepts.map((concept) => concept.id).join(" "),
    one.concepts.map((concept) => concept.preferredTerm).join(" | "),
    one.route,
    one.via,
    one.score,
    one.paths.map((path) => path.join(" > ")).join(" | "),
    one.reason,
    one.detail,
  ];
  const header = [...columns, ...ADDED];
  const table = rows.map((row, at) => [...columns.map((_, place) => row[place] ?? ""), ...added(answers[at])]);
  const tally = new Map();
  for (const one of answers) tally.set(one.status, (tally.get(one.status) ?? 0) + 1);
  const give = () => download(`${name.replace(/\.[^.]*$/, "")}.harmonized.csv`, "text/csv;charset=utf-8", csv([header, ...table], separator === ";" ? ";" : ","));
  const shown = table.slice(0, PREVIEW).map((row, at) => [...row.slice(0, columns.length), named("row", answers[at].status), answers[at].variables.join(", "), answers[at].concepts.map((one) => one.preferredTerm).join(", "), named("reason", answers[at].reason)]);
  return [
    h("ul", { class: "plain tally", role: "status" }, [...tally].map(([status, n]) => h("li", {}, h("strong", {}, number(n)), ` ${named("status", status)}`))),
    h("p", { class: "actions" }, h("button", { type: "button", class: "primary", on: { click: give } }, t("harmonize-download"))),
    preview([...columns, t("status"), t("variables-found"), t("concepts-found"), t("reason")], shown, rows.length > PREVIEW ? t("first-rows", { n: PREVIEW, total: rows.length }) : t("all-rows")),
  ];
}

/** Some rows as a table, which scrolls where it is wider than the window. */
function preview(columns, rows, title) {
  return h(
    "div",
    { class: "table-wrap", tabindex: "0", role: "region", "aria-label": title },
    h("table", {}, h("caption", {}, title), h("thead", {}, h("tr", {}, columns.map((one) => h("th", { scope: "col" }, one)))), h("tbody", {}, rows.map((row) => h("tr", {}, columns.map((_, at) => h("td", {}, row[at] ?? "")))))),
  );
}
