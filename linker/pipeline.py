"""`Linker`: mentions in, ranked concepts out."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from graph.model import CURIE
from linker.answer_cache import Answer, AnswerCache, Settings
from linker.axis_ranking import DEPTH as AXIS_DEPTH
from linker.axis_ranking import AxisRanker
from linker.candidates import Retriever
from linker.choosing import Chooser, Ranked
from linker.coherence import CANDIDATES as COHERENT
from linker.coherence import weighed_together
from linker.decisions import DEPTH, Decisions, DecisionWeights, Standing
from linker.disambiguation import columns
from linker.encoder import BiEncoder, Encoder, model_settings
from linker.errors import LinkerError
from linker.fusion import AxisWeights, scores_behind, sigmoid
from linker.index import TermIndex, open_checked
from linker.index_manifest import IndexManifest
from linker.matched_term import origins
from linker.mention_texts import check_mention
from linker.model import Candidate, DocumentContext, Linking, StageScores
from linker.pair_text import Context, Gloss
from linker.questions import Question, questions
from linker.reranker import Reranker
from linker.retrieved import Retrieved, decided_by_margin, decided_by_match
from linker.runtimes import ONNX, exports_folder
from linker.scope import Scope
from linker.shipped import bi_encoder_source, cross_encoder_source

RERANK_DEPTH = 10
"""Candidates that the cross-encoder reads. On dev mentions 25 put no more right ones first, and cost twice the time."""
MENTIONS_A_LOOK = 8
"""Mentions re-ranked between two looks at the clock, where there is a budget."""

EXACT_SCORE = {2: 1.0, 1: 0.999}


class Linker:
    """Links mentions to the concepts of one index. Safe for several threads."""

    def __init__(
        self,
        retriever: Retriever,
        reranker: Reranker | None,
        decisions: Decisions | None = None,
        answers: AnswerCache | None = None,
        axes: AxisRanker | None = None,
    ) -> None:
        """With `answers` what was answered is not computed again; models and weights must then stay what they are.

        Raises IndexMismatch if the cross-encoder reads what the index has not.
        """
        if reranker is not None:
            retriever.index.check_form(reranker.form)
        self._retriever = retriever
        self._reranker = reranker
        self._decisions = decisions or Decisions()
        self._chooser = Chooser(retriever.index, self._decisions, reranker is not None)
        self._answers = answers
        self._axes = axes or AxisRanker(retriever.index)

    @property
    def index(self) -> TermIndex:
        """The index that answers come from."""
        return self._retriever.index

    @property
    def encoder(self) -> Encoder:
        """The bi-encoder."""
        return self._retriever.encoder

    @property
    def retriever(self) -> Retriever:
        """What finds candidates."""
        return self._retriever

    @property
    def reranker(self) -> Reranker | None:
        """The cross-encoder, if there is one."""
        return self._reranker

    @property
    def decisions(self) -> Decisions:
        """What choices are made with."""
        return self._decisions

    def forget(self) -> None:
        """Let go of all answers and scores that are remembered."""
        if self._answers is not None:
            self._answers.clear()
        if self._reranker is not None:
            self._reranker.cache.clear()

    def without_reranker(self) -> Linker:
        """A linker over the same index and bi-encoder that answers in the order of retrieval."""
        return Linker(self._retriever, None, self._decisions, axes=self._axes)

    @classmethod
    def open(cls, index_folder: Path, *, rerank: bool = True) -> Linker:
        """Open an index with the models that its manifest names.

        Raises IndexNotFound, IndexDamaged, IndexMismatch (the model is no longer the one that the index was
        made with, or reads of concepts what the index has not), ModelNotFound, and LinkerError where ONNX Runtime is
        to compute the models and cannot.
        """
        manifest = IndexManifest.read(index_folder)
        source = bi_encoder_source(manifest.bi_encoder)
        onnx = exports_folder(index_folder) if manifest.runtime == ONNX else None
        encoder = BiEncoder.open(
            source,
            max_length=manifest.encoder.max_length,
            pooling=manifest.encoder.pooling,
            precision=manifest.encoder.precision,
            onnx=onnx,
        )
        index = open_checked(index_folder, encoder)
        reranker = None
        decisions = Decisions(DecisionWeights.of(model_settings(source)))
        axes = AxisRanker(index, AxisWeights.of(model_settings(source)))
        if rerank and manifest.cross_encoder:
            second = cross_encoder_source(manifest.cross_encoder)
            reranker = Reranker.open(second, precision=manifest.encoder.precision, onnx=onnx)
            settings = model_settings(second)
            decisions = Decisions(decisions.retrieved, DecisionWeights.of(settings))
            axes = AxisRanker(index, axes.retrieved, AxisWeights.of(settings))
        retriever = Retriever.of_model(index_folder, index, encoder, source)
        return cls(retriever, reranker, decisions, AnswerCache(), axes)

    def link(
        self,
        mentions: Sequence[str],
        *,
        top_k: int = 5,
        documents: Sequence[DocumentContext] | None = None,
        contexts: Sequence[Context] | None = None,
        scope: Scope | None = None,
        min_probability: float | None = None,
        budget_ms: float | None = None,
        together: bool = True,
    ) -> list[Linking]:
        """Up to `top_k` distinct concepts for each mention, best first, in the order of `mentions`.

        `documents` says where each mention comes from; those of one have a say on each other (`linker.coherence`), but
        where `together` is false and `weighed_together` comes later. `contexts` has the text around each, for a
        cross-encoder that was trained to read it. Only concepts within `scope` are candidates. None is chosen whose
        probability is below `min_probability`, by default what the models were fitted to.

        Once `budget_ms` are over no further mention is re-ranked: those left keep the order of retrieval, which
        always takes place, and their candidates say so (`Path.CUT`). Raises MentionRejected for an empty
        mention, one longer than MAXIMUM_MENTION_LENGTH, or one that is no Unicode text, and LinkerError for a
        `top_k` below 1, a budget below 0 or another number of documents or contexts than of mentions.
        """
        until = None if budget_ms is None else time.perf_counter() + budget_ms / 1000
        if budget_ms is not None and not budget_ms >= 0:
            raise LinkerError(f"The budget is {budget_ms} ms; give 0 or more.")
        if top_k < 1:
            raise LinkerError(f"{top_k} candidates were asked for; ask for at least one.")
        asked = self._asked(mentions, documents, contexts)
        distinct = list(dict.fromkeys(asked))
        weighed_in = documents if together else None
        found = top_k if weighed_in is None else max(top_k, COHERENT)
        settings = Settings(found, min_probability, scope.digest() if scope else b"")
        # With a budget an answer depends on the time that was left.
        remembered = self._answers if until is None else None
        known = remembered.get(distinct, settings) if remembered is not None else [None] * len(distinct)
        linked = {one: answer for one, answer in zip(distinct, known, strict=True) if answer is not None}
        new = [question for question in distinct if question not in linked]
        for question, answer in zip(
            new, self._answered(new, found, scope, min_probability, until), strict=True
        ):
            linked[question] = answer
            if remembered is not None:
                remembered.put(question, settings, answer)
        answers = [
            Linking(mention, *linked[question]) for mention, question in zip(mentions, asked, strict=True)
        ]
        if weighed_in is None:
            return answers
        return weighed_together(
            answers, weighed_in, self._decisions, top_k=top_k, min_probability=min_probability
        )

    def _answered(
        self,
        asked: Sequence[Question],
        top_k: int,
        scope: Scope | None,
        min_probability: float | None,
        until: float | None,
    ) -> list[Answer]:
        """The candidates of each question and the decision on it, computed."""
        if not asked:
            return []
        ranked = self._ranked(asked, max(top_k, RERANK_DEPTH), scope, until)
        unscoped = self._ranked(asked, DEPTH, None, until) if scope else [None] * len(asked)
        found = []
        for one, wider in zip(ranked, unscoped, strict=True):
            candidates = self._candidates(one, top_k)
            found.append((candidates, self._chooser.decision(candidates, one, min_probability, wider, scope)))
        return found

    def _asked(
        self,
        mentions: Sequence[str],
        documents: Sequence[DocumentContext] | None,
        contexts: Sequence[Context] | None,
    ) -> list[Question]:
        """The mentions, checked, with what their documents say of them."""
        for given, name in ((documents, "documents"), (contexts, "contexts")):
            if given is not None and len(given) != len(mentions):
                raise LinkerError(
                    f"There are {len(mentions)} mentions and {len(given)} {name}; give each mention its own."
                )
        texts = [check_mention(mention, place) for place, mention in enumerate(mentions, 1)]
        reach = self._reranker.form.context if self._reranker else 0
        return questions(texts, documents, contexts, self._retriever.abbreviations, reach)

    def standings(
        self,
        mentions: Sequence[str],
        *,
        contexts: Sequence[Context] | None = None,
        without: Sequence[Collection[CURIE]] | None = None,
    ) -> list[Standing]:
        """What the decision on each mention is made from, in the order of `mentions`: what weights are fitted on.

        `without` are concepts that are taken from the candidates of each mention.
        """
        asked = self._asked(mentions, None, contexts)
        if without is None:
            return [self._chooser.standing(one) for one in self._ranked(asked, DEPTH, None)]
        ordinals = {id: ordinal for ordinal, id in enumerate(self.index.concept_ids())}
        taken = [[ordinals[id] for id in ids if id in ordinals] for ids in without]
        texts = [one.mention for one in asked]
        retrieved = self._retriever.retrieve(texts, DEPTH + max(map(len, taken), default=0))
        left = [one.without(gone) for one, gone in zip(retrieved, taken, strict=True)]
        # Where codes have no axes no mask is looked at.
        every = np.arange(self.index.concept_count if self.index.axes else 0)
        within = (~np.isin(every, gone) for gone in taken)
        weighed = map(self._axes.weighed, self._ordered(asked, left), within)
        return [self._chooser.standing(one) for one in weighed]

    def ranked(
        self,
        mentions: Sequence[str],
        *,
        documents: Sequence[DocumentContext] | None = None,
        contexts: Sequence[Context] | None = None,
    ) -> list[Ranked]:
        """The candidates of each mention before codes' axes are weighed: what their weights are fitted on."""
        asked = self._asked(mentions, documents, contexts)
        retrieved = self._retriever.retrieve_readings([one.readings for one in asked], AXIS_DEPTH)
        return self._ordered(asked, retrieved)

    def _ranked(
        self,
        asked: Sequence[Question],
        depth: int,
        scope: Scope | None,
        until: float | None = None,
    ) -> list[Ranked]:
        """The candidates of each mention, in their order; from `until` on none is re-ranked."""
        depth = max(depth, AXIS_DEPTH) if self.index.axes else depth
        retrieved = self._retriever.retrieve_readings([one.readings for one in asked], depth, scope)
        within = scope.concepts if scope else None
        return [self._axes.weighed(one, within) for one in self._ordered(asked, retrieved, until)]

    def _ordered(
        self, asked: Sequence[Question], retrieved: Sequence[Retrieved], until: float | None = None
    ) -> list[Ranked]:
        ranked = []
        logits_read = self._rerank(retrieved, [one.context for one in asked], until)
        for question, one, read in zip(asked, retrieved, logits_read, strict=True):
            logits = np.empty(0, dtype=np.float32) if read is None else read
            ranked.append(Ranked(question.mention, one, logits, read is None, *self._ranking(one, logits)))
        return ranked

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

    def _ranking(
        self, one: Retrieved, logits: npt.NDArray[np.float32]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """The places of the candidates, best first, and the scores of these, which do not rise."""
        scores = one.score.copy()
        reranked = len(logits)
        if reranked and self._reranker:
            known = columns(one, logits)
            scores[:reranked] = self._reranker.weights.score(known)
            # What the cross-encoder did not read stays behind what it read.
            scores[reranked:] = scores_behind(scores[reranked:], float(scores[:reranked].min()))
        for kind, score in EXACT_SCORE.items():
            scores[one.exact == kind] = score
        # Exact matches keep the order that retrieval gave them, ahead of everything else.
        order = np.lexsort(
            (np.arange(len(one)), np.where(one.exact > 0, 0, -scores), -one.exact.astype(np.int64))
        )
        # A sure retrieval may score above a folded match, which it stands behind: no score exceeds the one before.
        return order, np.minimum.accumulate(scores[order])

    def _candidates(self, ranked: Ranked, top_k: int) -> tuple[Candidate, ...]:
        """The first candidates, with their scores."""
        one, places = ranked.retrieved, ranked.order[:top_k]
        read = _rounded(sigmoid(ranked.logits))
        rerank = [read[i] if i < len(read) else None for i in places.tolist()]
        concepts = one.concepts[places]
        terms = self.index.as_given(one.rows[places], concepts)
        return tuple(
            Candidate(
                id,
                preferred,
                term,
                one.readings[i],
                score,
                StageScores(dense, lexical, logit),
                ranked.way(i, RERANK_DEPTH),
                (*ranked.evidence(i), *origin),
            )
            for id, preferred, term, origin, i, score, dense, lexical, logit in zip(
                self.index.concept_ids_of(concepts),
                self.index.preferred_terms_of(concepts),
                self.index.texts_of(terms),
                origins(self.index, terms, concepts),
                places.tolist(),
                _rounded(ranked.scores[:top_k]),
                _rounded(one.dense[places]),
                _rounded(one.lexical[places]),
                rerank,
                strict=True,
            )
        )

    def close(self) -> None:
        """Let go of the index's files."""
        self.index.close()


def _rounded(scores: npt.NDArray[np.float32]) -> list[float]:
    rounded: list[float] = np.round(scores.astype(np.float64), 6).tolist()
    return rounded
