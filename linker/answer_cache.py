"""A bounded memory of answers: notes say the same things again and again.

An answer is kept under all that it depends on: the mention, what is searched for instead of it, the text around it
where the cross-encoder reads that, the scope, and the settings of the call. So it is that of any other document, up to
the last digits, which depend on what a mention was computed together with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from linker.model import Candidate, Decision
from linker.questions import Question
from linker.recently_used import RecentlyUsed

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


class AnswerCache(RecentlyUsed[tuple[Question, Settings], Answer]):
    """The answers last used. Safe for several threads."""

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        """Answers of at most `size` candidates in all are kept; an answer counts one more than it has."""
        super().__init__(size, lambda answer: len(answer[0]) + 1)

    def get(self, questions: Sequence[Question], settings: Settings) -> list[Answer | None]:
        """The answer to each question, None where it is not known; those that are count as just used."""
        return self.take([(question, settings) for question in questions])

    def put(self, question: Question, settings: Settings, answer: Answer) -> None:
        """Keep an answer, unless the question is long; those used longest ago give way."""
        if question.characters <= MOST_CHARACTERS:
            self.keep([((question, settings), answer)])
