"""How a concept is called, chosen from its terms by language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graph.model import Term, TermKind

#: The order in which languages are looked through where a caller names none.
LANGUAGES = ("es", "en")


def preferred_term(terms: Iterable[Term], languages: Sequence[str] = LANGUAGES) -> str | None:
    """The preferred term in the first of `languages` that has one, else in any; then an FSN, then a synonym.

    An FSN is given without its semantic tag. None where there is no term at all.
    """
    ranked = [(_rank(term, languages), term) for term in terms if term.kind is not TermKind.DEFINITION]
    if not ranked:
        return None
    _, best = min(ranked, key=lambda pair: (pair[0], pair[1].text))
    return without_tag(best.text) if best.kind is TermKind.FSN else best.text


def fully_specified_name(terms: Iterable[Term], languages: Sequence[str] = LANGUAGES) -> str | None:
    """The FSN in the first of `languages` that has one, else in any; None where the source writes none."""
    ranked = [(_place(term.language, languages), term.text) for term in terms if term.kind is TermKind.FSN]
    return min(ranked)[1] if ranked else None


def without_tag(fsn: str) -> str:
    """An FSN without the semantic tag in brackets at its end."""
    head, bracket, tail = fsn.rpartition(" (")
    return head if bracket and head and tail.endswith(")") else fsn


_KIND_RANK = {TermKind.PREFERRED: 0, TermKind.FSN: 1}


def _rank(term: Term, languages: Sequence[str]) -> tuple[int, int, int]:
    """Synonyms come after every preferred term and FSN, because they may be narrower than the concept."""
    kind = _KIND_RANK.get(term.kind, 2)
    return (int(kind == 2), _place(term.language, languages), kind)


def _place(language: str, languages: Sequence[str]) -> int:
    return languages.index(language) if language in languages else len(languages)
