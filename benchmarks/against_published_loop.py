"""Enlace and the loop of published systems side by side: identical weights, identical strings, one process.

    python -m benchmarks.against_published_loop --data ../shared/data [--json DIR] [--strings 5000] [--mentions 1000]

HPO with its Spanish labels and the shipped models. Timed in turns, as medians of the rounds: encoding strings of the
index in random order, and linking distinct DisTEMIST mentions, 200 candidates asked for, with the cross-encoders and
without; from nothing, the published loop encodes the whole index, and Enlace opens the one on disk. The published loop
computes in float32, Enlace in float32 and, from an index of its own, in int8; it encodes in bfloat16 too. Vectors
are compared with those of each string alone, which has no padding to get wrong.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from api.quiet import quieten_model_libraries
from api.terminal import Tell, progress
from benchmarks.corpora import distemist_hpo
from benchmarks.linking import indexed
from benchmarks.linking_sets import SETS
from benchmarks.speed_figures import (
    Aim,
    answered,
    distinct,
    found_here,
    models_of,
    publish,
    right_at,
    timed,
)
from graph.model import CURIE
from graph.release import ReleaseHome
from linker.encoder import BFLOAT16, FULL, INT8, BiEncoder, Encoder, Vectors
from linker.evaluation.metrics import CUTOFFS
from linker.evaluation.published_loop import PublishedLoop, index_pairs
from linker.mentions import GoldMention
from linker.pipeline import Linker
from linker.shipped import SHIPPED, bi_encoder_source

CANDIDATES = 200
#: Of the numbers of candidates that answers are right among, those that are shown; the least lead is over all.
SHOWN = (1, 5, 25, 200)
ENCODING_FASTER = "encoding in int8, times faster"
ENCODING_BFLOAT16_FASTER = "encoding in bfloat16, times faster"
LINKING_FASTER = "linking in int8, times faster"
LEAST_COSINE = "cosine to the right vector, enlace in int8, least"
LEAST_LEAD = "least lead over the published loop at any k, {}"
#: What is to be reached.
AIMS = {
    ENCODING_FASTER: Aim(4),
    ENCODING_BFLOAT16_FASTER: Aim(4),
    LINKING_FASTER: Aim(10),
    LEAST_COSINE: Aim(0.999),
    **{LEAST_LEAD.format(name): Aim(0) for name in ("enlace", "enlace in int8")},
}


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that each took for the same work, and how many times faster Enlace was; medians of the rounds."""

    published_s: float
    enlace_s: float

    @property
    def ratio(self) -> float:
        """Published over Enlace's."""
        return self.published_s / self.enlace_s


def paced(published: Callable[[], object], enlace: Callable[[], object], rounds: int) -> Pace:
    """Run both in turns, `rounds` times."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for seconds, work in zip(taken, (published, enlace), strict=True):
            seconds.append(timed(work))
    return Pace(statistics.median(taken[0]), statistics.median(taken[1]))


def cosines(
    encoder: Encoder,
    in_bfloat16: Encoder,
    in_int8: Encoder,
    loop: PublishedLoop,
    strings: Sequence[str],
) -> dict[str, float]:
    """The least and the mean cosine of the systems' vectors to those of each string alone."""
    # Alone a string has no padding, so the published loop's mean is the masked one, if the model pools by the mean.
    right = np.concatenate([encoder.encode([text]) for text in strings])
    figures = {}
    for name, vectors in (
        ("enlace in int8", in_int8.encode(strings)),
        ("enlace in bfloat16", in_bfloat16.encode(strings)),
        ("enlace", encoder.encode(strings)),
        ("published loop", loop.encode(strings)),
    ):
        near = _rowwise(vectors, right)
        figures[f"cosine to the right vector, {name}, least"] = float(near.min())
        figures[f"cosine to the right vector, {name}, mean"] = float(near.mean())
    return figures


