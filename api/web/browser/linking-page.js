// The linking playground: mentions of a text, what each may mean and why, and what the reader chooses.

import { h, put } from "./dom.js";
import { exportButtons } from "./linking-export.js";
import { markOf } from "./mention-context.js";
import { resultOf } from "./linking-results.js";
import { language } from "./preferences.js";
import * as queries from "./queries.js";
import { chosenRelease } from "./routes.js";
import { servedRelease } from "./served.js";
import * as spans from "./spans.js";
import { empty, failure } from "./states.js";
import { count, t } from "./words.js";

const BATCH = 20;
const LONG_MS = 1500;
/** Candidates that a mention of an annotated text has at most. */
const MOST_ANNOTATED = 10;

/**
 * What is being worked on. It lives as long as the page is open, so that looking at a concept and coming back
 * loses nothing; it is written nowhere, for it may be of a patient.
 */
const work = { mode: "list", text: "", marks: [], results: [], top: 5, release: "" };

export async function show(main, { signal }) {
  // What was found belongs to the release that was asked.
  if (work.release !== chosenRelease()) Object.assign(work, { results: [], release: chosenRelease() });
  const notice = h("div", {});
  const results = h("div", { class: "link-results" });
  const marks = h("div", { class: "marks" });
  const area = h("textarea", { id: "link-text", rows: 6, spellcheck: "false", "aria-describedby": "link-hint", value: work.text, on: { input: () => edited() } });
  const hint = h("p", { class: "hint", id: "link-hint" });
  const tools = h("div", { class: "actions" });
  const go = h("button", { type: "button", class: "primary", on: { click: () => run() } }, t("link-go"));
  const top = h("select", { id: "link-top", on: { change: () => (work.top = Number(top.value)) } }, [1, 3, 5, 10, 25].map((n) => h("option", { value: n, selected: n === work.top }, String(n))));

  const edited = () => {
    // What the text said of a mention may be said no more.
    work.marks = spans.moved(work.marks, work.text, area.value).map(({ start, end }) => ({ start, end }));
    work.text = area.value;
    drawMarks();
  };
  const mark = (found) => {
    work.marks = found;
    drawMarks();
  };
  const markSelection = () => {
    const chosen = spans.trimmed(work.text, { start: area.selectionStart, end: area.selectionEnd });
    if (chosen) mark(spans.withSpan(work.marks, chosen));
    area.focus();
  };

  function drawMode() {
    put(hint, t(`link-hint-${work.mode}`));
    put(
      tools,
      work.mode === "text" && [
        h("button", { type: "button", class: "small", on: { click: () => find() } }, t("link-find")),
        h("button", { type: "button", class: "small", on: { click: markSelection } }, t("link-mark")),
        h("button", { type: "button", class: "small", on: { click: () => mark(spans.byPunctuation(work.text)) } }, t("link-split-punctuation")),
        h("button", { type: "button", class: "small", on: { click: () => mark(spans.byLine(work.text)) } }, t("link-split-lines")),
        h("button", { type: "button", class: "small", on: { click: () => mark([]) } }, t("link-unmark")),
      ],
    );
    drawMarks();
  }

  function drawMarks() {
    const shown = work.mode === "text" && work.marks.length > 0;
    put(marks, shown && [h("p", { class: "marked", "aria-label": t("link-marked") }, marked()), h("ul", { class: "plain chips" }, work.marks.map(chip))]);
  }

  function marked() {
    const parts = [];
    let at = 0;
    for (const one of work.marks) {
      if (one.start < at) continue;
      parts.push(work.text.slice(at, one.start), markOf(work.text.slice(one.start, one.end), one.context));
      at = one.end;
    }
    return [...parts, work.text.slice(at)];
  }

  function chip(one) {
    const text = work.text.slice(one.start, one.end);
    const drop = () => mark(work.marks.filter((other) => other !== one));
    return h("li", { class: "chip" }, text, h("button", { type: "button", "aria-label": t("link-drop", { mention: text }), on: { click: drop } }, "×"));
  }

  function mentions() {
    const found = work.mode === "text" ? work.marks : spans.byLine(work.text);
    return found.map((one) => ({ ...one, mention: work.text.slice(one.start, one.end).replace(/\s+/g, " ") }));
  }

  /** Let the server find the mentions of the text, with their context, and link them. */
  async function find() {
    const { text } = work;
    if (!text.trim()) return nothing();
    const place = spans.placesIn(text);
    return working(find, async (told) => {
      for (let after = ""; ; ) {
        const found = await queries.annotate({ text, top: Math.min(work.top, MOST_ANNOTATED), language: language(), after }, { signal });
        const placed = found.nodes.map(({ start, end, ...one }) => ({ ...one, mention: one.text, start: place(start), end: place(end) }));
        for (const one of placed) if (spans.saysMore(one, work.results)) add(told, [one], found.total);
        after = found.next;
        if (!after) break;
      }
      if (text === work.text) mark(work.results.map(({ start, end, context }) => ({ start, end, context })));
      if (work.results.length) drawResults();
      else put(results, empty(t("link-none-found")));
    });
  }

  function add(told, linkings, total) {
    const fresh = linkings.map((one) => ({ ...one, chosen: one.decision.id ?? "", other: null }));
    work.results.push(...fresh);
    told.before(...fresh.map((one) => resultOf(one, signal)));
    put(told.lastChild, t("link-progress", { n: work.results.length, total }));
  }

  function nothing() {
    put(results, empty(t("link-nothing")));
    return area.focus();
  }

  async function run() {
    if (work.mode === "text" && !work.marks.length) return find();
    const asked = mentions();
    if (!asked.length) return nothing();
    return working(run, async (told) => {
      for (let at = 0; at < asked.length; at += BATCH) {
        const batch = asked.slice(at, at + BATCH);
        const linkings = await queries.link({ mentions: batch.map((one) => one.mention), top: work.top, language: language() }, { signal });
        add(told, linkings.map((linking, place) => ({ ...linking, ...batch[place] })), asked.length);
      }
      drawResults();
    });
  }

  /** Say that something is under way while `todo` adds results; `again` is offered where it fails. */
  async function working(again, todo) {
    go.disabled = true;
    work.results = [];
    const told = h("p", { class: "state waiting", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), h("span", {}, t("link-working")));
    const patience = setTimeout(() => put(told.lastChild, t("link-models")), LONG_MS);
    put(results, told);
    try {
      await todo(told);
    } catch (error) {
      if (!signal.aborted) told.replaceWith(failure(error, again));
    }
    clearTimeout(patience);
    go.disabled = false;
  }

  function drawResults() {
    if (!work.results.length) return put(results);
    return put(
      results,
      h("div", { class: "results-head" }, h("h2", { tabindex: "-1" }, count("link-results", work.results.length)), exportButtons(work)),
      work.results.map((one) => resultOf(one, signal)),
    );
  }

  put(
    main,
    h("h1", {}, t("page-link")),
    h("p", { class: "lead" }, t("link-lead")),
    notice,
    h(
      "div",
      { class: "card link-input" },
      modes((mode) => {
        work.mode = mode;
        drawMode();
      }),
      h("div", { class: "field" }, h("label", { for: "link-text" }, t("link-text")), area, hint),
      tools,
      marks,
      h("div", { class: "actions go" }, go, h("div", { class: "how-many" }, h("label", { for: "link-top" }, t("link-top")), top)),
    ),
    results,
  );
  drawMode();
  drawResults();
  const release = await servedRelease(signal);
  if (!release.index) put(notice, empty(t("not-indexed", { release: release.name })));
  go.disabled = !release.index;
}

function modes(choose) {
  return h(
    "fieldset",
    { class: "field segmented" },
    h("legend", {}, t("link-mode")),
    ["list", "text"].map((mode) => h("label", {}, h("input", { type: "radio", name: "link-mode", value: mode, checked: mode === work.mode, on: { change: () => choose(mode) } }), h("span", {}, t(`link-mode-${mode}`)))),
  );
}
