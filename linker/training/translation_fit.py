"""Learning which words translate into one another: IBM Model 1 over pairs of strings that name one concept.

Each ordered pair of strings of a group is a sentence and its translation (Brown et al. 1993, section 4.1); every
word of the one comes from a word of the other or from none, and expectation and maximisation find out which.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from linker.content_words import word_stems
from linker.errors import TrainingError
from linker.training.corpus import TrainingCorpus
from linker.translation import TranslationTable


@dataclass(frozen=True, slots=True)
class TranslationRecipe:
    """How to learn. Each string meets at most `others` of its group, drawn by `seed`.

    After `rounds` of expectation and maximisation, probabilities below `least` are left out.
    """

    rounds: int = 8
    others: int = 8
    least: float = 0.005
    seed: int = 0


@dataclass(frozen=True, slots=True)
class LearnedTranslation:
    """The table, from how many pairs, and after each round the mean log-likelihood of a word."""

    table: TranslationTable
    pairs: int
    likelihoods: tuple[float, ...]


def learn_translation(
    corpus: TrainingCorpus,
    recipe: TranslationRecipe | None = None,
    tell: Callable[[int], None] = lambda done: None,
) -> LearnedTranslation:
    """The table of a corpus; `tell` is told of each round. Raises TrainingError where nothing has two names."""
    recipe = recipe or TranslationRecipe()
    pairs = _pairs(corpus, recipe)
    if not pairs:
        raise TrainingError(
            "No concept has two names, so there are no words to learn from; give synonyms or mentions."
        )
    known = {text: word_stems(text) for text in corpus.groups_of}
    counts = Counter(word for own in known.values() for word in own)
    vocabulary = tuple(counts)
    # 0 is the word that stands for none.
    number = {word: place for place, word in enumerate(vocabulary, 1)}
    coded = {text: [number[word] for word in own] for text, own in known.items()}
    slots, targets, sources = _alignments([(coded[left], coded[right]) for left, right in pairs])
    size = len(vocabulary) + 1
    cells, cell = np.unique(sources * size + targets, return_inverse=True)
    of, into = cells // size, cells % size
    probability = 1.0 / np.bincount(of, minlength=size)[of]
    likelihoods = []
    for done in range(1, recipe.rounds + 1):
        each = probability[cell]
        total = np.bincount(slots, each)
        likelihoods.append(float(np.log(total).mean()))
        expected = np.bincount(cell, each / total[slots], len(cells))
        probability = expected / np.bincount(of, expected, size)[of]
        tell(done)
    kept = (probability >= recipe.least) & (of > 0)
    table = sparse.csr_matrix(
        (probability[kept].astype(np.float32), (of[kept] - 1, into[kept] - 1)), shape=(size - 1, size - 1)
    )
    learned = TranslationTable(vocabulary, np.array([counts[w] for w in vocabulary], dtype=np.float32), table)
    return LearnedTranslation(learned, len(pairs), tuple(likelihoods))


def _pairs(corpus: TrainingCorpus, recipe: TranslationRecipe) -> list[tuple[str, str]]:
    """Ordered pairs of strings of one group, each once."""
    drawn = random.Random(recipe.seed)
    pairs: dict[tuple[str, str], None] = {}
    for strings in corpus.groups.values():
        for text in strings:
            others = [other for other in strings if other != text]
            if len(others) > recipe.others:
                others = drawn.sample(others, recipe.others)
            pairs.update(dict.fromkeys((text, other) for other in others))
    return list(pairs)


def _alignments(
    pairs: list[tuple[list[int], list[int]]],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Every way a word may come from another: the number of the word's place, the word, and what it comes from."""
    slots: list[int] = []
    targets: list[int] = []
    sources: list[int] = []
    slot = 0
    for left, right in pairs:
        whence = [0, *left]
        for word in right:
            slots += [slot] * len(whence)
            targets += [word] * len(whence)
            sources += whence
            slot += 1
    return tuple(np.array(each, dtype=np.int64) for each in (slots, targets, sources))  # type: ignore[return-value]