def side_by_side(
    index_folder: Path,
    int8_folder: Path,
    strings: int,
    gold: Sequence[GoldMention],
    rounds: int,
    tell: Tell,
) -> dict[str, Any]:
    """The index's manifest, the machine and, in `figures`, all that was measured by name."""
    tell("opening the index", 0, None)
    linker = Linker.open(index_folder)
    encoder, reranker = models_of(linker)
    mentions = [mention.span for mention in gold]
    pairs = index_pairs(linker.index)
    some = [pairs[i][0] for i in np.random.default_rng(0).permutation(len(pairs))[:strings]]
    tell("encoding", 0, None)
    small = PublishedLoop(pairs[:1], encoder)
    linker_in_int8 = Linker.open(int8_folder)
    in_int8 = linker_in_int8.encoder
    figures = {"strings encoded": float(len(some))}
    in_bfloat16 = BiEncoder.open(
        bi_encoder_source(linker.index.manifest.bi_encoder),
        max_length=encoder.identity.max_length,
        pooling=encoder.identity.pooling,
        precision=BFLOAT16,
    )
    for name, one in (
        ("encoding in float32", encoder),
        ("encoding in bfloat16", in_bfloat16),
        ("encoding in int8", in_int8),
    ):
        pace = paced(lambda: small.encode(some), partial(one.encode, some), rounds)
        figures |= _figures(name, pace, len(some), "strings")
    figures |= cosines(encoder, in_bfloat16, in_int8, small, some[:1000])

    tell("the published loop's index", 0, len(pairs))
    building, loop = answered(
        lambda: PublishedLoop(
            pairs, encoder, progress=lambda done: tell("the published loop's index", done, len(pairs))
        )
    )
    opening = timed(lambda: Linker.open(int8_folder).close())

    bare = linker.without_reranker()
    tell("linking without cross-encoder", 0, None)
    dense = paced(
        lambda: loop.answer(mentions, CANDIDATES), lambda: bare.link(mentions, top_k=CANDIDATES), rounds
    )
    tell("linking with cross-encoder", 0, None)
    # Once: its cross-encoder reads every candidate, which takes minutes and varies little.
    published_s, published = answered(lambda: loop.reranked(mentions, CANDIDATES, reranker))
    whole = [
        statistics.median(_linking_s(one, mentions) for _ in range(rounds))
        for one in (linker, linker_in_int8)
    ]
    cold = Pace(building + published_s, opening + whole[1])
    manifest = linker.index.manifest
    tell("counting right answers", 0, None)
    right = {
        "published loop": right_at(published.candidates, gold, CUTOFFS),
        "published loop, no cross-encoder": right_at(
            loop.answer(mentions, CANDIDATES).candidates, gold, CUTOFFS
        ),
        "enlace": right_at(_candidates(linker, mentions), gold, CUTOFFS),
        "enlace in int8": right_at(_candidates(linker_in_int8, mentions), gold, CUTOFFS),
        "enlace, no cross-encoder": right_at(_candidates(bare, mentions), gold, CUTOFFS),
    }
    linker.close()
    linker_in_int8.close()
    figures |= {
        "mentions linked": float(len(mentions)),
        "strings in the index": float(len(pairs)),
        **_figures("linking in float32", Pace(published_s, whole[0]), len(mentions), "mentions"),
        **_figures("linking in int8", Pace(published_s, whole[1]), len(mentions), "mentions"),
        **_figures("linking without cross-encoders, in float32", dense, len(mentions), "mentions"),
        "index, published loop, encoded at every start, s": building,
        "index and models, enlace, opened, s": opening,
        "linking in int8 from nothing, times faster": cold.ratio,
        **{
            f"right among the first {k}, {name}, share": share
            for name, shares in right.items()
            for k, share in shares.items()
            if k in SHOWN
        },
        **{
            LEAST_LEAD.format(told): min(right[ours][k] - right[theirs][k] for k in CUTOFFS)
            for told, ours, theirs in (
                ("enlace", "enlace", "published loop"),
                ("enlace in int8", "enlace in int8", "published loop"),
                ("no cross-encoders", "enlace, no cross-encoder", "published loop, no cross-encoder"),
            )
        },
    }
    return found_here(figures, index=asdict(manifest))


def _candidates(linker: Linker, mentions: Sequence[str]) -> list[list[CURIE]]:
    return [[one.id for one in linking.candidates] for linking in linker.link(mentions, top_k=CANDIDATES)]


def _linking_s(linker: Linker, mentions: Sequence[str]) -> float:
    """Seconds for linking, no score remembered from the round before."""
    linker.forget()
    return timed(lambda: linker.link(mentions, top_k=CANDIDATES))


def _figures(name: str, pace: Pace, count: int, unit: str) -> dict[str, float]:
    return {
        f"{name}, published loop, {unit}/s": count / pace.published_s,
        f"{name}, enlace, {unit}/s": count / pace.enlace_s,
        f"{name}, times faster": pace.ratio,
    }


def _rowwise(vectors: Vectors, others: Vectors) -> Vectors:
    near: Vectors = np.einsum("ij,ij->i", vectors, others)
    return near


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures beside their aims."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of open data")
    parser.add_argument("--strings", type=int, default=5000, help="strings of the index to encode")
    parser.add_argument("--mentions", type=int, default=1000, help="distinct mentions to link")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bi-encoder", default=SHIPPED)
    parser.add_argument("--cross-encoder", default=SHIPPED)
    parser.add_argument("--json", type=Path, help="a folder to write the figures into")
    options = parser.parse_args(arguments)
    quieten_model_libraries()
    gold = distinct(distemist_hpo(options.data), options.mentions)
    with tempfile.TemporaryDirectory() as folder, progress() as tell:
        models = options.bi_encoder, options.cross_encoder
        in_full, in_int8 = (
            indexed(ReleaseHome(Path(folder) / precision), options.data, SETS[0], [], models, tell, precision)
            for precision in (FULL, INT8)
        )
        found = side_by_side(in_full, in_int8, options.strings, gold, options.rounds, tell)
    publish(found, AIMS, options.json, "against-published-loop")


if __name__ == "__main__":
    main()
