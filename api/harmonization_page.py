"""The summary of a harmonisation as an HTML page: one file, no script, nothing loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from linker.harmonization.model import Status
from linker.harmonization.summary import BINS, Summary, VariableCount

#: Sources that have a colour of their own; the others share the last one.
_COLOURS = 8
#: The plot of scores: its left edge, width and base line in the drawing's units.
_LEFT, _WIDTH, _BASE, _TALL = 40, 940, 190, 175


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a bar."""

    value: int
    colour: str
    said: str


def page(summary: Summary, *, title: str, release: str, least_score: float, made: Mapping[str, str]) -> str:
    """The page's text; `made` are names and values that tell how the table came about."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=False)
    environment.filters["number"] = lambda number: f"{number:,}"
    environment.filters["share"] = _share
    template = environment.from_string(
        files("api.web").joinpath("harmonization/page.html").read_text("utf-8")
    )
    most_scored = max(summary.scores)
    return template.render(
        title=title,
        release=release,
        summary=summary,
        statuses=[{"name": status.value, "rows": sum(summary.by_status[status.value])} for status in Status],
        sources=[
            {
                "name": name,
                "rows": summary.by_source[at],
                "assigned": summary.by_status[Status.ASSIGNED.value][at],
                "parts": [
                    _Piece(rows[at], status, f"{status}: {rows[at]:,}")
                    for status, rows in summary.by_status.items()
                ],
            }
            for at, name in enumerate(summary.sources)
        ],
        variables=[
            {"count": one, "depth": depth, "parts": _by_source(summary, one.by_source)}
            for one, depth in _with_parts_below(summary.variables)
        ],
        most_rows=max((one.rows for one in summary.variables), default=0),
        has_parts=any(one.rows_with_parts != one.rows for one in summary.variables),
        lost=[
            {"count": one, "parts": [_Piece(one.rows, one.status, f"{one.rows:,} rows")]}
            for one in summary.lost
        ],
        most_lost=max((one.rows for one in summary.lost), default=0),
        histogram=_histogram(summary.scores, least_score) if most_scored else [],
        threshold_x=round(_LEFT + _WIDTH * least_score, 1),
        most_scored=most_scored,
        made=made,
    )


def _with_parts_below(
    variables: Sequence[VariableCount], parent: str = "", depth: int = 0
) -> Iterator[tuple[VariableCount, int]]:
    """Each variable with how deep it is declared, its parts right after it."""
    for one in variables:
        if one.parent == parent:
            yield one, depth
            yield from _with_parts_below(variables, one.id, depth + 1)


def _share(part: int, whole: int) -> str:
    if not whole:
        return "–"
    share = 100 * part / whole
    return (
        f"{share:.1f} %"
        if part in (0, whole) or 0.05 <= share < 99.95
        else ("< 0.1 %" if share < 1 else "> 99.9 %")
    )


def _by_source(summary: Summary, rows: Sequence[int]) -> list[_Piece]:
    return [
        _Piece(count, f"s{min(at, _COLOURS - 1)}", f"{name}: {count:,}")
        for at, (name, count) in enumerate(zip(summary.sources, rows, strict=True))
    ]


def _histogram(scores: Sequence[int], least_score: float) -> list[dict[str, object]]:
    most, width = max(scores), _WIDTH / BINS
    drawn: list[dict[str, object]] = []
    for at, count in enumerate(scores):
        low, high = at / BINS, (at + 1) / BINS
        height = _TALL * count / most
        drawn.append(
            {
                "x": round(_LEFT + at * width + 2, 1),
                "y": round(_BASE - height, 1),
                "width": round(width - 4, 1),
                "height": round(height, 1),
                "declined": high <= least_score + 1e-9,
                "said": f"{low:.2f} to {high:.2f}: {count:,} rows",
            }
        )
    return drawn
