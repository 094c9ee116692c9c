// All that is asked of the server. What pages get is of this module's own shape, so that a change of the
// schema is a change of this file: a list is `{nodes, total, next}`, where `next` is what `after` takes to go on.

import { chosenRelease } from "./routes.js";
import { ask as post, askPatiently as postPatiently } from "./server.js";

export const PAGE = 50;
const NAMED = "id preferredTerm(language: $language) semanticTag active";
const BRANCH = `${NAMED} childCount`;

/** Every query takes `$release`, the release that the address names, or none: the server's current one. */
const ofRelease = (variables) => ({ ...variables, release: chosenRelease() || null });
const ask = (query, variables, options) => post(query, ofRelease(variables), options);
const askPatiently = (query, variables, options) => postPatiently(query, ofRelease(variables), options);

const PAGE_INFO = "pageInfo { hasNextPage endCursor }";

function page({ nodes, totalCount, pageInfo }) {
  return { nodes, total: totalCount, next: pageInfo.hasNextPage ? pageInfo.endCursor : "" };
}

/** The release that is served: its record with counts, sources and index. */
export async function release(options) {
  const found = await ask(
    `query ($release: String) { release(release: $release) { name created software languages rejected counts { kind number }
        sources(first: 200) { nodes { name format version sha256 } }
        index { created biEncoder crossEncoder pooling dimensions precision runtime terms concepts mentions termsOf { release terms } recallAt64 } } }`,
    {},
    options,
  );
  return { ...found.release, sources: found.release.sources.nodes };
}

/** The releases that the server has: `[{name, current}]`, the current one first. */
export async function releases(options) {
  const found = await post("{ releases(first: 200) { nodes { name current } } }", {}, options);
  return found.releases.nodes;
}

/** Concepts found by the beginnings of words: `[{id, matchedTerm, language, score, concept}]`, best first. */
export async function search({ text, language, termLanguage = null, ecl = null, semanticTags = null, first = 20 }, options) {
  const found = await ask(
    `query ($text: String!, $first: Int!, $termLanguage: String, $ecl: String, $semanticTags: [String!], $language: String, $release: String) {
      search(text: $text, first: $first, language: $termLanguage, ecl: $ecl, semanticTags: $semanticTags, release: $release) {
        nodes { id matchedTerm language score concept { ${NAMED} } } } }`,
    { text, first, termLanguage, ecl, semanticTags, language },
    options,
  );
  return found.search.nodes;
}

/** All that the concept page shows at once. */
export async function concept({ id, language }, options) {
  const found = await ask(
    `query ($id: ID!, $language: String, $release: String) {
      concept(id: $id, release: $release) {
        ${BRANCH} uri fsn(language: $language) effectiveTime module defined
        parentCount ancestorCount descendantCount siblingCount
        terms(first: 500) { nodes { text language kind scope id acceptability { refsetId preferred } } }
        definitions(first: 20) { nodes { text language } }
        parents(first: 50) { nodes { ${BRANCH} } }
        children(first: ${PAGE}) { totalCount nodes { ${BRANCH} } ${PAGE_INFO} }
        pathsToRoot(first: 1) { ${NAMED} }
        relations(first: 200) { nodes { group typeId targetId type { ${NAMED} } target { ${NAMED} } } }
        mappings(first: 200) { nodes { target kind group priority rule advice } }
        replacedBy(first: 100) { nodes { kind conceptId concept { ${NAMED} } } }
        replaces(first: 100) { nodes { kind conceptId concept { ${NAMED} } } }
        refsets(first: 100) { nodes { refsetId refset { ${NAMED} } } }
      } }`,
    { id, language },
    options,
  );
  const one = found.concept;
  const whole = ["terms", "definitions", "parents", "relations", "mappings", "replacedBy", "replaces", "refsets"];
  return {
    ...one,
    ...Object.fromEntries(whole.map((name) => [name, one[name].nodes])),
    pathToRoot: one.pathsToRoot[0] ?? [],
    children: page(one.children),
  };
}

/** What the concept page asks, for whoever wants to ask it elsewhere. */
export function conceptRequest(id) {
  const release = chosenRelease();
  return `{
  concept(id: ${JSON.stringify(id)}${release && `, release: ${JSON.stringify(release)}`}) {
    id preferredTerm fsn semanticTag
    terms(first: 50) { nodes { text language kind } }
    parents(first: 20) { nodes { id preferredTerm } }
    children(first: 20) { totalCount nodes { id preferredTerm } }
    mappings(first: 20) { nodes { target kind } }
  }
}`;
}

