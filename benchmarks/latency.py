"""How fast mentions are linked: one after the other, and a thousand together, beside the published loop.

    python -m benchmarks.latency --data ../shared/data [--json DIR] [--precision float32] [--rounds 3]

HPO with its Spanish labels, the shipped models, five candidates with re-ranking. *One mention*: each distinct DisTEMIST
mention of the dev documents in a request of its own, everything warm and nothing of it remembered. *A batch*: a
thousand distinct DisTEMIST mentions in one call, as the median of the rounds, and once more with the scores
remembered. The published loop has its index in memory and is asked the same: one mention after the other over a
sample, its cross-encoder reading as many candidates as it retrieves (25). In float32 all is asked of the same index
once more with ONNX Runtime computing the models, and the answers are compared.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from api.indexing import index_release
from api.quiet import quieten_model_libraries
from api.terminal import Tell, progress
from benchmarks.corpora import distemist_hpo
from benchmarks.linking import indexed
from benchmarks.linking_sets import SETS
from benchmarks.speed_figures import Aim, distinct, found_here, models_of, publish, right_at, timed
from graph.release import INDEX_FOLDER, ReleaseHome
from linker.encoder import FULL, PRECISIONS
from linker.evaluation.published_loop import PublishedLoop, index_pairs
from linker.mentions import GoldMention
from linker.model import Linking
from linker.pipeline import Linker
from linker.runtimes import ONNX, TORCH
from linker.shipped import SHIPPED

TOP, PUBLISHED_TOP = 5, 25
MENTIONS, SAMPLE, STRINGS = 1000, 100, 5000
OURS, ON_ONNX = "enlace", "enlace on ONNX Runtime"
ONE_P95 = "one mention, enlace, 95 %, ms"
BATCH = "a batch, enlace, mentions/s"
ALIKE = "first candidates that ONNX Runtime leaves as they are, share"
#: What is to be reached.
AIMS = {ONE_P95: Aim(30, at_least=False), BATCH: Aim(150)}


def one_by_one(name: str, answer: Callable[[str], object], mentions: Sequence[str]) -> dict[str, float]:
    """Percentiles of the milliseconds that an answer takes."""
    taken = [1000 * timed(partial(answer, mention)) for mention in mentions]
    return {
        f"one mention, {name}, {told}, ms": float(np.percentile(taken, share))
        for told, share in (("median", 50), ("95 %", 95), ("99 %", 99))
    }


def measured(
    index_folder: Path,
    dev: Sequence[str],
    mentions: Sequence[GoldMention],
    rounds: int,
    tell: Tell,
    on_onnx: Callable[[], Path] | None = None,
) -> dict[str, Any]:
    """The index's manifest, the machine and, in `figures`, all that was measured by name.

    `on_onnx` gives the folder of the same index for ONNX Runtime, when torch has been measured.
    """
    tell("opening the index", 0, None)
    linker = Linker.open(index_folder)
    manifest = linker.index.manifest
    figures = {
        "mentions linked alone": float(len(dev)),
        "mentions in a batch": float(len(mentions)),
    }
    own, answers = _linked(OURS, linker, dev, mentions, rounds, tell)
    figures |= own
    if manifest.encoder.precision == FULL:
        figures |= _published(linker, dev, tell)
    linker.close()
    if on_onnx:
        other = Linker.open(on_onnx())
        own, theirs = _linked(ON_ONNX, other, dev, mentions, rounds, tell)
        other.close()
        figures |= {**own, ALIKE: _alike(answers, theirs)}
    return found_here(figures, index=asdict(manifest))


def _linked(
    name: str, linker: Linker, dev: Sequence[str], mentions: Sequence[GoldMention], rounds: int, tell: Tell
) -> tuple[dict[str, float], list[Linking]]:
    """The figures of one linker, and what it answers to the batch."""
    encoder, _ = models_of(linker)
    spans = [mention.span for mention in mentions]

    def alone(mention: str) -> None:
        linker.link([mention], top_k=TOP)

    def together() -> list[Linking]:
        return linker.link(spans, top_k=TOP)

    tell(f"{name}: one mention after the other", 0, None)
    for mention in dev[:20]:
        alone(mention)
    linker.forget()
    figures = one_by_one(name, alone, dev)
    tell(f"{name}: mentions in a batch", 0, None)
    taken = []
    for _ in range(rounds):
        linker.forget()
        taken.append(timed(together))
    figures |= {
        f"a batch, {name}, mentions/s": len(mentions) / median(taken),
        f"a batch, {name}, answers remembered, mentions/s": len(mentions) / timed(together),
    }
    tell(f"{name}: encoding", 0, None)
    texts = linker.index.texts()
    some = [texts[i] for i in np.random.default_rng(0).permutation(len(texts))[:STRINGS]]
    encoding = median([timed(lambda: encoder.encode(some)) for _ in range(rounds)])
    figures[f"encoding, {name}, strings/s"] = len(some) / encoding
    answers = together()
    right = right_at([[c.id for c in one.candidates] for one in answers], mentions, (1, TOP))
    figures |= {f"right among the first {k}, {name}, share": share for k, share in right.items()}
    return figures, answers


def _alike(answers: Sequence[Linking], others: Sequence[Linking]) -> float:
    same = [
        [c.id for c in one.candidates[:1]] == [c.id for c in other.candidates[:1]]
        for one, other in zip(answers, others, strict=True)
    ]
    return sum(same) / len(same)


def _published(linker: Linker, dev: Sequence[str], tell: Tell) -> dict[str, float]:
    encoder, reranker = models_of(linker)
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


def _made(folder: Path, data: Path, models: tuple[str, str], precision: str, runtime: str) -> Path:
    """Import and index, or index again for another runtime; the index's folder."""
    quieten_model_libraries()
    home, one = ReleaseHome(folder), SETS[0]
    with progress() as tell:
        if runtime == TORCH:
            return indexed(home, data, one, [], models, tell, precision)
        index_release(
            home, one.release, bi_encoder=models[0], cross_encoder=models[1], runtime=runtime, tell=tell
        )
    return home.folder(one.release) / INDEX_FOLDER


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures beside their aims."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of open data")
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=FULL,
        help="others than float32: without the published loop and ONNX Runtime",
    )
    parser.add_argument("--mentions", type=int, default=MENTIONS, help="distinct mentions of the batch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bi-encoder", default=SHIPPED)
    parser.add_argument("--cross-encoder", default=SHIPPED)
    parser.add_argument("--json", type=Path, help="a folder to write the figures into")
    options = parser.parse_args(arguments)
    quieten_model_libraries()
    one = SETS[0]
    dev = [mention.span for mention in distinct(one.gold(options.data))]
    mentions = distinct(distemist_hpo(options.data), options.mentions)
    with tempfile.TemporaryDirectory() as folder, progress() as tell:
        models = options.bi_encoder, options.cross_encoder

        def made(runtime: str) -> Path:
            tell("importing and indexing", 0, None)
            # What links has imported and indexed nothing.
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
                return apart.submit(
                    _made, Path(folder), options.data, models, options.precision, runtime
                ).result()

        made_here = made(TORCH)
        also = (lambda: made(ONNX)) if options.precision == FULL else None
        found = measured(made_here, dev, mentions, options.rounds, tell, also)
    suffix = "" if options.precision == FULL else f"-{options.precision}"
    publish(found, AIMS, options.json, f"latency{suffix}")


if __name__ == "__main__":
    main()
