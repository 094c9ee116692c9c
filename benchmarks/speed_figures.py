"""What the benchmarks of speed share: their clock, their mentions, how right answers are, and figures beside aims."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import torch
from rich.console import Console
from rich.table import Table

from graph.model import CURIE
from linker.encoder import BiEncoder
from linker.evaluation.metrics import gold_rank
from linker.mentions import GoldMention
from linker.pipeline import Linker
from linker.reranker import Reranker

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Aim:
    """What a figure is to reach: at least, or at most."""

    bound: float
    at_least: bool = True

    def told(self, value: float) -> str:
        """The aim and whether a value reaches it."""
        reached = value >= self.bound if self.at_least else value <= self.bound
        side = "least" if self.at_least else "most"
        return f"at {side} {self.bound:g}: {'reached' if reached else 'missed'}"


Aims = Mapping[str, Aim]


def aim(aims: Aims, what: str, value: float) -> str:
    """The aim of a figure and whether it is reached; empty where it has none."""
    return aims[what].told(value) if what in aims else ""


def shown(what: str, value: float) -> str:
    """A figure with as many digits as it needs."""
    if what.startswith("cosine"):
        return f"{value:.6f}"
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.2f}"


def answered(work: Callable[[], Answer]) -> tuple[float, Answer]:
    """Seconds of wall time, and what came of them."""
    begun = time.perf_counter()
    found = work()
    return time.perf_counter() - begun, found


def timed(work: Callable[[], object]) -> float:
    """Seconds of wall time."""
    return answered(work)[0]


def distinct(gold: Iterable[GoldMention], most: int | None = None) -> list[GoldMention]:
    """Each span once, in order, with the codes that it has anywhere."""
    codes: dict[str, dict[CURIE, None]] = {}
    for mention in gold:
        codes.setdefault(mention.span, {}).update(dict.fromkeys(mention.codes))
    return [GoldMention(span, tuple(own)) for span, own in codes.items()][:most]


def right_at(
    candidates: Iterable[Sequence[CURIE]], gold: Iterable[GoldMention], cutoffs: Sequence[int]
) -> dict[int, float]:
    """The share of mentions that have a right concept among the first k, for each cutoff."""
    ranks = [gold_rank(own, mention.codes) for own, mention in zip(candidates, gold, strict=True)]
    return {k: sum(0 < rank <= k for rank in ranks) / len(ranks) for k in cutoffs}


def models_of(linker: Linker) -> tuple[BiEncoder, Reranker]:
    """Both models of a linker. Exits where there is only one."""
    encoder, reranker = linker.encoder, linker.reranker
    if not isinstance(encoder, BiEncoder) or reranker is None:
        raise SystemExit("The index has no bi-encoder and cross-encoder; index with both.")
    return encoder, reranker


def found_here(figures: Mapping[str, float], **more: Any) -> dict[str, Any]:
    """A benchmark's file: the software, the machine, what `more` there is, and the figures."""
    return {
        "software": version("enlace"),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        **more,
        "figures": dict(figures),
    }


def figures_table(found: Mapping[str, Any], aims: Aims) -> Table:
    """The figures, and of those that have one the aim."""
    table = Table(title=f"{found['cores']} cores, {found['threads']} threads")
    table.add_column("what")
    table.add_column("measured", justify="right")
    table.add_column("aim")
    for what, value in found["figures"].items():
        table.add_row(what, shown(what, value), aim(aims, what, value))
    return table


def publish(found: Mapping[str, Any], aims: Aims, folder: Path | None, name: str) -> None:
    """Print the figures, and write them into `folder` where there is one."""
    Console(width=120).print(figures_table(found, aims))
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json").write_text(json.dumps(found, indent=2) + "\n", "utf-8")
