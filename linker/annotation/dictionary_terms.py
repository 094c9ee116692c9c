"""The terms of an index as the dictionary looks them up: by the words they have, without inflection and order.

    dictionary/
      keys.npy      uint64, sorted: the sum of the keys of a term's words, or the key of an abbreviation as written
      rows.npy      int32, aligned with the keys: the term's row in the index
      types.npy     uint16, by row of the index: the place of its type among the names
      words.npy     uint64, sorted: the keys of all words
      names.json    the names of the types, the version, and the most words of a term

A million terms take 25 MB. They are written when a release is indexed; for an index that was made without them they
are made when it is opened.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linker.annotation.mention_types import MentionTypes
from linker.annotation.words import LINKING_WORDS, uninflected, word_key
from linker.document_abbreviations import is_short_form
from linker.errors import IndexDamaged
from linker.index import map_table
from linker.normalization import fold_words
from linker.senses import Senses

FOLDER = "dictionary"
VERSION = 1
"""Of what is looked up by what. Another is made anew when an index is opened."""
STOP_FILE = Path(__file__).with_name("dictionary_stop.tsv")
MAXIMUM_WORDS = 12
"""Content words of a term. No mention is longer, and every length costs a look-up at every word."""
LONGEST_IN_CAPITALS = 6
"""Letters. A longer word in capitals is a word that somebody shouted, and no abbreviation."""
_SHORTEST = 3
_BLOCK = 65_536
_NO_TYPE = 65_535

Keys = npt.NDArray[np.uint64]


def content_words(folded: Sequence[str]) -> list[str]:
    """The words without articles and prepositions; the last word stays (`hepatitis a`)."""
    return [
        word
        for place, word in enumerate(folded)
        if word not in LINKING_WORDS or (word == "a" and 0 < place == len(folded) - 1)
    ]


def key_of_words(content: Sequence[str]) -> int:
    """The key of a term or a stretch of text: the same for other forms of its words and another order."""
    return sum(word_key(uninflected(word)) for word in content) % (1 << 64)


def key_of_form(written: str) -> int:
    """The key of an abbreviation, letter for letter."""
    return word_key(f"={written}")


def is_form(term: str) -> bool:
    """Whether a term is an abbreviation, which only counts as it is written: `IRA`, `HbA1c`, and not `Asma`."""
    if not (is_short_form(term) and term.isalnum()):
        return False
    capitals = sum(letter.isupper() for letter in term)
    return (capitals > 1 or not term[0].isupper()) and not (
        term.isupper() and len(term) > LONGEST_IN_CAPITALS
    )


@dataclass(frozen=True, slots=True)
class DictionaryTerms:
    """Look-up arrays over the rows of an index; see the module for their shapes."""

    keys: Keys
    rows: npt.NDArray[np.int32]
    types: npt.NDArray[np.uint16]
    words: Keys
    names: tuple[str, ...]
    longest: int

    @classmethod
    def build(cls, terms: pa.Table, concepts: pa.Table, senses: Senses) -> DictionaryTerms:
        """From the tables of an index."""
        types, names = _types_of_rows(concepts, senses)
        keys, rows, known, longest = list[int](), list[int](), set[int](), 0
        for row, text in enumerate(_texts(terms)):
            if types[row] == _NO_TYPE:
                continue
            if is_form(text):
                if is_stopped(text):
                    continue
                keys.append(key_of_form(text))
                rows.append(row)
                continue
            content = content_words(fold_words(text).split())
            if not 0 < len(content) <= MAXIMUM_WORDS or not _says_enough(content) or is_stopped(text):
                continue
            of_words = [word_key(uninflected(word)) for word in content]
            known.update(of_words)
            longest = max(longest, len(content))
            keys.append(sum(of_words) % (1 << 64))
            rows.append(row)
        by_key = np.array(keys, dtype=np.uint64)
        order = np.argsort(by_key, kind="stable")
        return cls(
            by_key[order],
            np.array(rows, dtype=np.int32)[order],
            types,
            np.sort(np.fromiter(known, np.uint64, len(known))),
            names,
            longest,
        )

    def save(self, folder: Path) -> None:
        """Write into `folder`, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("keys", "rows", "types", "words"):
            np.save(folder / f"{name}.npy", getattr(self, name))
        told = {"version": VERSION, "names": self.names, "longest": self.longest}
        (folder / "names.json").write_text(json.dumps(told, ensure_ascii=False) + "\n", "utf-8")

    @classmethod
    def open(cls, index_folder: Path) -> DictionaryTerms:
        """Open those of an index memory-mapped, or make them where it has none. Raises IndexDamaged."""
        folder = index_folder / FOLDER
        try:
            if (folder / "names.json").is_file():
                told = json.loads((folder / "names.json").read_text("utf-8"))
                if told["version"] == VERSION:
                    keys, rows, types, words = (
                        np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r"))
                        for name in ("keys", "rows", "types", "words")
                    )
                    return cls(keys, rows, types, words, tuple(told["names"]), int(told["longest"]))
            return cls.build(
                map_table(index_folder / "terms.arrow"),
                map_table(index_folder / "concepts.arrow"),
                Senses.open(index_folder / "senses"),
            )
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowInvalid) as error:
            raise IndexDamaged(
                f"The terms of the index in {index_folder} cannot be read ({error}); "
                "build it again with `enlace index`."
            ) from None

    def __len__(self) -> int:
        return len(self.keys)

    def found(self, keys: Keys) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Where the rows of each key begin and end in `rows`, each of shape (len(keys),); equal for an unknown key."""
        left = np.searchsorted(self.keys, keys, "left")
        hit = left < len(self.keys)
        hit[hit] = self.keys[left[hit]] == keys[hit]
        right = left.copy()
        right[hit] = np.searchsorted(self.keys, keys[hit], "right")
        return left.astype(np.int64), right.astype(np.int64)

    def known(self, keys: Keys) -> npt.NDArray[np.bool_]:
        """Which words some term has, shape (len(keys),)."""
        if not len(self.words):
            return np.zeros(len(keys), dtype=bool)
        at = np.minimum(np.searchsorted(self.words, keys), len(self.words) - 1)
        known: npt.NDArray[np.bool_] = self.words[at] == keys
        return known

    def type_of(self, row: int) -> str:
        """The type of mentions of the term at a row."""
        return self.names[int(self.types[row])]


def _texts(terms: pa.Table) -> Iterator[str]:
    column = terms.column("text")
    for start in range(0, len(column), _BLOCK):
        yield from column.slice(start, _BLOCK).to_pylist()


def _says_enough(content: Sequence[str]) -> bool:
    return any(len(word) >= _SHORTEST and any(map(str.isalpha, word)) for word in content)


def _types_of_rows(concepts: pa.Table, senses: Senses) -> tuple[npt.NDArray[np.uint16], tuple[str, ...]]:
    """The type of each row by its heaviest sense that can be a mention, and the names of the types."""
    table = MentionTypes.open()
    places: dict[str, int] = {}
    of_tag: dict[str, int] = {}
    of_concept = np.empty(len(concepts), dtype=np.uint16)
    for ordinal, tag in enumerate(concepts.column("semantic_tag").to_pylist()):
        if tag not in of_tag:
            type = table.of(tag)
            of_tag[tag] = _NO_TYPE if type is None else places.setdefault(type, len(places))
        of_concept[ordinal] = of_tag[tag]
    count = len(senses.indptr) - 1
    rows = np.repeat(np.arange(count), np.diff(senses.indptr))
    types = of_concept[senses.concepts]
    # Of each row the senses that may be mentions first, the heaviest before the others.
    order = np.lexsort((-senses.weights, types == _NO_TYPE, rows))
    found = np.full(count, _NO_TYPE, dtype=np.uint16)
    there = np.flatnonzero(np.diff(senses.indptr))
    found[there] = types[order][senses.indptr[:-1][there]]
    return found, tuple(places)


def is_stopped(term: str) -> bool:
    """Whether the stop list says that a term, in any inflection, is no mention; abbreviations are on it as written."""
    stopped = _stop_list()
    return term in stopped or (not is_form(term) and _plain(term) in stopped)


@cache
def _stop_list() -> frozenset[str]:
    with STOP_FILE.open(encoding="utf-8", newline="") as file:
        terms = [row["term"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    return frozenset(term if is_form(term) else _plain(term) for term in terms)


def _plain(term: str) -> str:
    return " ".join(map(uninflected, content_words(fold_words(term).split())))
