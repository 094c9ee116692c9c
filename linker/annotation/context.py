"""The context of a mention by rules: the ConText algorithm for Spanish.

The algorithm is that of ConText (Harkema et al. 2009), which grew out of NegEx (Chapman et al. 2001): trigger phrases
give the mentions of their sentence a property, forward or backward, as far as the sentence, a number of words or a
phrase that ends scopes allows; a pseudo-trigger is a longer phrase that only looks like one. The phrases are in
`context_rules.tsv`, their words in `context_words.tsv`, headings that say the same of a section in `sections.tsv`.

For Spanish: inflected forms; a comma may bound a scope; what stands in brackets gives nothing to what is outside
before or behind it, except of what goes right before the bracket. A doubt within a denial is denied (`sin datos
sugestivos de`). Words of the mention itself are no trigger, unless it begins with them (`posible neumonía`), and a
denial there is part of what it means (`ausencia de pulso`).
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from linker.annotation.context_phrases import Forms, PhraseTrie
from linker.annotation.folding import bare, fold_in_place
from linker.annotation.model import Assertion, MentionContext, Span, Trigger
from linker.annotation.sections import Headings, Section
from linker.annotation.sentences import sentences
from linker.errors import ContextRulesError

RULES_FILE = Path(__file__).with_name("context_rules.tsv")
WORDS_FILE = Path(__file__).with_name("context_words.tsv")

_TOKEN = re.compile("[^\\W_](?:[^\\W_]|[\u0300-\u036f])*|[^\\w\\s\u0300-\u036f]")
_OPENING, _CLOSING = "([", ")]"
_CLOSING_A_DENIAL = frozenset(["ni", "o", "u"])
_CONJUNCTIONS = _CLOSING_A_DENIAL | {"y", "e"}
_BEFORE_A_TRIGGER = frozenset([",", "y", "e", "o", "u"])
#: Brackets within brackets that are told apart; the others are damage.
_DEEPEST = 8
#: Phrases on each side of a mention that are looked at: a sentence of that many is no sentence.
_MOST_PHRASES = 50
_FAR = 10_000


class Kind(StrEnum):
    """What a phrase does."""

    FORWARD = "forward"
    BACKWARD = "backward"
    BOTH = "both"
    PSEUDO = "pseudo"
    ENDS = "ends"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a phrase says: of mentions within so many `words`, and not beyond a comma if `clause`.

    With `lists` it goes beyond commas in a list that `ni` or `o` closes: `sin tos, fiebre ni disnea`.
    `types` are the types of mentions that it speaks of, all if it has none, and `but_not` those that it does not.
    A mention of unknown type may be of any.
    """

    kind: Kind
    assertions: tuple[Assertion, ...]
    words: int
    clause: bool
    lists: bool
    types: frozenset[str]
    but_not: frozenset[str]

    def speaks_of(self, type: str) -> bool:
        """Whether it says something of mentions of a type."""
        return type not in self.but_not and (not self.types or not type or type in self.types)


@dataclass(frozen=True, slots=True)
class _Hit:
    """A phrase in a sentence: words `first` to `last`, the end exclusive."""

    first: int
    last: int
    rules: Sequence[Rule]


class ContextRules:
    """Reads the context of mentions by rules. Safe for several threads."""

    def __init__(self, phrases: PhraseTrie[Rule], headings: Headings) -> None:
        self._phrases, self._headings = phrases, headings

    @classmethod
    def open(cls, rules: Path = RULES_FILE, words: Path = WORDS_FILE) -> ContextRules:
        """With the rules that come with Enlace, or others. Raises ContextRulesError naming file and line."""
        forms = _forms(words)
        phrases = PhraseTrie[Rule](forms)
        for number, row in _rows(rules, 5):
            kind, assertions, scope, types, phrase = row
            try:
                phrases.add(phrase, _rule(kind, assertions, scope, types))
            except (ValueError, ContextRulesError) as error:
                raise ContextRulesError(f"{rules}:{number}: {error}; correct the line.") from None
        return cls(phrases, Headings.open())

    def contexts(self, text: str, spans: Sequence[Span]) -> list[MentionContext]:
        """The context of each span, in their order: the nearest trigger of each assertion."""
        if not spans:
            return []
        bounds = list(sentences(text))
        starts = [start for start, _ in bounds]
        sections = self._headings.sections(text)
        read = dict[tuple[int, int], _Sentence]()
        found = []
        for span in spans:
            first = max(bisect_right(starts, span.start) - 1, 0)
            last = max(bisect_left(starts, span.end) - 1, first)
            start, end = (bounds[first][0], bounds[last][1]) if bounds else (0, len(text))
            section = sections.at(span.start)
            if section and start < section.body <= span.start:
                start = section.start  # `Antecedentes: HTA.` behind a full stop of an abbreviation
            if (start, end) not in read:
                read[start, end] = _Sentence(text, start, end, self._phrases)
            found.append(self._context(text, span, read[start, end], section))
        return found

    def _context(self, text: str, span: Span, sentence: _Sentence, section: Section | None) -> MentionContext:
        triggers = {trigger.assertion: trigger for trigger in sentence.triggers(span)}
        if section and span.start < section.said_until:
            for assertion in section.assertions:
                triggers.setdefault(assertion, Trigger(assertion, section.start, section.heading_end))
        return MentionContext(
            tuple(triggers[one] for one in Assertion if one in triggers),
            text[section.start : section.heading_end] if section else "",
        )


