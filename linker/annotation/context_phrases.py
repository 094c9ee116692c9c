"""The language that triggers of context are written in, and the trie that finds them in a sentence.

A phrase is words with blanks between. `a/b` is one of several words, `(a)` a word or nothing, `stem[ar]` the stem with
each of the endings `[ar]`, `@class` any word of a class, `<n>` a number (digits, or a word of the class of that
name) and `<year>` a year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Generic, TypeVar

from linker.annotation.folding import bare, fold_in_place
from linker.errors import ContextRulesError

_PART = re.compile(r"(\()?([^()\s]+)(\))?")
_ENDING = re.compile(r"(.*)(\[\w+\])")
_YEAR = re.compile(r"(?:1[89]|20)\d\d")
NUMBER, YEAR = "<n>", "<year>"
_END = ""

Rule = TypeVar("Rule")


@dataclass(frozen=True, slots=True)
class Forms:
    """Words by the name of their class (`@ver`), and endings by theirs (`[ar]`)."""

    classes: Mapping[str, frozenset[str]]
    endings: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, rows: Sequence[tuple[str, str]]) -> Forms:
        """From (name, forms with blanks between) rows; endings go before what uses them. Raises ContextRulesError."""
        classes, endings = dict[str, frozenset[str]](), dict[str, tuple[str, ...]]()
        for name, forms in rows:
            if name.startswith("["):
                endings[name] = tuple("" if one == "-" else one for one in forms.split())
            else:
                made = cls({}, endings)
                classes[name] = frozenset(
                    form for one in forms.split() for form in made.inflected(_folded(one))
                )
        return cls(classes, endings)

    def inflected(self, word: str) -> tuple[str, ...]:
        """The forms of one word: `negativ[o]` has four, `no` one. Raises ContextRulesError."""
        found = _ENDING.fullmatch(word)
        if not found:
            return (word,)
        if found[2] not in self.endings:
            known = ", ".join(self.endings)
            raise ContextRulesError(f"there are no endings {found[2]}; there are {known}")
        return tuple(found[1] + ending for ending in self.endings[found[2]])

    def sequences(self, phrase: str) -> Iterator[tuple[tuple[str, ...], ...]]:
        """A phrase without its optional words, and with them: for each place the words that may stand there."""
        places: list[tuple[tuple[str, ...], ...]] = []
        parts = phrase.split()
        for part in parts:
            found = _PART.fullmatch(part) if len(part) > 1 else None
            if found and bool(found[1]) == bool(found[3]):
                words, optional = self._alternatives(found[2]), bool(found[1])
            else:
                words, optional = (_folded(part),), False
            places.append((words, ()) if optional else (words,))
        for some in product(*places):
            if present := tuple(words for words in some if words):
                yield present

    def _alternatives(self, part: str) -> tuple[str, ...]:
        words: list[str] = []
        for one in part.split("/"):
            if one.startswith("@"):
                if one not in self.classes:
                    raise ContextRulesError(f"there is no class {one}; there are {', '.join(self.classes)}")
                words.append(one)
            elif one in (NUMBER, YEAR):
                words.append(one)
            else:
                words.extend(self.inflected(_folded(one)))
        return tuple(dict.fromkeys(words))


def _folded(word: str) -> str:
    return bare(fold_in_place(word))


class PhraseTrie(Generic[Rule]):
    """Phrases of folded words, each with its rules. Once filled, safe for several threads."""

    def __init__(self, forms: Forms) -> None:
        self.forms = forms
        self._root: dict[str, Any] = {}
        #: The words that phrases begin with, but for numbers in digits: most words begin none.
        self._beginnings = set[str]()
        #: Each word of a class with itself and its classes.
        self._classes: dict[str, tuple[str, ...]] = {}
        for name, words in forms.classes.items():
            for word in words:
                self._classes[word] = (*self._classes.get(word, (word,)), name)

    def add(self, phrase: str, rule: Rule) -> None:
        """Add a phrase. Raises ContextRulesError."""
        for places in self.forms.sequences(phrase):
            for word in places[0]:
                self._beginnings.update(self.forms.classes.get(word, (word,)))
            nodes = [self._root]
            for words in places:
                nodes = [node.setdefault(word, {}) for node in nodes for word in words]
            for node in nodes:
                node.setdefault(_END, []).append(rule)

    def longest(self, words: Sequence[str], at: int) -> tuple[int, list[Rule]]:
        """The end of the longest phrase that begins at a word, and its rules; `at` and none where there is none."""
        best, rules = at, list[Rule]()
        if words[at] not in self._beginnings and not words[at][0].isdigit():
            return best, rules
        nodes = [self._root]
        for place in range(at, len(words)):
            word = words[place]
            symbols = self._classes.get(word) or self._symbols(word)
            nodes = [child for node in nodes for symbol in symbols if (child := node.get(symbol)) is not None]
            if not nodes:
                break
            found = [rule for node in nodes for rule in node.get(_END, ())]
            if found:
                best, rules = place + 1, found
        return best, rules

    @staticmethod
    def _symbols(word: str) -> tuple[str, ...]:
        """What a word of no class may stand for in a phrase."""
        if word[0].isdigit():
            return (word, NUMBER, YEAR) if _YEAR.fullmatch(word) else (word, NUMBER)
        return (word,)
