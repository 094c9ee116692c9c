"""How a mention and a term are written for the cross-encoder: in one place, for training and for linking.

The plain form is (mention, matched term). A model may have been trained to read more, which its folder's
`enlace.json` tells; words stand for what is written, `|` for the tokeniser's separator token:

    "pair": {"candidate": ["term", "preferred", "tag", "parents"], "parents": 2, "context": 64}

    text before | mention | text after          matched term | preferred term | semantic tag | parent | parent

A field that says nothing new is left empty and keeps its place: a preferred term that is the matched term, a
tag that the terminology has not. A pair that is longer than the model reads loses its context first, from
the outer ends, then parents, the last first, then the tag, then the preferred term. Mention and matched term
are cut only where they alone are too long.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

OTHER_SEPARATOR = " | "
"""For a tokeniser that has no separator token."""


#: Normalised texts that are remembered, some 10 MB.
_TEXTS_KEPT = 32_768


class Part(StrEnum):
    """What a candidate may be shown with, in the order in which it is written."""

    TERM = "term"
    PREFERRED = "preferred"
    TAG = "tag"
    PARENTS = "parents"


@dataclass(frozen=True, slots=True)
class PairForm:
    """What a model reads of a pair: the candidate's parts, at most so many parents, and the mention's context.

    `context` is in characters of the document on each side of the mention; 0 is none, and no marks around it.
    """

    candidate: tuple[Part, ...] = (Part.TERM,)
    parents: int = 2
    context: int = 0

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> PairForm:
        """From a model's settings, else the plain form. Raises ValueError, telling what is amiss."""
        told = settings.get("pair")
        if told is None:
            return cls()
        if not isinstance(told, dict) or not set(told) <= {"candidate", "parents", "context"}:
            raise ValueError("'pair' must be an object of candidate, parents and context")
        parts, counts = told.get("candidate", [Part.TERM]), (told.get("parents", 2), told.get("context", 0))
        if not isinstance(parts, list):
            raise ValueError("'candidate' must be a list")
        if not all(type(count) is int and count >= 0 for count in counts):
            raise ValueError("'parents' and 'context' must be whole numbers of 0 or more")
        return cls(candidate_parts(parts), *counts)

    def settings(self) -> dict[str, Any]:
        """What `of` reads; nothing for the plain form."""
        if self.plain:
            return {}
        parts = [part.value for part in self.candidate]
        return {"pair": {"candidate": parts, "parents": self.parents, "context": self.context}}

    @property
    def plain(self) -> bool:
        """Whether it is mention and matched term alone."""
        return not self.glossed and not self.context

    @property
    def glossed(self) -> bool:
        """Whether it shows more of a candidate than the matched term."""
        return len(self.candidate) > 1

    @property
    def parents_shown(self) -> int:
        """How many parents it shows at most."""
        return self.parents if Part.PARENTS in self.candidate else 0

    def __str__(self) -> str:
        """In words, as a model card tells it."""
        shown = ", ".join(
            f"{part} (at most {self.parents})" if part is Part.PARENTS else part for part in self.candidate
        )
        return shown + (
            f"; {self.context} characters of context on each side of the mention" if self.context else ""
        )


PLAIN = PairForm()


def candidate_parts(names: Sequence[object]) -> tuple[Part, ...]:
    """The parts of those names, in the order in which they are written. Raises ValueError for another name."""
    known = ", ".join(Part)
    for name in names:
        if name not in list(Part):
            raise ValueError(f"a candidate has no part {name!r}, only {known}")
    if Part.TERM not in names or len(set(names)) < len(names):
        raise ValueError("a candidate's parts are term, which is always there, and others, each once")
    return tuple(part for part in Part if part in names)


@dataclass(frozen=True, slots=True)
class Gloss:
    """What may be shown of a concept beside its matched term; `parents` by their preferred terms."""

    preferred: str = ""
    tag: str = ""
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """The text before and after a mention, as its document has it: as much as is at hand."""

    before: str = ""
    after: str = ""

    @classmethod
    def around(cls, text: str, start: int, end: int, characters: int) -> Context:
        """At most so many characters on each side of `text[start:end]`, in whole words."""
        # One character more tells whether a word is cut. A text can be long, and have thousands of mentions.
        before, after = text[max(0, start - characters - 1) : start], text[end : end + characters + 1]
        return cls(_last_words(before, characters), _first_words(after, characters))

    def within(self, characters: int) -> Context:
        """At most so many characters of each side, in whole words."""
        return Context(_last_words(self.before, characters), _first_words(self.after, characters))


NO_GLOSS, NO_CONTEXT = Gloss(), Context()


