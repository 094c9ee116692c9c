"""Examples that people give, as codes or in words, as the active concepts of a release."""

from __future__ import annotations

import re
from collections.abc import Sequence

from api.errors import ExampleNotUnderstood
from graph.errors import ConceptNotFound
from graph.labels import preferred_term
from graph.model import CURIE
from graph.release import OpenRelease

#: The least score with which a phrase is taken for a concept.
LEAST_SCORE = 0.5
_CODE = re.compile(r"[1-9][0-9]{5,17}|[A-Za-z][A-Za-z0-9_.-]*:\S+")


class Examples:
    """Turns examples into concepts; `notes` tell what was taken for what."""

    def __init__(self, opened: OpenRelease) -> None:
        self._opened = opened
        self.notes: list[str] = []

    def concepts(self, examples: Sequence[str]) -> list[CURIE]:
        """The concepts of some examples, without repeats.

        Raises ConceptNotFound for an unknown code, ExampleNotUnderstood for a retired one that nothing replaces
        and for a phrase that is like no term, and what opening the release's index raises.
        """
        texts = [example.strip() for example in examples]
        phrases = [text for text in texts if not _CODE.fullmatch(text)]
        linked = dict(zip(phrases, self._linked(phrases), strict=True))
        found = list[CURIE]()
        for text in texts:
            found += [linked[text]] if text in linked else self._coded(text)
        return list(dict.fromkeys(found))

    def _coded(self, code: str) -> list[CURIE]:
        id = code if ":" in code else f"SNOMEDCT:{code}"
        if id in self._opened.hierarchy:
            return [id]
        store = self._opened.store
        if store.concepts([id])[0] is None:
            raise ConceptNotFound((id,), self._opened.release.name)
        successions = store.successors([id])[0]
        successors = [one.successor for one in successions if one.successor in self._opened.hierarchy]
        if not successors:
            raise ExampleNotUnderstood(f"{id} is retired and nothing stands for it; give another example.")
        self.notes.append(f"{id} is retired; taken for {', '.join(successors)}.")
        return successors

    def _linked(self, phrases: Sequence[str]) -> list[CURIE]:
        if not phrases:
            return []
        from linker.pipeline import Linker

        linker = Linker.open(self._opened.index_folder)
        try:
            linkings = linker.link(phrases, top_k=1)
        finally:
            linker.close()
        found = []
        for linking in linkings:
            if not linking.candidates or linking.candidates[0].score < LEAST_SCORE:
                raise ExampleNotUnderstood(
                    f"No term of release {self._opened.release.name!r} is like {linking.mention!r}; "
                    "give the concept's code."
                )
            best = linking.candidates[0]
            name = preferred_term(self._opened.store.terms([best.id])[0]) or best.matched_term
            self.notes.append(
                f"{linking.mention!r} is taken for {best.id} |{name}| (score {best.score:.2f})."
            )
            found.append(best.id)
        return found
