"""A GraphQL request that shows what one request can hold: used by `enlace demo` and as GraphiQL's first text."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

URL = "http://127.0.0.1:8000/graphql"

LINK_QUERY = """\
query Link($mentions: [String!]!, $top: Int!) {
  link(mentions: $mentions, top: $top) {
    mention
    decision { path reason concept { id preferredTerm } }
    candidates {
      score
      path
      matchedTerm
      scores { dense lexical rerank }
      concept {
        id
        preferredTerm
        semanticTag
        terms(first: 50) { nodes { text language kind } }
        parents(first: 20) { nodes { id preferredTerm } }
        children(first: 20) { totalCount nodes { id preferredTerm } }
        ancestors(first: 50) { nodes { id preferredTerm } }
        mappings(first: 20) { nodes { target kind } }
      }
    }
  }
}"""


def curl(query: str, variables: Mapping[str, Any], url: str = URL) -> str:
    """A command for a POSIX shell that sends the request."""
    body = json.dumps({"query": query.replace("\n", " "), "variables": variables}, ensure_ascii=False)
    # Inside single quotes a shell changes nothing; the indentation of the query would only be noise here.
    return f"curl -s {url} -H 'Content-Type: application/json' \\\n  -d {shlex.quote(' '.join(body.split()))}"
