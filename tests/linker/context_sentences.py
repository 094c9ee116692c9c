"""Sentences with one mention in square brackets, as tests write them: `Niega [fiebre].`"""

from __future__ import annotations

from linker.annotation.context import ContextRules
from linker.annotation.model import MentionContext, Source, Span


def marked(sentence: str, type: str = "disorder") -> tuple[str, Span]:
    """A sentence without its brackets, and the mention that they mark."""
    before, _, rest = sentence.partition("[")
    mention, _, after = rest.partition("]")
    return before + mention + after, Span(len(before), len(before) + len(mention), type, Source.GIVEN)


def context_of(rules: ContextRules, sentence: str, type: str = "disorder") -> MentionContext:
    """The context of the mention in brackets."""
    text, span = marked(sentence, type)
    return rules.contexts(text, [span])[0]


def told(rules: ContextRules, sentence: str, type: str = "disorder") -> dict[str, str]:
    """What is said of the mention in brackets, with the words that say it."""
    text, span = marked(sentence, type)
    (context,) = rules.contexts(text, [span])
    return {one.assertion.value: text[one.start : one.end] for one in context.triggers}
