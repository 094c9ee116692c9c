"""The texts of RDF resources as terms: kept by language, and one label a language preferred.

A literal without a language tag is English, as in OBO Graphs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pyoxigraph import Literal

from graph.model import CURIE, SynonymScope, Term, TermKind
from loaders.languages import UNTAGGED, is_kept, preference, primary
from loaders.rejections import OTHER_LANGUAGE, Rejections


class Texts:
    """Chooses the preferred label of each subject and language; then makes terms of literals.

    Every label is offered before the first is turned into a term.
    """

    def __init__(self, languages: Sequence[str], rejections: Rejections) -> None:
        """Texts in other languages are counted in `rejections` as left out."""
        self._rejections = rejections
        self._languages = languages
        self._preferences: dict[str, tuple[str, int] | None] = {}
        self._preferred: dict[tuple[str, str], tuple[int, int, int, str]] = {}

    def offer(self, subject: str, label: Literal, rank: int, ordinal: int) -> None:
        """Consider a label. The lowest rank is preferred, then the best language, then the first ordinal."""
        known = self._known(label)
        if known is None or not label.value:
            return
        language, fit = known
        key = (subject, language)
        offered = (rank, fit, ordinal, label.value)
        if key not in self._preferred or offered < self._preferred[key]:
            self._preferred[key] = offered

    def label(self, id: CURIE, subject: str, label: Literal, ordinal: int) -> Iterator[Term]:
        """The label as the preferred term or, if another is preferred, as an exact synonym."""
        known = self._known(label)
        if known is None:
            self._rejections.leave_out(OTHER_LANGUAGE)
            return
        if not label.value:
            return
        _, _, chosen, text = self._preferred[subject, known[0]]
        if chosen == ordinal:
            yield Term(id, label.value, known[0], TermKind.PREFERRED)
        elif text != label.value:
            yield Term(id, label.value, known[0])

    def other(
        self, id: CURIE, text: Literal, kind: TermKind, scope: SynonymScope = SynonymScope.EXACT
    ) -> Iterator[Term]:
        """A synonym or a definition."""
        known = self._known(text)
        if known is None:
            self._rejections.leave_out(OTHER_LANGUAGE)
        elif text.value:
            yield Term(id, text.value, known[0], kind, scope)

    def _known(self, text: Literal) -> tuple[str, int] | None:
        """The language of a text that is kept, and how well it fits; None where it is left out."""
        tag = text.language or UNTAGGED
        if tag not in self._preferences:
            kept = is_kept(tag, self._languages)
            self._preferences[tag] = (primary(tag), preference(tag, self._languages)) if kept else None
        return self._preferences[tag]
