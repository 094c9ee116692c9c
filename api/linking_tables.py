"""Linkings for the eye: a table a mention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from graph.model import CURIE
from linker.model import Linking


def linking_table(linking: Linking) -> Table:
    """The mention with its decision as title, then a row a candidate, best first.

    Where a candidate was compared with another reading than the mention, a column has the readings.
    """
    table = Table(title=_title(linking), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    read = any(candidate.reading != linking.mention.strip() for candidate in linking.candidates)
    for header in ("#", "id", "preferred term", "matched term", *(["read as"] if read else [])):
        table.add_column(header, overflow="fold")
    for header in ("score", "dense", "lexical", "re-rank"):
        table.add_column(header, justify="right", no_wrap=True)
    table.add_column("path", no_wrap=True)
    for rank, candidate in enumerate(linking.candidates, start=1):
        table.add_row(
            str(rank),
            candidate.id,
            Text(candidate.preferred_term),
            Text(candidate.matched_term),
            *([Text(candidate.reading)] if read else []),
            _score(candidate.score),
            _score(candidate.scores.dense),
            _score(candidate.scores.lexical),
            _score(candidate.scores.rerank),
            candidate.path.value,
        )
    return table


def note_table(linkings: Sequence[Linking], parents: Mapping[CURIE, Sequence[str]]) -> Table:
    """All mentions of a note in one table; `parents` holds the names of the first candidates' parents."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for header in ("mention", "candidate", "id", "score", "dense", "lexical", "re-rank", "path", "is a"):
        table.add_column(header, justify="right" if header in _NUMBERS else "left", overflow="fold")
    for linking in linkings:
        for rank, candidate in enumerate(linking.candidates):
            scores = (
                candidate.score,
                candidate.scores.dense,
                candidate.scores.lexical,
                candidate.scores.rerank,
            )
            table.add_row(
                Text(linking.mention, style="bold") if rank == 0 else "",
                Text(candidate.preferred_term),
                candidate.id,
                *(_score(score) for score in scores),
                candidate.path.value,
                Text(" · ".join(parents.get(candidate.id, ()))) if rank == 0 else "",
                style="" if rank == 0 else "dim",
                end_section=rank == len(linking.candidates) - 1,
            )
    return table


_NUMBERS = {"score", "dense", "lexical", "re-rank"}


def _title(linking: Linking) -> Text:
    decision = linking.decision
    way = decision.path.value if decision.id else decision.reason.value
    told = f"{decision.id or 'none'} ({way}, probability {decision.probability:.2f})"
    return Text.assemble((linking.mention, "bold"), " → ", told)


def _score(score: float | None) -> str:
    return "–" if score is None else f"{score:.3f}"
