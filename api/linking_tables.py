"""Linkings for the eye: a table a mention."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from linker.model import Linking


def linking_table(linking: Linking) -> Table:
    """The mention with its decision as title, then a row a candidate, best first."""
    table = Table(title=_title(linking), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for header in ("#", "id", "preferred term", "matched term"):
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
            _score(candidate.score),
            _score(candidate.scores.dense),
            _score(candidate.scores.lexical),
            _score(candidate.scores.rerank),
            candidate.path.value,
        )
    return table


def _title(linking: Linking) -> Text:
    decision = linking.decision
    told = f"{decision.id} ({decision.path.value})" if decision.id else f"none: {decision.reason}"
    return Text.assemble((linking.mention, "bold"), " → ", told)


def _score(score: float | None) -> str:
    return "–" if score is None else f"{score:.3f}"
