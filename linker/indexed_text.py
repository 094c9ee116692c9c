"""How a term of a release reads in an index."""

from __future__ import annotations

from graph.model import Term, TermKind


def indexed_text(term: Term, semantic_tag: str) -> str:
    """A term as it is indexed: an FSN loses its bracketed semantic tag, which no mention has."""
    text = term.text.strip()
    if term.kind is TermKind.FSN and text.endswith(")"):
        head, _, tag = text[:-1].rpartition(" (")
        if head and (not semantic_tag or tag == semantic_tag or term.language != "es"):
            return head.strip()
    return text
