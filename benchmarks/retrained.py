"""The shipped models trained again by the documented commands, held against the figures claimed of those that ship.

    python -m benchmarks.retrained --data ../shared/data [--work build/retrained] [--json DIR]

Runs `benchmarks/train_shipped_models.sh` into a folder of its own, tells how long it took, and measures linking with
what it made. A figure *lands* if it lies within the interval that docs/results claims for the shipped models; training
adds in another order on every run, so no two give the same weights. What is in `--work` already is not made again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import linking
from benchmarks.linking_page import table
from benchmarks.linking_sets import SETS

SCRIPT = Path(__file__).with_name("train_shipped_models.sh")
CLAIMED = Path(__file__).resolve().parents[1] / "docs" / "results"
FILE = "retrained.json"
MINUTES, MODELS = "minutes", "models-again"
"""Where in the folder of work the script leaves how long it took, and the models."""
MOST_MINUTES = 120

_HEAD = """\
## The models trained again

`python -m benchmarks.retrained --data ../shared/data --json docs/results`

`make models` from nothing, on a machine of {cores} cores, took {minutes} minutes (aim: {most}). Each figure of linking
with the models that it made is held against the interval above of those that ship: of {all} figures, all subsets and
depths of {sets} sets, {outside} lie outside. Enlace {software}.
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A figure claimed, with its interval, and the same of the models trained again."""

    set: str
    subset: str
    mentions: int
    depth: int
    claimed: float
    low: float
    high: float
    again: float

    @property
    def lands(self) -> bool:
        """Whether it lies within the interval."""
        return self.low <= self.again <= self.high


def held(claimed: dict[str, Any], again: dict[str, Any], name: str) -> Iterator[Held]:
    """Enlace's accuracies of one set's two files of figures; subsets that repeat another are left out."""
    for one, other in zip(claimed["subsets"], again["subsets"], strict=True):
        if one["same_as"]:
            continue
        own, made = (part["systems"][0]["accuracies"]["accuracy"] for part in (one, other))
        for depth, figure in own.items():
            value, low, high = (figure[key] for key in ("value", "low", "high"))
            yield Held(
                name, one["subset"], one["mentions"], int(depth), value, low, high, made[depth]["value"]
            )


def train(data: Path, work: Path) -> int:
    """Train into `work` unless that is done, and how many minutes it took.

    Raises SystemExit where a training there was cut short, CalledProcessError where this one fails.
    """
    told, models = work / MINUTES, work / MODELS
    if not told.is_file():
        if models.exists():
            raise SystemExit(
                f"{work} holds a training that was cut short; remove it, so that the time is of a whole one."
            )
        # The script calls `python` and `enlace`: those of this environment, activated or not.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        folders = {"DATA": str(data), "WORK": str(work), "MODELS": str(models), "PATH": path}
        subprocess.run(["bash", str(SCRIPT)], env={**os.environ, **folders}, check=True)
    return int(told.read_text("utf-8"))


def measure(data: Path, work: Path) -> list[Held]:
    """Measure linking with what was trained, the sets that are not measured yet, and hold it against the claims."""
    figures, models = work / "figures", work / MODELS
    open_ones = [one.name for one in SETS if not (figures / f"{one.name}.json").is_file()]
    if open_ones:
        asked = [word for name in open_ones for word in ("--set", name)]
        made = [f"--{kind}={models / kind}" for kind in ("bi-encoder", "cross-encoder")]
        linking.main([f"--data={data}", *made, *asked, f"--json={figures}"])

    def written(folder: Path, name: str) -> Any:
        return json.loads((folder / f"{name}.json").read_text("utf-8"))

    return [
        figure
        for one in SETS
        for figure in held(written(CLAIMED, one.name), written(figures, one.name), one.name)
    ]


def retrained_section(found: dict[str, Any]) -> str:
    """What came of it as Markdown, under its heading."""
    figures = [Held(**figure) for figure in found["figures"]]
    outside = sum(not figure.lands for figure in figures)
    sets = len({figure.set for figure in figures})
    counts = {"all": len(figures), "sets": sets, "outside": outside, "most": MOST_MINUTES}
    head = _HEAD.format(**{**found, **counts})
    rows = [
        (
            figure.set,
            f"{figure.subset} ({figure.mentions:,})",
            f"@{figure.depth}",
            f"{figure.claimed:.3f} [{figure.low:.3f}, {figure.high:.3f}]",
            f"{figure.again:.3f}{'' if figure.lands else ' **outside**'}",
        )
        for figure in figures
        if figure.depth in (1, 25)
    ]
    return f"{head}\n{table(('set', 'mentions', 'k', 'shipped', 'trained again'), rows)}\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, measure and print; `--json` writes FILE into a folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("build/retrained"))
    parser.add_argument("--json", type=Path, help="a folder to write the figures into")
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    minutes = train(options.data, options.work)
    found = {
        "minutes": minutes,
        "cores": os.cpu_count(),
        "software": version("enlace"),
        "figures": [asdict(figure) for figure in measure(options.data, options.work)],
    }
    print(retrained_section(found))
    if options.json:
        options.json.mkdir(parents=True, exist_ok=True)
        text = json.dumps(found, ensure_ascii=False, indent=2)
        (options.json / FILE).write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