def _first_words(text: str, characters: int) -> str:
    if len(text) <= characters:
        return text
    words = text[: characters + 1]
    return words[: max((at for at, letter in enumerate(words) if letter.isspace()), default=0)]


def _last_words(text: str, characters: int) -> str:
    return _first_words(text[: -characters - 2 : -1], characters)[::-1]


class PairWriter:
    """Writes pairs in a form, for one tokeniser. Safe for several threads."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        form: PairForm,
        max_length: int,
        normalise: Callable[[str], str],
    ) -> None:
        """`max_length` is what the model reads of a pair, in tokens, special ones included."""
        self.form = form
        self._max_length = max_length
        self.normalise = normalise
        # A mention comes with many terms, a term with many mentions, and a parent with many children.
        self._normal = lru_cache(_TEXTS_KEPT)(normalise)
        self._separator = str(tokenizer.sep_token or OTHER_SEPARATOR)
        self._tokenizer = tokenizer
        self._counting: Any = None
        if not form.plain and getattr(tokenizer, "backend_tokenizer", None) is not None:
            # A copy: the model's own is set to cut and to pad, and setting it otherwise would disturb other threads.
            self._counting = copy.deepcopy(tokenizer.backend_tokenizer)
            self._counting.no_truncation()
            self._counting.no_padding()

    def write(
        self,
        pairs: Sequence[tuple[str, str]],
        glosses: Sequence[Gloss] = (),
        contexts: Sequence[Context] = (),
    ) -> list[tuple[str, str]]:
        """Both texts of each (mention, matched term), normalised, with what the form shows of gloss and context.

        `glosses` and `contexts` have one item a pair, or none at all.
        """
        normal = self._normal
        if self.form.plain:
            return [(normal(mention), normal(term)) for mention, term in pairs]
        drafts = [
            self._draft(
                normal,
                mention,
                term,
                glosses[place] if glosses else NO_GLOSS,
                contexts[place] if contexts else NO_CONTEXT,
            )
            for place, (mention, term) in enumerate(pairs)
        ]
        written = [draft.texts(self._separator) for draft in drafts]
        unsure = list(range(len(drafts)))
        while unsure:
            shortened = []
            for place, length in zip(unsure, self.lengths([written[i] for i in unsure]), strict=True):
                excess = length - self._max_length
                # A word has about four tokens at most, so that little more is given up than has to be.
                if excess > 0 and drafts[place].shorten(-(-excess // 4)):
                    written[place] = drafts[place].texts(self._separator)
                    shortened.append(place)
            unsure = shortened
        return written

    def lengths(self, written: Sequence[tuple[str, str]]) -> list[int]:
        """The tokens of each pair, special ones included, uncut."""
        if self._counting is None:
            return [len(self._tokenizer(*pair)["input_ids"]) for pair in written]
        return [len(encoding) for encoding in self._counting.encode_batch(list(written))]

    def _draft(
        self, normal: Callable[[str], str], mention: str, term: str, gloss: Gloss, context: Context
    ) -> _Draft:
        form = self.form
        text = normal(term)
        preferred = normal(gloss.preferred) if Part.PREFERRED in form.candidate else ""
        fields = {
            Part.PREFERRED: "" if preferred == text else preferred,
            Part.TAG: normal(gloss.tag),
        }
        near = context.within(form.context) if form.context else NO_CONTEXT
        return _Draft(
            normal(mention),
            text,
            {part: fields[part] for part in form.candidate if part in fields},
            [normal(parent) for parent in gloss.parents[: form.parents_shown]],
            normal(near.before).split(),
            normal(near.after).split(),
            bool(form.context),
        )


@dataclass(slots=True)
class _Draft:
    """A pair as it is being written; `before` and `after` are words."""

    mention: str
    term: str
    fields: dict[Part, str]
    parents: list[str]
    before: list[str]
    after: list[str]
    marked: bool

    def texts(self, separator: str) -> tuple[str, str]:
        """Both sides. A marked mention stands between two separators, even where it has no context."""
        mention = self.mention
        if self.marked:
            mention = separator.join([" ".join(self.before), mention, " ".join(self.after)])
        told = [self.term, *self.fields.values(), *self.parents]
        while len(told) > 1 and not told[-1]:
            told.pop()
        return mention, separator.join(told)

    def shorten(self, units: int) -> bool:
        """Give up so many words of context, parents or fields, the least needed first; whether there were any."""
        given_up = 0
        while given_up < units:
            if self.before or self.after:
                if len(self.before) > len(self.after):
                    self.before.pop(0)
                else:
                    self.after.pop()
            elif self.parents:
                self.parents.pop()
            elif filled := [part for part, text in self.fields.items() if text]:
                self.fields[filled[-1]] = ""
            else:
                break
            given_up += 1
        return given_up > 0
