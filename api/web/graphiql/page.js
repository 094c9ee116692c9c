"use strict";

// What GraphiQL opens with: the request that `enlace demo` prints, on mentions of its note.
const EXAMPLE = `# Mentions of a Spanish clinical text become concepts, each with its place in the hierarchy.
# Press Ctrl-Enter to send the request.

query Link($mentions: [String!]!, $top: Int = 3) {
  link(mentions: $mentions, top: $top) {
    mention
    decision { path concept { id preferredTerm } }
    candidates {
      score
      path
      matchedTerm
      concept {
        id
        preferredTerm
        semanticTag
        parents(first: 10) { nodes { preferredTerm } }
        children(first: 10) { totalCount nodes { preferredTerm } }
        ancestors(first: 50) { nodes { preferredTerm } }
      }
    }
  }
}
`;

const VARIABLES = JSON.stringify({ mentions: ["insuficiencia renal aguda", "DM tipo 2"] }, null, 2);

ReactDOM.render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: window.location.pathname }),
    defaultQuery: EXAMPLE,
    variables: VARIABLES,
    defaultEditorToolsVisibility: "variables",
  }),
  document.getElementById("graphiql"),
);
