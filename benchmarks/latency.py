"""How fast mentions are linked: one after the other, and a thousand together, beside the published loop.

    python -m benchmarks.latency --data ../shared/data [--json DIR] [--precision float32] [--rounds 3]

HPO with its Spanish labels, the shipped models, five candidates with re-ranking. *One mention*: each distinct DisTEMIST
mention of the dev documents in a request of its own, everything warm and nothing of it remembered. *A batch*: a
thousand distinct DisTEMIST mentions in one call, as the median of the rounds, and once more with the scores
remembered. The published loop has its index in memory and is asked the same: one mention after the other over a
sample, its cross-encoder reading as many candidates as it retrieves (25).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from api.quiet import quieten_model_libraries
from api.terminal import Tell, progress
from benchmarks.against_published_loop import timed
from benchmarks.corpora import distemist_hpo
from benchmarks.linking import indexed
from benchmarks.linking_sets import SETS
from graph.release import ReleaseHome
from linker.encoder import FULL, PRECISIONS, BiEncoder
from linker.evaluation.published_loop import PublishedLoop, index_pairs
from linker.pipeline import Linker
from linker.shipped import SHIPPED

TOP, PUBLISHED_TOP = 5, 25
MENTIONS, SAMPLE = 1000, 100
ONE_P95 = "one mention, enlace, 95 %, ms"
BATCH = "a batch, enlace, mentions/s"
#: What is to be reached, and whether at least.
AIMS = {ONE_P95: (30.0, False), BATCH: (150.0, True)}


def one_by_one(name: str, answer: Callable[[str], object], mentions: Sequence[str]) -> dict[str, float]:
    """Percentiles of the milliseconds that an answer takes."""
    taken = [1000 * timed(partial(answer, mention)) for mention in mentions]
    return {
        f"one mention, {name}, {told}, ms": float(np.percentile(taken, share))
        for told, share in (("median", 50), ("95 %", 95), ("99 %", 99))
    }


def measured(
    index_folder: Path, dev: Sequence[str], mentions: Sequence[str], rounds: int, tell: Tell
) -> dict[str, Any]:
    """The index's manifest, the machine and, in `figures`, all that was measured by name."""
    tell("opening the index", 0, None)
    linker = Linker.open(index_folder)
    encoder, reranker = linker.encoder, linker.reranker
    if not isinstance(encoder, BiEncoder) or reranker is None:
        raise SystemExit("The index has no bi-encoder and cross-encoder; index with both.")

    def alone(mention: str) -> None:
        linker.link([mention], top_k=TOP)

    def together() -> None:
        linker.link(mentions, top_k=TOP)

    tell("one mention after the other", 0, None)
    for mention in dev[:20]:
        alone(mention)
    reranker.cache.clear()
    figures = {"mentions linked alone": float(len(dev)), **one_by_one("enlace", alone, dev)}
    tell("mentions in a batch", 0, None)
    taken = []
    for _ in range(rounds):
        reranker.cache.clear()
        taken.append(timed(together))
    figures |= {
        "mentions in a batch": float(len(mentions)),
        BATCH: len(mentions) / median(taken),
        "a batch, enlace, scores remembered, mentions/s": len(mentions) / timed(together),
    }
    if encoder.identity.precision == FULL:
        figures |= _published(linker, encoder, dev, mentions, tell)
    manifest = linker.index.manifest
    linker.close()
    return {
        "software": version("enlace"),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "index": asdict(manifest),
        "figures": figures,
    }


def _published(
    linker: Linker, encoder: BiEncoder, dev: Sequence[str], mentions: Sequence[str], tell: Tell
) -> dict[str, float]:
    reranker = linker.reranker
    assert reranker
    pairs = index_pairs(linker.index)
    loop = PublishedLoop(
        pairs, encoder, progress=lambda done: tell("the published loop's index", done, len(pairs))
    )

    def answer(some: Sequence[str]) -> None:
        loop.reranked(some, PUBLISHED_TOP, reranker)

    tell("the published loop", 0, None)
    sample = [dev[i] for i in np.random.default_rng(0).permutation(len(dev))[:SAMPLE]]
    answer(sample[:5])
    return {
        **one_by_one("published loop", lambda mention: answer([mention]), sample),
        "a batch, published loop, mentions/s": len(sample) / timed(lambda: answer(sample)),
    }


def aim(what: str, value: float) -> str:
    """The aim and whether it is reached; empty where there is none."""
    if what not in AIMS:
        return ""
    bound, at_least = AIMS[what]
    reached = value >= bound if at_least else value <= bound
    return f"at {'least' if at_least else 'most'} {bound:g}: {'reached' if reached else 'missed'}"


def shown(value: float) -> str:
    """A figure with as many digits as it needs."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures beside their aims."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of open data")
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=FULL,
        help="others than float32: without the published loop",
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bi-encoder", default=SHIPPED)
    parser.add_argument("--cross-encoder", default=SHIPPED)
    parser.add_argument("--json", type=Path, help="a folder to write the figures into")
    options = parser.parse_args(arguments)
    quieten_model_libraries()
    dev = list(dict.fromkeys(mention.span for mention in SETS[0].gold(options.data)))
    spans = list(dict.fromkeys(mention.span for mention in distemist_hpo(options.data)))[:MENTIONS]
    with tempfile.TemporaryDirectory() as folder, progress() as tell:
        home = ReleaseHome(Path(folder))
        models = options.bi_encoder, options.cross_encoder
        made = indexed(home, options.data, SETS[0], [], models, tell, options.precision)
        found = measured(made, dev, spans, options.rounds, tell)
    table = Table("what", "measured", "aim", title=f"{found['cores']} cores, {found['threads']} threads")
    for what, value in found["figures"].items():
        table.add_row(what, shown(value), aim(what, value))
    Console(width=100).print(table)
    if options.json:
        options.json.mkdir(parents=True, exist_ok=True)
        suffix = "" if options.precision == FULL else f"-{options.precision}"
        path = options.json / f"latency{suffix}.json"
        path.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
