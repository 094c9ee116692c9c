"""`Linker`: mentions in, ranked concepts out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from linker.abbreviations import Abbreviations
from linker.candidates import Retrieved, Retriever
from linker.disambiguation import columns
from linker.encoder import BiEncoder, Encoder, model_settings
from linker.errors import LinkerError, MentionRejected
from linker.fusion import RetrievalWeights, sigmoid
from linker.index import TermIndex, open_checked
from linker.index_manifest import IndexManifest
from linker.model import Candidate, Decision, Linking, Reason, StageScores
from linker.model import Path as Way
from linker.pair_text import NO_CONTEXT, Context, Gloss
from linker.reranker import Reranker
from linker.shipped import bi_encoder_source, cross_encoder_source

MAXIMUM_MENTION_LENGTH = 1000
"""Characters. A longer string is a document, and linking it as one mention would be meaningless."""
RERANK_DEPTH = 10
"""Candidates that the cross-encoder reads. On dev mentions 25 put no more right ones first, and cost twice the time."""
MENTIONS_A_LOOK = 8
"""Mentions re-ranked between two looks at the clock, where there is a budget."""

_EXACT = {2: Way.EXACT, 1: Way.FOLDED}
EXACT_SCORE = {2: 1.0, 1: 0.999}


class Linker:
    """Links mentions to the concepts of one index. Safe for several threads."""

    def __init__(self, retriever: Retriever, reranker: Reranker | None) -> None:
        """Raises IndexMismatch if the cross-encoder reads what the index has not."""
        if reranker is not None:
            retriever.index.check_form(reranker.form)
        self._retriever = retriever
        self._reranker = reranker

    @property
    def index(self) -> TermIndex:
        """The index that answers come from."""
        return self._retriever.index

    @property
    def encoder(self) -> Encoder:
        """The bi-encoder."""
        return self._retriever.encoder

    @property
    def reranker(self) -> Reranker | None:
        """The cross-encoder, if there is one."""
        return self._reranker

    def without_reranker(self) -> Linker:
        """A linker over the same index and bi-encoder that answers in the order of retrieval."""
        return Linker(self._retriever, None)

    @classmethod
    def open(cls, index_folder: Path, *, rerank: bool = True) -> Linker:
        """Open an index with the models that its manifest names.

        Raises IndexNotFound, IndexDamaged, IndexMismatch (the model is no longer the one that the index was
        made with, or reads of concepts what the index has not) and ModelNotFound.
        """
        manifest = IndexManifest.read(index_folder)
        source = bi_encoder_source(manifest.bi_encoder)
        encoder = BiEncoder.open(
            source,
            max_length=manifest.encoder.max_length,
            pooling=manifest.encoder.pooling,
            precision=manifest.encoder.precision,
        )
        index = open_checked(index_folder, encoder)
        reranker = None
        if rerank and manifest.cross_encoder:
            reranker = Reranker.open(
                cross_encoder_source(manifest.cross_encoder), precision=manifest.encoder.precision
            )
        weights = RetrievalWeights.of(model_settings(source))
        return cls(Retriever(index, encoder, Abbreviations.open(), weights), reranker)

    def link(
        self,
        mentions: Sequence[str],
        *,
        top_k: int = 5,
        budget_ms: float | None = None,
        contexts: Sequence[Context] | None = None,
    ) -> list[Linking]:
        """Up to `top_k` distinct concepts for each mention, best first, in the order of `mentions`.

        `contexts` has the text around each mention, for a cross-encoder that was trained to read it. Once
        `budget_ms` are over no further mention is re-ranked: those left keep the order of retrieval, which
        always takes place, and their candidates say so (`Path.CUT`). Raises MentionRejected for an empty
        mention, one longer than MAXIMUM_MENTION_LENGTH, or one that is no Unicode text, and LinkerError for a
        `top_k` below 1, a budget below 0 or another number of contexts than of mentions.
        """
        until = None if budget_ms is None else time.perf_counter() + budget_ms / 1000
        if budget_ms is not None and not budget_ms >= 0:
            raise LinkerError(f"The budget is {budget_ms} ms; give 0 or more.")
        if top_k < 1:
            raise LinkerError(f"{top_k} candidates were asked for; ask for at least one.")
        if contexts is not None and len(contexts) != len(mentions):
            raise LinkerError(
                f"There are {len(mentions)} mentions and {len(contexts)} contexts; give each mention its own."
            )
        checked = [check_mention(mention, place) for place, mention in enumerate(mentions, 1)]
        texts = list(dict.fromkeys(checked))
        if not texts:
            return []
        found = dict(zip(texts, self._retriever.retrieve(texts, max(top_k, RERANK_DEPTH)), strict=True))
        asked = list(zip(checked, self._contexts_read(contexts, len(checked)), strict=True))
        distinct = list(dict.fromkeys(asked))
        retrieved = [found[text] for text, _ in distinct]
        logits = self._rerank(retrieved, [context for _, context in distinct], until)
        linked = {
            one: self._linking(candidates, logit, top_k)
            for one, candidates, logit in zip(distinct, retrieved, logits, strict=True)
        }
        return [Linking(mention, *linked[one]) for mention, one in zip(mentions, asked, strict=True)]

    def _contexts_read(self, contexts: Sequence[Context] | None, count: int) -> list[Context]:
        """As much of each context as the cross-encoder reads."""
        reach = self._reranker.form.context if self._reranker else 0
        if contexts is None or not reach:
            return [NO_CONTEXT] * count
        return [context.within(reach) for context in contexts]

    def _rerank(
        self, retrieved: Sequence[Retrieved], contexts: Sequence[Context], until: float | None
    ) -> list[npt.NDArray[np.float32] | None]:
        """The cross-encoder's logits of each mention's first candidates; empty where a match or the margin decides.

        From `until` on (of `time.perf_counter`) there are none for any further mention.
        """
        found: list[npt.NDArray[np.float32] | None] = [np.empty(0, dtype=np.float32) for _ in retrieved]
        if self._reranker is None:
            return found
        margin = self._reranker.skip_margin
        open_ones = [
            i
            for i, one in enumerate(retrieved)
            if len(one) and not decided_by_match(one) and not decided_by_margin(one, margin)
        ]
        step = len(open_ones) if until is None else MENTIONS_A_LOOK
        for start in range(0, len(open_ones), max(1, step)):
            some = open_ones[start : start + step]
            if until is not None and time.perf_counter() >= until:
                for i in open_ones[start:]:
                    found[i] = None
                break
            pairs = [self._pairs(retrieved[i], RERANK_DEPTH) for i in some]
            form = self._reranker.form
            logits = self._reranker.logits(
                [pair for own in pairs for pair in own],
                self._glosses([retrieved[i] for i in some], form.parents_shown) if form.glossed else (),
                [contexts[i] for i, own in zip(some, pairs, strict=True) for _ in own],
            )
            for i, own in zip(
                some, np.split(logits, np.cumsum([len(own) for own in pairs])[:-1]), strict=True
            ):
                found[i] = own
        return found

    def _pairs(self, one: Retrieved, depth: int) -> list[tuple[str, str]]:
        """Of the first `depth` candidates the reading and the term."""
        return list(zip(one.readings[:depth], self.index.texts_of(one.rows[:depth]), strict=True))

    def _glosses(self, retrieved: Sequence[Retrieved], parents: int) -> list[Gloss]:
        """Of the first candidates of each mention."""
        concepts = [concept for one in retrieved for concept in one.concepts[:RERANK_DEPTH]]
        return [self.index.gloss(concept, parents) for concept in concepts]

    def _linking(
        self, one: Retrieved, read: npt.NDArray[np.float32] | None, top_k: int
    ) -> tuple[tuple[Candidate, ...], Decision]:
        logits = np.empty(0, dtype=np.float32) if read is None else read
        scores = one.score.copy()
        reranked = len(logits)
        if reranked and self._reranker:
            known = columns(one, logits, self._pairs(one, reranked))
            scores[:reranked] = self._reranker.weights.score(known)
            # What the cross-encoder did not read stays behind what it read.
            scores[reranked:] *= scores[:reranked].min()
        for kind, score in EXACT_SCORE.items():
            scores[one.exact == kind] = score
        # Exact matches keep the order that retrieval gave them, ahead of everything else.
        order = np.lexsort(
            (np.arange(len(one)), np.where(one.exact > 0, 0, -scores), -one.exact.astype(np.int64))
        )
        # A sure retrieval may score above a folded match, which it stands behind: no score exceeds the one before.
        shown = np.minimum.accumulate(scores[order])
        candidates = self._candidates(one, order[:top_k], shown[:top_k], logits, cut=read is None)
        if not candidates:
            return (), Decision(None, Way.NONE, Reason.NOTHING_CLOSE, 0.0)
        first = candidates[0]
        return candidates, Decision(first.id, first.path, Reason.CHOSEN, first.score)

    def _candidates(
        self,
        one: Retrieved,
        places: npt.NDArray[np.int64],
        shown: npt.NDArray[np.float32],
        logits: npt.NDArray[np.float32],
        cut: bool,
    ) -> tuple[Candidate, ...]:
        """The candidates at `places` of what was retrieved, with their scores."""
        # The first ones would have been re-ranked.
        unread = [Way.CUT if cut and i < RERANK_DEPTH else Way.RETRIEVED for i in places.tolist()]
        read = _rounded(sigmoid(logits))
        rerank = [read[i] if i < len(read) else None for i in places.tolist()]
        concepts = one.concepts[places]
        return tuple(
            Candidate(id, preferred, term, one.readings[i], score, StageScores(dense, lexical, logit), way)
            for id, preferred, term, i, score, dense, lexical, logit, way in zip(
                self.index.concept_ids_of(concepts),
                self.index.preferred_terms_of(concepts),
                self.index.texts_of(one.rows[places]),
                places.tolist(),
                _rounded(shown),
                _rounded(one.dense[places]),
                _rounded(one.lexical[places]),
                rerank,
                [
                    _EXACT.get(exact, way if logit is None else Way.RERANKED)
                    for exact, logit, way in zip(one.exact[places].tolist(), rerank, unread, strict=True)
                ],
                strict=True,
            )
        )

    def close(self) -> None:
        """Let go of the index's files."""
        self.index.close()


