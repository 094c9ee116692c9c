"""Abbreviations written out: `IRC terminal` is also read as `insuficiencia renal crónica terminal`.

The list, `abbreviations.tsv` beside this module, is data that a person can correct: abbreviation,
expansion, language of the expansion; a row a reading, the most usual first. A release's terms add more
(`linker.term_abbreviations`). An ambiguous abbreviation keeps all its readings, and the candidates of each
compete; what the mention's document says of it (`linker.document_abbreviations`) goes before the list.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from types import MappingProxyType

from linker.normalization import fold_words

LIST_FILE = Path(__file__).with_name("abbreviations.tsv")
MAXIMUM_READINGS = 6
"""Readings of one mention, itself included: each costs a search."""
SHORTEST_IN_LOWER_CASE = 3
"""Letters. `hta` is read as HTA; `ca` or `ic` in lower case may be the end or the beginning of anything."""

_TOKEN = re.compile(r"[^\W_]+")


def listed(path: Path = LIST_FILE) -> Iterator[tuple[str, str, str]]:
    """The rows of a list, by default the one that comes with Enlace: abbreviation, expansion, its language."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield row["abbreviation"], row["expansion"], row["language"]


@dataclass(frozen=True, slots=True)
class Readings:
    """What to search for instead of a mention: `texts`, the most trusted first, the mention itself among them.

    `defined` are those written out as the mention's document defines its abbreviations; they are the first.
    """

    texts: tuple[str, ...]
    defined: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Abbreviations:
    """Expansions by abbreviation as written; `in_lower_case` leads from lower case to the written forms."""

    expansions: Mapping[str, tuple[str, ...]]
    in_lower_case: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str]]) -> Abbreviations:
        """From (abbreviation, expansion) rows, in order of use."""
        expansions: dict[str, dict[str, str]] = defaultdict(dict)
        for abbreviation, expansion in rows:
            expansions[abbreviation].setdefault(fold_words(expansion), expansion)
        lower: dict[str, list[str]] = defaultdict(list)
        for abbreviation in expansions:
            lower[abbreviation.lower()].append(abbreviation)
        return cls(
            {k: tuple(v.values()) for k, v in expansions.items()}, {k: tuple(v) for k, v in lower.items()}
        )

    @classmethod
    def open(cls, path: Path = LIST_FILE) -> Abbreviations:
        """Read a list; by default the one that comes with Enlace."""
        return cls.of((short, long) for short, long, _ in listed(path))

    def and_those_of(self, other: Abbreviations) -> Abbreviations:
        """With the expansions of another list after those of this one."""
        return Abbreviations.of(
            (abbreviation, expansion)
            for one in (self, other)
            for abbreviation, expansions in one.expansions.items()
            for expansion in expansions
        )

    def readings(self, mention: str, defined: Mapping[str, Sequence[str]] = MappingProxyType({})) -> Readings:
        """The mention and its readings with abbreviations written out, at most MAXIMUM_READINGS in all.

        Abbreviations in `defined` have the expansions given there and no others, and the readings with them come
        before the mention itself.
        """
        own = self._written_out(mention, defined, listed=False)
        listed = self._written_out(mention, defined, listed=True)
        texts = (*own, *listed, mention) if own else (mention, *listed)
        first = tuple(islice(dict.fromkeys(texts), MAXIMUM_READINGS))
        if not own:
            return Readings(first)
        # The mention as it stands is searched for even where the readings of its document fill all places.
        kept = first if mention in first else (*first[:-1], mention)
        return Readings(kept, tuple(text for text in kept if text != mention))

    def _written_out(
        self, mention: str, defined: Mapping[str, Sequence[str]], *, listed: bool
    ) -> tuple[str, ...]:
        """The mention with what is `defined`, and with `listed` what the list has besides, written out."""
        pieces: list[tuple[str, ...]] = []
        end = 0
        for token in _TOKEN.finditer(mention):
            # A mention that says both, `TAC (tomografía axial computarizada)`, needs no writing out.
            given = defined.get(token.group(), ())
            expansions = tuple(long for long in given if fold_words(long) not in fold_words(mention))
            if not expansions and listed:
                expansions = self._expansions(token.group())
            if expansions:
                pieces += [(mention[end : token.start()],), expansions]
                end = token.end()
                # The full stop of a truncation goes with it.
                if mention[end : end + 1] == ".":
                    end += 1
        if not pieces:
            return ()
        written_out = ("".join(choice) for choice in product(*pieces, (mention[end:],)))
        return tuple(dict.fromkeys(islice(written_out, MAXIMUM_READINGS)))

    def written_out_in(self, text: str, mentions: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Of the ambiguous abbreviations of some mentions, the expansions that a text has, where it has any."""
        tokens = {token for mention in mentions for token in _TOKEN.findall(mention)}
        ambiguous = {token: found for token in tokens if len(found := self._expansions(token)) > 1}
        if not ambiguous:
            return {}
        there = f" {fold_words(text)} "
        said = {
            token: tuple(long for long in expansions if f" {fold_words(long)} " in there)
            for token, expansions in ambiguous.items()
        }
        return {token: expansions for token, expansions in said.items() if expansions}

    def _expansions(self, token: str) -> tuple[str, ...]:
        if token in self.expansions:
            return self.expansions[token]
        if len(token) < SHORTEST_IN_LOWER_CASE or token not in self.in_lower_case:
            return ()
        return tuple(dict.fromkeys(e for form in self.in_lower_case[token] for e in self.expansions[form]))
