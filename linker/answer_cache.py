"""A bounded memory of answers: notes say the same things again and again.

An answer is kept under all that it depends on: the mention, what is searched for instead of it, the text around it
where the cross-encoder reads that, the scope, and the settings of the call. So it is that of any other document, up to
the last digits, which depend on what a mention was computed together with.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from linker.model import Candidate, Decision
from linker.questions import Question

#: Candidates of the answers kept, about: some 100 MB, and the answers to 25,000 mentions that have five each.
DEFAULT_SIZE = 150_000
MOST_CHARACTERS = 300
"""Of a question, its readings and context included. Longer ones come once, and would take much memory."""

Answer: TypeAlias = tuple[tuple[Candidate, ...], Decision]


@dataclass(frozen=True, slots=True)
class Settings:
    """All of a call that its answers depend on; `scope` tells scopes apart (`Scope.digest`)."""

    top_k: int
    min_probability: float | None = None
    scope: bytes = b""


class AnswerCache:
    """The answers last used. Safe for several threads."""

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        """Answers of at most `size` candidates in all are kept; an answer counts one more than it has."""
        self._size = size
        self._answers: OrderedDict[tuple[Question, Settings], Answer] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()
        self._hits = self._misses = 0

    def __len__(self) -> int:
        return len(self._answers)

    @property
    def held(self) -> int:
        """The candidates of all answers, and one more an answer: never more than `size`."""
        return self._held

    @property
    def hits(self) -> int:
        """Questions that were asked and answered from memory."""
        return self._hits

    @property
    def misses(self) -> int:
        """Questions that were asked and not known."""
        return self._misses

    def get(self, questions: Sequence[Question], settings: Settings) -> list[Answer | None]:
        """The answer to each question, None where it is not known; those that are count as just used."""
        with self._lock:
            found = [self._answers.get((question, settings)) for question in questions]
            for question, answer in zip(questions, found, strict=True):
                if answer is not None:
                    self._answers.move_to_end((question, settings))
            there = sum(answer is not None for answer in found)
            self._hits += there
            self._misses += len(questions) - there
        return found

    def put(self, question: Question, settings: Settings, answer: Answer) -> None:
        """Keep an answer, unless the question is long; those used longest ago give way."""
        if question.characters > MOST_CHARACTERS:
            return
        with self._lock:
            before = self._answers.pop((question, settings), None)
            self._held += _weight(answer) - (_weight(before) if before else 0)
            self._answers[question, settings] = answer
            while self._held > self._size:
                self._held -= _weight(self._answers.popitem(last=False)[1])

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._answers.clear()
            self._held = 0


def _weight(answer: Answer) -> int:
    return len(answer[0]) + 1
