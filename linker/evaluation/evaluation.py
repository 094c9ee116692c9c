"""The evaluation of an index on annotated mentions (gold spans given), with baselines in the same run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from graph.hierarchy import Hierarchy
from linker.document_texts import Contexts
from linker.encoder import BiEncoder
from linker.errors import LinkerError, MentionFileError
from linker.evaluation.answers import Answers, Outcomes, decided_of
from linker.evaluation.baselines import exact_or_folded, tfidf
from linker.evaluation.calibration import Calibration, calibration
from linker.evaluation.comparison import Difference, difference
from linker.evaluation.lineage import lineage_ranks
from linker.evaluation.metrics import Accuracies, DocumentBootstrap, accuracies, gold_rank, hits
from linker.evaluation.published_loop import PublishedLoop, index_pairs
from linker.evaluation.risk_coverage import RiskCoverage, risk_coverage
from linker.evaluation.subsets import subsets
from linker.mention_texts import check_mention
from linker.mentions import GoldMention
from linker.model import DocumentContext
from linker.pair_text import NO_CONTEXT, Context
from linker.pipeline import Linker
from linker.scope import Scope

BATCH = 256
OURS = "enlace"
PUBLISHED, PUBLISHED_RERANKED = "published loop", "published loop, cross-encoder"

Progress = Callable[[str, int, int], None]
"""Told (stage, done, total) as systems answer."""
_Asked: TypeAlias = tuple[str, DocumentContext, Context]


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """What one system scored on one set of mentions.

    `calibration` is None for a system that decides nothing. `behind` is how far it scores from the first system, which
    is what the run is about: that of the first less its own, paired; None for the first itself.
    """

    system: str
    accuracies: Accuracies
    risk_coverage: RiskCoverage
    calibration: Calibration | None
    behind: Difference | None


@dataclass(frozen=True, slots=True)
class SubsetScores:
    """The scoreboards on one set of mentions (see `linker.evaluation.subsets`)."""

    subset: str
    same_as: str
    """The first set that has exactly these mentions; empty where it is this one."""
    mentions: int
    documents: int
    systems: tuple[Scoreboard, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `enlace evaluate` reports: counts, scores a set of mentions and a system, and each mention's outcome."""

    release: str
    software: str
    created: str
    index: dict[str, Any]
    """The index's manifest."""
    mentions: int
    documents: int
    gold_sha256: str
    """Of the spans, codes and documents in their order: runs with the same are on the same mentions."""
    training_mentions: int | None
    """Training mentions that mentions and codes were compared with; None where there were none."""
    training_documents_shared: int
    """Documents that are both in the gold and in the training mentions; there should be none."""
    top: int
    gold_not_in_index: int
    """Mentions none of whose codes the index holds; they count as missed."""
    scope: int | None
    """Concepts that the caller's scope leaves; None where there is none."""
    is_a: int
    """Is-a relations that lineage was followed along; 0 where there is no hierarchy."""
    subsets: tuple[SubsetScores, ...]
    document_of: npt.NDArray[np.int64]
    """The document of each mention, numbered by first appearance."""
    membership: Mapping[str, npt.NDArray[np.bool_]]
    """Of each set of mentions, which are in it."""
    outcomes: Mapping[str, Outcomes]
    """What each system did with each mention."""

    def as_json(self, systems: Collection[str] | None = None) -> dict[str, Any]:
        """Plain data: the figures, and in `rows` the outcome of each mention, for comparing runs.

        `systems` are those whose outcomes are wanted; None wants all.
        """
        figures = {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if name not in ("subsets", "document_of", "membership", "outcomes")
        }
        sets = np.zeros(self.mentions, dtype=np.int64)
        for bit, rows in enumerate(self.membership.values()):
            sets |= rows.astype(np.int64) << bit
        return {
            **figures,
            "subsets": [asdict(one) for one in self.subsets],
            "rows": {
                "document": self.document_of.tolist(),
                "subset_bits": sets.tolist(),
                "systems": {
                    name: outcomes.as_json()
                    for name, outcomes in self.outcomes.items()
                    if systems is None or name in systems
                },
            },
        }


