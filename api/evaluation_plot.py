"""An evaluation as a drawing: accuracy by k, and risk–coverage. Needs matplotlib, the extra `plot`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.errors import ArgumentRejected
from linker.evaluation.evaluation import Evaluation, SubsetScores
from linker.evaluation.risk_coverage import curve
from linker.evaluation.subsets import CLEANED, UNSEEN

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FORMATS = (".svg", ".png", ".pdf")


def check_plotting(path: Path) -> None:
    """Raise ArgumentRejected if nothing can be drawn into `path`: an unknown ending, or no matplotlib."""
    if path.suffix.lower() not in _FORMATS:
        raise ArgumentRejected(
            "plot", f"--plot {path} has none of the endings {', '.join(_FORMATS)}; choose one of them."
        )
    if not find_spec("matplotlib"):
        raise ArgumentRejected(
            "plot", "--plot needs matplotlib; install it with `pip install 'enlace[plot]'`."
        )


def draw(found: Evaluation, path: Path) -> None:
    """Draw the cleaned mentions' and the unseen ones' accuracy by k, and the cleaned ones' risk–coverage."""
    import matplotlib
    from matplotlib.figure import Figure

    by_name = {one.subset: one for one in found.subsets}
    cleaned = by_name.get(CLEANED, found.subsets[0])
    shown = [cleaned, *([by_name[UNSEEN]] if UNSEEN in by_name else [])]
    # Text stays text, and equal figures give equal files.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": found.gold_sha256, "font.size": 9}):
        figure = Figure(figsize=(4.2 * (len(shown) + 1), 4.2), layout="constrained")
        axes: list[Axes] = list(figure.subplots(1, len(shown) + 1, squeeze=False)[0])
        for one, where in zip(shown, axes, strict=False):
            _accuracies(where, one)
        _risk_coverage(axes[-1], found, cleaned)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
        figure.suptitle(f"{found.release}: {found.index['terms']:,} strings")
        metadata: dict[str, Any] = {"Date": None} if path.suffix.lower() == ".svg" else {}
        figure.savefig(path, metadata=metadata)


def _accuracies(axes: Axes, one: SubsetScores) -> None:
    for board in one.systems:
        cutoffs = list(board.accuracies.accuracy)
        estimates = list(board.accuracies.accuracy.values())
        (line,) = axes.plot(cutoffs, [e.value for e in estimates], marker="o", ms=3, label=board.system)
        axes.fill_between(
            cutoffs,
            [e.low for e in estimates],
            [e.high for e in estimates],
            color=line.get_color(),
            alpha=0.12,
        )
    axes.set_xscale("log")
    axes.set_xticks(cutoffs, [str(k) for k in cutoffs])
    axes.minorticks_off()
    axes.set(title=f"{one.subset}, n = {one.mentions:,}", xlabel="k", ylabel="accuracy at k", ylim=(0, 1.02))
    axes.grid(alpha=0.3)


def _risk_coverage(axes: Axes, found: Evaluation, one: SubsetScores) -> None:
    rows = found.membership[one.subset]
    for system, outcomes in found.outcomes.items():
        coverage, risk = curve(outcomes.of(rows))
        axes.step(coverage, risk, where="post", label=system, linewidth=1)
    axes.set(
        title=f"risk–coverage, {one.subset}", xlabel="coverage", ylabel="risk at 1", xlim=(0, 1), ylim=(0, 1)
    )
    axes.grid(alpha=0.3)
