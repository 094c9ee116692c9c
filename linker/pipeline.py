"""`Linker`: mentions in, ranked concepts out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from linker.abbreviations import Abbreviations
from linker.candidates import Retrieved, Retriever
from linker.encoder import BiEncoder, Encoder, model_settings
from linker.errors import LinkerError, MentionRejected
from linker.fusion import RetrievalWeights, sigmoid
from linker.index import TermIndex, open_checked
from linker.index_manifest import IndexManifest
from linker.model import Candidate, Decision, Linking, Reason, StageScores
from linker.model import Path as Way
from linker.overlap import word_overlaps
from linker.reranker import Reranker
from linker.shipped import bi_encoder_source, cross_encoder_source

MAXIMUM_MENTION_LENGTH = 1000
"""Characters. A longer string is a document, and linking it as one mention would be meaningless."""
RERANK_DEPTH = 10
"""Candidates that the cross-encoder reads. On dev mentions 25 put no more right ones first, and cost twice the time."""

_EXACT = {2: Way.EXACT, 1: Way.FOLDED}
EXACT_SCORE = {2: 1.0, 1: 0.999}


class Linker:
    """Links mentions to the concepts of one index. Safe for several threads."""

    def __init__(self, retriever: Retriever, reranker: Reranker | None) -> None:
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
        made with) and ModelNotFound.
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

    def link(self, mentions: Sequence[str], *, top_k: int = 5) -> list[Linking]:
        """Up to `top_k` distinct concepts for each mention, best first, in the order of `mentions`.

        Raises MentionRejected for an empty mention, one longer than MAXIMUM_MENTION_LENGTH, or one that is no
        Unicode text, and LinkerError for a `top_k` below 1.
        """
        if top_k < 1:
            raise LinkerError(f"{top_k} candidates were asked for; ask for at least one.")
        texts = list(
            dict.fromkeys(check_mention(mention, place) for place, mention in enumerate(mentions, 1))
        )
        if not texts:
            return []
        retrieved = self._retriever.retrieve(texts, max(top_k, RERANK_DEPTH))
        logits = self._rerank(retrieved)
        linked = {
            text: self._linking(one, logit, top_k)
            for text, one, logit in zip(texts, retrieved, logits, strict=True)
        }
        return [Linking(mention, *linked[mention.strip()]) for mention in mentions]

    def _rerank(self, retrieved: Sequence[Retrieved]) -> list[npt.NDArray[np.float32]]:
        """The cross-encoder's logits of each mention's first candidates; none where an exact match decides."""
        if self._reranker is None:
            return [np.empty(0, dtype=np.float32) for _ in retrieved]
        depths = [0 if decided_by_match(one) else min(RERANK_DEPTH, len(one)) for one in retrieved]
        pairs = [
            pair for one, depth in zip(retrieved, depths, strict=True) for pair in self._pairs(one, depth)
        ]
        return np.split(self._reranker.logits(pairs), np.cumsum(depths)[:-1])

    def _pairs(self, one: Retrieved, depth: int) -> list[tuple[str, str]]:
        """Of the first `depth` candidates the reading and the term."""
        return list(zip(one.readings[:depth], self.index.texts_of(one.rows[:depth]), strict=True))

    def _linking(
        self, one: Retrieved, logits: npt.NDArray[np.float32], top_k: int
    ) -> tuple[tuple[Candidate, ...], Decision]:
        scores = one.score.copy()
        reranked = len(logits)
        if reranked and self._reranker:
            head = slice(0, reranked)
            overlaps = word_overlaps(self._pairs(one, reranked))
            scores[head] = self._reranker.weights.score(one.dense[head], one.lexical[head], logits, overlaps)
            # What the cross-encoder did not read stays behind what it read.
            scores[reranked:] *= scores[head].min()
        for kind, score in EXACT_SCORE.items():
            scores[one.exact == kind] = score
        # Exact matches keep the order that retrieval gave them, ahead of everything else.
        order = np.lexsort(
            (np.arange(len(one)), np.where(one.exact > 0, 0, -scores), -one.exact.astype(np.int64))
        )
        # A sure retrieval may score above a folded match, which it stands behind: no score exceeds the one before.
        shown = np.minimum.accumulate(scores[order])
        candidates = self._candidates(one, order[:top_k], shown[:top_k], logits)
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
    ) -> tuple[Candidate, ...]:
        """The candidates at `places` of what was retrieved, with their scores."""
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
                    _EXACT.get(exact, Way.RETRIEVED if logit is None else Way.RERANKED)
                    for exact, logit in zip(one.exact[places].tolist(), rerank, strict=True)
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