def evaluate(
    linker: Linker,
    gold: Sequence[GoldMention],
    *,
    top: int = 200,
    training: Sequence[GoldMention] | None = None,
    hierarchy: Hierarchy | None = None,
    variants: Mapping[str, Linker] | None = None,
    published_loop: bool = False,
    texts: Contexts | None = None,
    scope: Scope | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> Evaluation:
    """Link every gold mention and score the answers; composites and mentions without a code count as missed.

    `training` are the mentions that unseen ones and unseen codes are told by; `hierarchy` is what lineage is followed
    along (None, or one without is-a: no lineage is scored). `variants` are further linkers by name over the same
    index. `texts` are the documents, for linkers to read, and count the mentions that have no place there, where a
    cross-encoder reads the text around them. Linkers answer with concepts within `scope` alone; baselines know none.
    With `published_loop` the index's strings are encoded once more, as published systems do. Raises MentionFileError if
    there is no mention, LinkerError if the published loop has no bi-encoder to run with.
    """
    if not gold:
        raise MentionFileError("There is no mention to evaluate on; the file holds a header only.")
    spans = [check_mention(mention.span, row) for row, mention in enumerate(gold, 1)]
    # A mention without a document is its own document, so that the bootstrap still has units to draw.
    documents = [mention.document or f"row {row}" for row, mention in enumerate(gold, 1)]
    lineage = hierarchy if hierarchy is not None and hierarchy.is_a_count else None
    linkers = {OURS: linker, **(variants or {})}
    reach = max(one.reranker.form.context if one.reranker else 0 for one in linkers.values())
    asked = [
        (span, *(_standing(mention, texts, reach) if texts else (DocumentContext(), NO_CONTEXT)))
        for span, mention in zip(spans, gold, strict=True)
    ]
    distinct = list(dict.fromkeys(asked))
    place = {one: i for i, one in enumerate(distinct)}
    outcomes = {
        system: _outcomes(answers, [place[one] for one in asked], gold, lineage)
        for system, answers in _answers(linkers, distinct, top, scope, published_loop, progress).items()
    }
    membership = subsets(gold, linker.index, training)
    numbers: dict[str, int] = {}
    document_of = np.array([numbers.setdefault(document, len(numbers)) for document in documents])
    trained_on = {mention.document for mention in training or ()}
    known = set(linker.index.concept_ids())
    return Evaluation(
        release=linker.index.manifest.release,
        software=version("enlace"),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        index=asdict(linker.index.manifest),
        mentions=len(gold),
        documents=len(numbers),
        gold_sha256=gold_sha256(gold),
        training_mentions=None if training is None else len(training),
        training_documents_shared=len({m.document for m in gold if m.document} & trained_on),
        top=top,
        gold_not_in_index=sum(known.isdisjoint(mention.codes) for mention in gold),
        scope=scope.count if scope else None,
        is_a=lineage.is_a_count if lineage else 0,
        subsets=_scored(membership, outcomes, document_of, top),
        document_of=document_of,
        membership=membership,
        outcomes=outcomes,
    )


def _standing(mention: GoldMention, texts: Contexts, reach: int) -> tuple[DocumentContext, Context]:
    """The document of a mention, and so many characters of it on each side."""
    document = DocumentContext(mention.document, texts.texts.get(mention.document, ""))
    return document, (texts.of(mention, reach) if reach else None) or NO_CONTEXT


def gold_sha256(gold: Sequence[GoldMention]) -> str:
    """SHA-256 over documents, spans and codes in their order, in hex."""
    rows = [[mention.document, mention.span, *mention.codes] for mention in gold]
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def _answers(
    linkers: Mapping[str, Linker],
    asked: Sequence[_Asked],
    top: int,
    scope: Scope | None,
    published: bool,
    progress: Progress,
) -> dict[str, Answers]:
    """What every system answers to spans of documents, ours first; only ours read the documents."""

    def tell(stage: str, total: int) -> Callable[[int], None]:
        return lambda done: progress(stage, done, total)

    answers = {name: _linked(one, asked, top, scope, tell(name, len(asked))) for name, one in linkers.items()}
    spans = [span for span, _, _ in asked]
    first = linkers[OURS]
    answers["exact or folded"] = exact_or_folded(first.index, spans)
    answers["TF-IDF"] = tfidf(first.index, spans, top, tell("TF-IDF", len(spans)))
    if published:
        if not isinstance(first.encoder, BiEncoder):
            raise LinkerError(
                "The published loop runs on a bi-encoder's own weights, and this linker has none."
            )
        strings = index_pairs(first.index)
        loop = PublishedLoop(strings, first.encoder, progress=tell(f"{PUBLISHED}, encoding", len(strings)))
        answers[PUBLISHED] = loop.answer(spans, top)
        if first.reranker is not None:
            answers[PUBLISHED_RERANKED] = loop.reranked(
                spans, top, first.reranker, tell(PUBLISHED_RERANKED, len(spans))
            )
    return answers


def _linked(
    linker: Linker,
    asked: Sequence[_Asked],
    top: int,
    scope: Scope | None,
    progress: Callable[[int], None],
) -> Answers:
    candidates, scores, decisions = [], [], []
    for batch in _batches(asked):
        spans, documents, contexts = zip(*batch, strict=True)
        for one in linker.link(spans, top_k=top, documents=documents, contexts=contexts, scope=scope):
            candidates.append([c.id for c in one.candidates])
            scores.append(one.candidates[0].score if one.candidates else -np.inf)
            decisions.append(one.decision)
        progress(len(candidates))
    return Answers(candidates, scores, decisions)


def _batches(asked: Sequence[_Asked]) -> Iterator[list[_Asked]]:
    """About BATCH at a time, a document's mentions that follow each other together: they have a say on each other."""
    batch: list[_Asked] = []
    for document, own in groupby(asked, key=lambda one: one[1]):
        alone = document == DocumentContext()
        for one in own:
            if len(batch) >= BATCH and (alone or batch[-1][1] != document):
                yield batch
                batch = []
            batch.append(one)
    if batch:
        yield batch


def _outcomes(
    answers: Answers, places: Sequence[int], gold: Sequence[GoldMention], hierarchy: Hierarchy | None
) -> Outcomes:
    """How the answers at `places`, one a gold mention, turned out."""
    found = [answers.candidates[place] for place in places]
    rank = np.array([gold_rank(ids, mention.codes) for ids, mention in zip(found, gold, strict=True)])
    step = path = None
    if hierarchy is not None:
        pairs = [lineage_ranks(hierarchy, ids, m.codes) for ids, m in zip(found, gold, strict=True)]
        step, path = np.array(pairs, dtype=np.int64).T
    score = np.array([answers.scores[place] for place in places], dtype=np.float64)
    decided = None
    if answers.decisions is not None:
        own = [answers.decisions[place] for place in places]
        decided = decided_of([one.probability for one in own], [one.reason for one in own])
    return Outcomes(rank, step, path, np.round(score, 6), decided)


def _scored(
    membership: Mapping[str, npt.NDArray[np.bool_]],
    outcomes: Mapping[str, Outcomes],
    document_of: npt.NDArray[np.int64],
    top: int,
) -> tuple[SubsetScores, ...]:
    scored: dict[bytes, SubsetScores] = {}
    found = []
    for name, rows in membership.items():
        key = rows.tobytes()
        if key in scored:
            found.append(replace(scored[key], subset=name, same_as=scored[key].subset))
        else:
            scored[key] = _subset_scores(name, rows, outcomes, document_of, top)
            found.append(scored[key])
    return tuple(found)


def _subset_scores(
    name: str,
    rows: npt.NDArray[np.bool_],
    outcomes: Mapping[str, Outcomes],
    document_of: npt.NDArray[np.int64],
    top: int,
) -> SubsetScores:
    bootstrap = DocumentBootstrap(document_of[rows])
    ours = outcomes[OURS].of(rows)
    boards = []
    for system, all_outcomes in outcomes.items():
        own = all_outcomes.of(rows)
        boards.append(
            Scoreboard(
                system,
                accuracies(own, top, bootstrap),
                risk_coverage(own, bootstrap),
                calibration(own.decided, hits(own.rank, 1), bootstrap) if own.decided else None,
                None if system == OURS else difference(ours, own, top, bootstrap),
            )
        )
    return SubsetScores(name, "", int(rows.sum()), bootstrap.documents, tuple(boards))
