"""The loop that published Spanish clinical linkers share, with our weights and strings, as a baseline.

Every (string, code) pair of the index is encoded in one pass, in batches of random order, each padded to its
longest string; a vector is the mean over all positions of its batch's width, padding included, so it depends on
what it happened to be batched with. A flat index is searched for three rows a candidate asked for, and rows of a code
that came before are dropped, so fewer than `top_k` codes may be left. Nothing is looked up by its letters. With a
cross-encoder all candidates of a mention are read, mention by mention, and put in the order of its score alone, exact
matches among them.

The text is normalised and cut as the weights were trained, and the scores are cosines: neither is held against it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graph.model import CURIE
from linker.encoder import BiEncoder, Vectors
from linker.evaluation.answers import Answers
from linker.faiss_library import faiss
from linker.index import TermIndex
from linker.normalization import normaliser
from linker.reranker import Reranker

BATCH = 32
ROWS_A_CANDIDATE = 3
"""Rows that are searched for each candidate asked for (the first systems searched one)."""

Progress = Callable[[int], None]


class PublishedLoop:
    """One pass over (string, code) pairs, kept in memory; then `answer` and `reranked`."""

    def __init__(
        self,
        pairs: Sequence[tuple[str, CURIE]],
        encoder: BiEncoder,
        *,
        seed: int = 0,
        progress: Progress = lambda done: None,
    ) -> None:
        self._encoder = encoder
        self._normalise = normaliser(encoder.identity.normalisation)
        order = np.random.default_rng(seed).permutation(len(pairs))
        self._pairs = [pairs[i] for i in order]
        self._flat: Any = faiss.IndexFlatIP(encoder.identity.dimensions)
        self._flat.add(self.encode([text for text, _ in self._pairs], progress))

    def encode(self, texts: Sequence[str], progress: Progress = lambda done: None) -> Vectors:
        """Unit vectors in the order and the batches of `texts`, shape (len(texts), dimensions)."""
        import torch

        body: Any = self._encoder.model[0]
        tokenizer = self._encoder.model.tokenizer
        vectors = np.empty((len(texts), self._encoder.identity.dimensions), dtype=np.float32)
        for start in range(0, len(texts), BATCH):
            batch = [self._normalise(text) for text in texts[start : start + BATCH]]
            read = tokenizer(
                batch,
                padding=True,
                truncation=True,
                max_length=self._encoder.identity.max_length,
                return_tensors="pt",
            )
            with torch.inference_mode():
                states = body.auto_model(**read.to(body.auto_model.device)).last_hidden_state
                # The mean without the mask: the fault that is published.
                pooled = torch.nn.functional.normalize(states.mean(dim=1), dim=1)
            vectors[start : start + len(batch)] = pooled.cpu().numpy()
            progress(start + len(batch))
        return vectors

    def answer(self, mentions: Sequence[str], top_k: int) -> Answers:
        """The distinct codes of the nearest rows, at most `top_k`; the score is a cosine."""
        found, cosines = self._nearest(mentions, top_k)
        return Answers([list(codes) for codes in found], [float(best) for best in cosines[:, 0]])

    def reranked(
        self,
        mentions: Sequence[str],
        top_k: int,
        reranker: Reranker,
        progress: Progress = lambda done: None,
    ) -> Answers:
        """What `answer` finds, in the order of the cross-encoder's logit, which is the score.

        `progress` gets the number of mentions done.
        """
        found, _ = self._nearest(mentions, top_k)
        candidates, best = [], []
        for mention, codes in zip(mentions, found, strict=True):
            logits = self._logits(reranker, [(mention, term) for term in codes.values()])
            order = np.argsort(-logits, kind="stable")
            ids = list(codes)
            candidates.append([ids[i] for i in order])
            best.append(float(logits[order[0]]))
            progress(len(candidates))
        return Answers(candidates, best)

    def _logits(self, reranker: Reranker, pairs: Sequence[tuple[str, str]]) -> Vectors:
        """As the published systems have them, from sentence-transformers, pair by pair."""
        import torch

        read = [(reranker.normalise(mention), reranker.normalise(term)) for mention, term in pairs]
        logits: Vectors = reranker.model.predict(
            read,
            batch_size=BATCH,
            activation_fn=torch.nn.Identity(),
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return logits

    def _nearest(self, mentions: Sequence[str], top_k: int) -> tuple[list[dict[CURIE, str]], Vectors]:
        """Of each mention the codes of the nearest rows with the string that found each, and all cosines."""
        breadth = min(ROWS_A_CANDIDATE * top_k, len(self._pairs))
        cosines, rows = self._flat.search(self.encode(mentions), breadth)
        found = []
        for near in rows:
            codes: dict[CURIE, str] = {}
            for row in near:
                text, code = self._pairs[row]
                if len(codes) == top_k:
                    break
                codes.setdefault(code, text)
            found.append(codes)
        return found, cosines


def index_pairs(index: TermIndex) -> list[tuple[str, CURIE]]:
    """An index's strings, each with each of its concepts."""
    ids = index.concept_ids()
    return [(text, ids[c]) for row, text in enumerate(index.texts()) for c in index.senses.of(row)]
