"""An evaluation, and the comparison of two, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from linker.evaluation.evaluation import OURS, Evaluation, SubsetScores
from linker.evaluation.metrics import Estimate
from linker.evaluation.runs import SubsetComparison
from linker.evaluation.subsets import CLEANED
from linker.model import Reason


def evaluation_tables(found: Evaluation) -> list[Table]:
    """Accuracies; lineage and risk–coverage; decisions; and what the first system is ahead by, with intervals."""
    return [
        _accuracy_table(found),
        _certainty_table(found),
        _decision_table(found),
        *_reliability_tables(found),
        *_difference_tables(found),
    ]


def comparison_table(found: Sequence[SubsetComparison], first: str, second: str) -> Table:
    """A row for each k and the MRR of a set of mentions: both runs, and their difference with its interval."""
    table = _table(f"{first}, and {second}", "mentions")
    for header in ("first", "second", "difference"):
        table.add_column(header, justify="right", no_wrap=True)
    for one in found:
        _head(table, f"{one.subset}: {_counts(one.mentions, one.documents)}")
        for k, ahead in one.difference.accuracy.items():
            table.add_row(f"@{k}", _share(one.first[k]), _share(one.second[k]), signed(ahead, 3))
        table.add_row("MRR", _share(one.first_mrr), _share(one.second_mrr), signed(one.difference.mrr, 3))
        table.add_section()
    return table


def distinct_subsets(found: Evaluation) -> list[tuple[str, SubsetScores]]:
    """The sets of mentions with their titles; sets of exactly the same mentions are one."""
    return [
        (
            " = ".join(
                [one.subset, *(other.subset for other in found.subsets if other.same_as == one.subset)]
            ),
            one,
        )
        for one in found.subsets
        if not one.same_as
    ]


def estimated(e: Estimate) -> str:
    """A share with its interval: `.777 [.74–.81]`."""
    return f"{_share(e.value)} [{_short(e.low)}–{_short(e.high)}]"


def signed(e: Estimate, digits: int = 2) -> str:
    """A difference with its interval, which has so many digits: `+.022 [−.01, +.05]`."""
    return f"{_signed(e.value, 3)} [{_signed(e.low, digits)}, {_signed(e.high, digits)}]"


def _accuracy_table(found: Evaluation) -> Table:
    title = (
        f"{_counts(found.mentions, found.documents)} on {found.release} "
        f"({found.index['terms']:,} strings, {found.index['mentions']:,} annotated mentions among them; "
        f"{found.gold_not_in_index:,} mentions have no code that the index holds)"
        + (f"; linked within {found.scope:,} concepts" if found.scope is not None else "")
    )
    table = _table(title, "system")
    boards = found.subsets[0].systems
    for k in boards[0].accuracies.accuracy:
        table.add_column(f"@{k}", justify="right", no_wrap=True)
    table.add_column("MRR", justify="right", no_wrap=True)
    for name, one in distinct_subsets(found):
        _head(table, f"{name}: {_counts(one.mentions, one.documents)}")
        for board in one.systems:
            _estimates(table, board.system, (*board.accuracies.accuracy.values(), board.accuracies.mrr))
        table.add_section()
    return table


def _certainty_table(found: Evaluation) -> Table:
    title = "By the first candidate's score: area under risk–coverage, and coverage at a risk"
    first = found.subsets[0].systems[0]
    if found.is_a:
        title = f"Lineage accuracy along {found.is_a:,} is-a relations. {title}"
    table = _table(title, "system")
    for way, cutoffs in (
        ("one step", first.accuracies.lineage_step),
        ("any path", first.accuracies.lineage_path),
    ):
        for k in cutoffs:
            table.add_column(f"{way} @{k}", justify="right", no_wrap=True)
    table.add_column("area", justify="right", no_wrap=True)
    for risk in first.risk_coverage.coverage:
        table.add_column(f"at risk {risk:.0%}", justify="right", no_wrap=True)
    for name, one in distinct_subsets(found):
        _head(table, f"{name}: {_counts(one.mentions, one.documents)}")
        for board in one.systems:
            lineage = (*board.accuracies.lineage_step.values(), *board.accuracies.lineage_path.values())
            certainty = (board.risk_coverage.area, *board.risk_coverage.coverage.values())
            _estimates(table, board.system, (*lineage, *certainty))
        table.add_section()
    return table


def _decision_table(found: Evaluation) -> Table:
    """How many get a concept, how many of these the right one, and what becomes of the others."""
    title = "Decisions: mentions with a concept, those of them that are right, and why the others have none"
    table = _table(f"{title} (in brackets how many of their first candidates are right)", "system")
    reasons = [reason.value for reason in Reason if reason]
    for header in ("chosen", "right of chosen", *reasons, "calibration error"):
        table.add_column(header, justify="right", no_wrap=True)
    for name, one in distinct_subsets(found):
        _head(table, f"{name}: {_counts(one.mentions, one.documents)}")
        for board in one.systems:
            if board.calibration is None:
                continue
            of = {figures.reason: figures for figures in board.calibration.reasons}
            told = (f"{of[r].mentions:,} ({_short(of[r].right)})" if r in of else "–" for r in reasons)
            chosen, right, error = (
                estimated(e)
                for e in (board.calibration.chosen, board.calibration.right, board.calibration.error)
            )
            table.add_row(board.system, chosen, right, *told, error)
        table.add_section()
    return table


def _reliability_tables(found: Evaluation) -> list[Table]:
    """Of the first system: what is said to be right so often, and how often it is."""
    one = next((s for s in found.subsets if s.subset == CLEANED), found.subsets[0])
    board = one.systems[0]
    if board.calibration is None:
        return []
    table = _table(f"Reliability of {board.system}'s probabilities on {one.subset}", "probability")
    for header in ("mentions", "mean probability", "right"):
        table.add_column(header, justify="right", no_wrap=True)
    for bin in board.calibration.bins:
        span = f"{_bare(f'{bin.low:.1f}')}–{_bare(f'{bin.high:.1f}')}"
        table.add_row(span, f"{bin.mentions:,}", _share(bin.probability), _share(bin.right))
    return [table]


def _difference_tables(found: Evaluation) -> list[Table]:
    one = next((s for s in found.subsets if s.subset == CLEANED), found.subsets[0])
    behind = [(board.system, board.behind) for board in one.systems if board.behind]
    if not behind:
        return []
    table = _table(f"{OURS} less the others, paired by document, on {one.subset}", "less")
    for k in behind[0][1].accuracy:
        table.add_column(f"@{k}", justify="right", no_wrap=True)
    table.add_column("MRR", justify="right", no_wrap=True)
    for system, difference in behind:
        table.add_row(system, *map(signed, (*difference.accuracy.values(), difference.mrr)))
    return [table]


def _table(title: str, first_column: str) -> Table:
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0)
    )
    table.add_column(first_column)
    return table


def _head(table: Table, text: str) -> None:
    table.add_row(Text(text, style="bold"))


def _estimates(table: Table, name: str, estimates: Iterable[Estimate]) -> None:
    table.add_row(name, *map(estimated, estimates))


def _counts(mentions: int, documents: int) -> str:
    return f"{mentions:,} mentions of {documents:,} documents"


def _share(value: float) -> str:
    return _bare(f"{value:.3f}")


def _short(value: float) -> str:
    return _bare(f"{value:.2f}")


def _signed(value: float, digits: int) -> str:
    text = f"{abs(value):.{digits}f}"
    sign = "" if float(text) == 0 else "−" if value < 0 else "+"
    return sign + _bare(text)


def _bare(text: str) -> str:
    return text.removeprefix("0")