class _Sentence:
    """The words of a sentence and the phrases in it."""

    def __init__(self, text: str, start: int, end: int, phrases: PhraseTrie[Rule]) -> None:
        folded = fold_in_place(text[start:end])
        tokens = [(found.start(), found.end(), found.group()) for found in _TOKEN.finditer(folded)]
        self._starts = [start + first for first, _, _ in tokens]
        self._ends = [start + last for _, last, _ in tokens]
        self._words = [bare(word) for _, _, word in tokens]
        self._brackets = _brackets(self._words)
        #: How many words, and how many commas, stand before each token.
        self._before, self._commas = [0], [0]
        for word in self._words:
            self._before.append(self._before[-1] + (word[0].isalnum()))
            self._commas.append(self._commas[-1] + (word == ","))
        self._hits = list(self._found(phrases))

    def _found(self, phrases: PhraseTrie[Rule]) -> Iterator[_Hit]:
        at = 0
        while at < len(self._words):
            last, rules = phrases.longest(self._words, at)
            if last > at:
                if not any(rule.kind is Kind.PSEUDO for rule in rules):
                    yield _Hit(at, last, rules)
                at = last
            else:
                at += 1

    def triggers(self, span: Span) -> Iterator[Trigger]:
        """What the phrases of the sentence say of a mention in it: for each assertion the nearest trigger."""
        first = bisect_right(self._ends, span.start)
        last = max(bisect_left(self._starts, span.end), first)
        before = bisect_right(self._hits, first, key=lambda hit: hit.last)
        behind = bisect_left(self._hits, last, key=lambda hit: hit.first)
        nearest = dict[Assertion, tuple[int, _Hit]]()
        for hit in self._hits[before:behind]:
            self._begin(hit, first, last, span.type, nearest)
        ahead = self._hits[max(before - _MOST_PHRASES, 0) : before]
        self._outward(reversed(ahead), first, last, span.type, nearest)
        self._outward(self._hits[behind : behind + _MOST_PHRASES], first, last, span.type, nearest)
        found = {assertion: hit for assertion, (_, hit) in nearest.items()}
        for assertion in self._overruled(found, first):
            del found[assertion]
        for assertion, hit in found.items():
            # `, posible` and `y posible` are phrases of their own; what decides is `posible`.
            places = [at for at in range(hit.first, hit.last) if self._words[at] not in _BEFORE_A_TRIGGER]
            yield Trigger(assertion, self._starts[places[0]], self._ends[places[-1]])

    def _begin(
        self, hit: _Hit, first: int, last: int, type: str, nearest: dict[Assertion, tuple[int, _Hit]]
    ) -> None:
        """A mention may begin with words that say something of the rest of it: `posible neumonía`."""
        if hit.first != first or hit.last >= last:
            return
        for rule in hit.rules:
            if rule.kind in (Kind.FORWARD, Kind.BOTH) and rule.speaks_of(type):
                for assertion in rule.assertions:
                    if assertion is not Assertion.NEGATED:
                        nearest[assertion] = 0, hit

    def _outward(
        self,
        hits: Iterable[_Hit],
        first: int,
        last: int,
        type: str,
        nearest: dict[Assertion, tuple[int, _Hit]],
    ) -> None:
        """What phrases on one side of the mention `first` to `last` say of it, from the nearest on."""
        ended = set[Assertion]()
        for hit in hits:
            ahead = hit.last <= first
            start, end = (hit.last, first) if ahead else (last, hit.first)
            inner = first if ahead else last - 1
            words = self._before[end] - self._before[start]
            comma = self._commas[end] > self._commas[start]
            inside = self._brackets[inner] if inner < len(self._brackets) else ()
            around = self._brackets[hit.first]
            here = around == inside[: len(around)]
            for rule in hit.rules:
                if rule.kind not in (Kind.BOTH, Kind.FORWARD if ahead else Kind.BACKWARD):
                    continue
                if words > rule.words or not rule.speaks_of(type):
                    continue
                if comma and (rule.clause or (rule.lists and not self._in_a_list(hit, first, last))):
                    continue
                # What stands in brackets says nothing of what is outside, but of what it follows: `VIH (negativo)`.
                if not here and (ahead or words > 1):
                    continue
                for assertion in rule.assertions:
                    if assertion not in ended and words < nearest.get(assertion, (_FAR, hit))[0]:
                        nearest[assertion] = words, hit
            if here:
                for rule in hit.rules:
                    if rule.kind is Kind.ENDS and words <= rule.words:
                        ended.update(rule.assertions)

    def _in_a_list(self, hit: _Hit, first: int, last: int) -> bool:
        """Whether the mention `first` to `last` is one of the things behind a phrase that `ni` or `o` closes."""
        comma = max(at for at in range(hit.last, first) if self._words[at] == ",")
        if _CONJUNCTIONS.intersection(self._words[hit.last : comma]):
            return False  # the list ended before the comma
        for word in self._words[comma:first]:
            if word in _CONJUNCTIONS:
                return word in _CLOSING_A_DENIAL
        other = min((one.first for one in self._hits if one.first >= last), default=len(self._words))
        for at in range(last, len(self._words)):
            word = self._words[at]
            if word in _CONJUNCTIONS:
                return word in _CLOSING_A_DENIAL
            if at >= other or not (word[0].isalnum() or word == ","):
                return False
        return False

    def _overruled(self, found: Mapping[Assertion, _Hit], first: int) -> Iterator[Assertion]:
        """Of a denial and a doubt before the mention that starts at word `first`, the one that does not count.

        A doubt within a denial is denied (`sin datos sugestivos de`), unless a comma is between them; a denial
        behind a doubt, or behind a comma and a condition, begins anew.
        """
        denial = found.get(Assertion.NEGATED)
        if denial is None or denial.last > first:
            return
        for assertion in (Assertion.UNCERTAIN, Assertion.HYPOTHETICAL):
            doubt = found.get(assertion)
            if doubt is None or doubt.last > first or doubt.first == denial.first:
                continue
            start, end = sorted((denial.first, doubt.first))
            comma = self._commas[end + 1] > self._commas[start]
            if denial.first > doubt.first:
                if comma or assertion is Assertion.UNCERTAIN:
                    yield assertion
            elif assertion is Assertion.UNCERTAIN:
                yield Assertion.NEGATED if comma else assertion