def decided_by_match(one: Retrieved) -> bool:
    """Whether an exact or folded match decides, so that the cross-encoder has nothing to say about the first place."""
    return len(one) > 0 and bool(one.exact[0] > 0)


def decided_by_margin(one: Retrieved, margin: float | None) -> bool:
    """Whether retrieval is so sure of its first place that the cross-encoder, by its own `margin`, leaves it there."""
    if margin is None or not len(one):
        return False
    second = float(one.score[1]) if len(one) > 1 else 0.0
    return float(one.score[0]) - second >= margin


def _rounded(scores: npt.NDArray[np.float32]) -> list[float]:
    rounded: list[float] = np.round(scores.astype(np.float64), 6).tolist()
    return rounded


def check_mention(mention: str, place: int) -> str:
    """The mention without outer spaces. Raises MentionRejected naming its place, counted from 1."""
    text = mention.strip()
    if not text:
        raise MentionRejected(f"Mention {place} is empty; give the words as they stand in the text.")
    if len(text) > MAXIMUM_MENTION_LENGTH:
        raise MentionRejected(
            f"Mention {place} has {len(text):,} characters and at most {MAXIMUM_MENTION_LENGTH:,} are accepted; "
            "link the phrases of a document, not the document."
        )
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise MentionRejected(f"Mention {place} holds half a character (a lone surrogate); send it as UTF-8.")
    return text