/** What concepts are called, by id; those that the release does not hold are left out. */
export async function names({ ids, language }, options) {
  const found = await ask(
    `query ($ids: [ID!]!, $language: String, $release: String) { concepts(ids: $ids, release: $release) { id preferredTerm(language: $language) } }`,
    { ids, language },
    { ...options, partial: true },
  );
  return new Map(found.concepts.filter(Boolean).map((one) => [one.id, one.preferredTerm]));
}

/** A page of the children of a concept. */
export async function children({ id, language, after = "" }, options) {
  const found = await ask(
    `query ($id: ID!, $first: Int!, $after: String, $language: String, $release: String) {
      concept(id: $id, release: $release) { children(first: $first, after: $after) { totalCount nodes { ${BRANCH} } ${PAGE_INFO} } } }`,
    { id, language, first: PAGE, after: after || null },
    options,
  );
  return page(found.concept.children);
}

/** A page of the concepts of an expression. */
export async function expand({ ecl, language, after = "", text = "", first = PAGE }, options) {
  const found = await ask(
    `query ($ecl: String!, $first: Int!, $after: String, $text: String!, $language: String, $release: String) {
      expand(ecl: $ecl, first: $first, after: $after, text: $text, release: $release) { totalCount nodes { ${NAMED} } ${PAGE_INFO} } }`,
    { ecl, language, text, first, after: after || null },
    options,
  );
  return page(found.expand);
}

const LINKED = `decision { id path reason probability }
        candidates { id preferredTerm matchedTerm reading score path scores { dense lexical rerank }
          evidence { kind value concepts }
          concept { ${NAMED} pathsToRoot(first: 1) { id preferredTerm(language: $language) } } }`;

const linked = (one) => ({ ...one, candidates: one.candidates.map((candidate) => ({ ...candidate, above: candidate.concept.pathsToRoot[0] ?? [] })) });

/** The mentions that the server finds in a text, by page: `{text, start, end, type, context, decision, candidates}`. */
export async function annotate({ text, top, language, after = "" }, options) {
  const found = await ask(
    `query ($text: String!, $first: Int!, $after: String, $top: Int!, $language: String, $release: String) {
      annotate(text: $text, first: $first, after: $after, top: $top, release: $release) {
        totalCount ${PAGE_INFO}
        nodes { text start end type
          context { negated uncertain historical family hypothetical section triggers { text } }
          ${LINKED} } } }`,
    { text, top, language, first: PAGE, after: after || null },
    options,
  );
  return page({ ...found.annotate, nodes: found.annotate.nodes.map(linked) });
}

/** Mentions with their candidates and decisions, in order. */
export async function link({ mentions, top, language }, options) {
  const found = await ask(
    `query ($mentions: [String!]!, $top: Int!, $language: String, $release: String) {
      link(mentions: $mentions, top: $top, release: $release) {
        mention
        ${LINKED} } }`,
    { mentions, top, language },
    options,
  );
  return found.link.map(linked);
}

/** What is amiss with variables (YAML): `[{error, problem, variable, line, message, conceptId, other, replacements}]`. */
export async function checkVariables({ variables }, options) {
  const found = await ask(
    `query ($variables: String!, $release: String) {
      checkVariables(variables: $variables, first: 1000, release: $release) {
        nodes { error problem variable line message conceptId other replacements } } }`,
    { variables },
    options,
  );
  return found.checkVariables.nodes;
}

/** What each of some variables (YAML) stands for: `[{id, label, parent, expression, conceptCount, overlaps, …}]`. */
export async function variables({ variables }, options) {
  const found = await ask(
    `query ($variables: String!, $release: String) {
      variables(variables: $variables, release: $release) {
        id label parent expression conceptCount valueType units line overlaps { other conceptCount } } }`,
    { variables },
    options,
  );
  return found.variables;
}

/** What becomes of rows `{code, system, text}`, in order. A server that is busy is asked again. */
export async function harmonize({ variables, rows, history, minScore, margin }, options) {
  const found = await askPatiently(
    `query ($variables: String!, $rows: [HarmonizeRow!]!, $history: HistoryProfileName!, $minScore: Float!, $margin: Float!, $release: String) {
      harmonize(variables: $variables, rows: $rows, history: $history, minScore: $minScore, margin: $margin, release: $release) {
        status variables paths route via score reason detail concepts(first: 20) { nodes { id preferredTerm } } } }`,
    { variables, rows, history, minScore, margin },
    options,
  );
  return found.harmonize.map((row) => ({ ...row, concepts: row.concepts.nodes }));
}