def _brackets(words: Sequence[str]) -> list[tuple[int, ...]]:
    """The brackets that each word stands in, from the outermost in, by where they open."""
    found, inside = list[tuple[int, ...]](), tuple[int, ...]()
    for at, word in enumerate(words):
        if word in _CLOSING:
            inside = inside[:-1]
        found.append(inside)
        if word in _OPENING and len(inside) < _DEEPEST:
            inside = (*inside, at)
    return found


def _rule(kind: str, assertions: str, scope: str, types: str) -> Rule:
    what = Kind(kind)
    said = {"all": tuple(Assertion), "-": ()}.get(assertions) if what in (Kind.ENDS, Kind.PSEUDO) else None
    words, comma, last = scope.partition(",")
    if last not in ("", "o") or (last and what is not Kind.FORWARD):
        raise ContextRulesError(f"{scope!r} is no scope of a {what.value} phrase")
    named = frozenset() if types == "-" else frozenset(types.removeprefix("!").split(","))
    return Rule(
        what,
        tuple(map(Assertion, assertions.split(","))) if said is None else said,
        int(words) if words.strip("-") else _FAR - 1,
        comma == "," and not last,
        last == "o",
        frozenset() if types.startswith("!") else named,
        named if types.startswith("!") else frozenset(),
    )


def _forms(path: Path) -> Forms:
    rows = [(name, forms) for _, (name, forms) in _rows(path, 2)]
    try:
        return Forms.of(rows)
    except ContextRulesError as error:
        raise ContextRulesError(f"{path}: {error}; correct the line.") from None


def _rows(path: Path, columns: int) -> Iterator[tuple[int, list[str]]]:
    """The rows of a list with their lines, without comments and header."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header = True
            for number, row in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), 1):
                if not row or row[0].startswith("#"):
                    continue
                if len(row) != columns:
                    raise ContextRulesError(
                        f"{path}:{number} has {len(row)} columns and not {columns}; correct the line."
                    )
                if not header:
                    yield number, row
                header = False
    except (OSError, UnicodeDecodeError) as error:
        raise ContextRulesError(f"{path} cannot be read: {error}.") from None
