"""Search as you type over a release's terms, on SQLite FTS5.

Every word of the query is a prefix, in any order. Terms are folded by `linker.normalization` before
they are indexed (accents and case go, ñ stays), so the store's own tokeniser has nothing to fold.
Order: a term equal to the query as typed, then equal after folding, then terms that start with it,
then shorter terms first.

Rows are numbered by length, and FTS5 gives them by number: the shortest come first without any sorting,
and a search stops as soon as it has enough. One that is narrowed looks at a bounded number of rows, and
where it is narrowed to few concepts, at their terms only.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from graph.model import CURIE
from linker.errors import IndexDamaged
from linker.normalization import fold_words

_LAYOUT = 2
_SCHEMA = f"""
PRAGMA user_version = {_LAYOUT};
CREATE TABLE term (row INTEGER PRIMARY KEY, text TEXT NOT NULL, folded TEXT NOT NULL, language TEXT NOT NULL,
                   concept TEXT NOT NULL, tag TEXT NOT NULL);
CREATE TEMP TABLE given (text TEXT, folded TEXT, language TEXT, concept TEXT, tag TEXT);
CREATE VIRTUAL TABLE words USING fts5(folded, content='term', content_rowid='row', columnsize=0, detail=none,
                                      tokenize="unicode61 remove_diacritics 0", prefix='1 2 3');
"""
_COLUMNS = "term.row, term.text, term.folded, term.language, term.concept, term.tag"
_BY_WORDS = f"""
SELECT {_COLUMNS} FROM (SELECT rowid AS found FROM words WHERE words MATCH ? ORDER BY rowid LIMIT ?)
CROSS JOIN term ON term.row = found
"""
_EQUAL = f"SELECT {_COLUMNS} FROM term WHERE folded = ? ORDER BY row LIMIT ?"
_BEGINNING = f"SELECT {_COLUMNS} FROM term WHERE folded > ? AND folded < ? LIMIT ?"
#: Rows that one search looks at, at most, in each of its ways.
MOST_ROWS = 20_000
#: Terms that begin with the text are sorted where there are so few; else they are met often enough.
_FEW_ROWS = 1_000
#: Of so few concepts, all terms are looked at.
_FEW_CONCEPTS = 1_000
_ROWS_AT_ONCE = 256


class Scope(Protocol):
    """A set of concepts to search in."""

    @property
    def size(self) -> int:
        """How many concepts it has."""
        ...

    def ids(self) -> Sequence[CURIE]:
        """All of them."""
        ...

    def holds(self, ids: Sequence[CURIE]) -> NDArray[np.bool_]:
        """Whether each id is one of them, shape (len(ids),)."""
        ...


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What hits must fulfil; nothing by default."""

    language: str | None = None
    """Of the term, BCP 47."""
    tags: frozenset[str] | None = None
    """Semantic tags, one of which the concept has."""
    scope: Scope | None = None


_ANYTHING = Narrowing()


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A concept found by one of its terms.

    `score` in (0, 1]: 1 is the text itself, less what the term has besides; over 0.5 it starts with the text.
    """

    id: CURIE
    term: str
    language: str
    score: float


class TermSearch:
    """A read-only term search. A connection a thread; safe for several processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path) -> TermSearch:
        """Open a search file. Raises IndexDamaged."""
        search = cls(path)
        try:
            search._connection().execute("SELECT row FROM term LIMIT 1").fetchone()
        except sqlite3.Error as error:
            raise IndexDamaged(
                f"{path} cannot be read ({error}); build the index again with `enlace index`."
            ) from None
        return search

    def find(self, text: str, first: int, narrowing: Narrowing = _ANYTHING) -> list[SearchHit]:
        """At most `first` distinct concepts, best first; none for a text without letters or digits.

        Raises IndexDamaged for a file that an earlier version wrote.
        """
        text = text.encode("utf-8", "replace").decode("utf-8")  # lone surrogates, which SQLite refuses
        folded = fold_words(text)
        if not folded or first < 1:
            return []
        query = _Query(text.strip(), folded, tuple(folded.split()))
        hits: dict[CURIE, SearchHit] = {}
        for row in _kept(self._rows(query, narrowing.scope), narrowing):
            if row.concept not in hits:
                hits[row.concept] = SearchHit(row.concept, row.text, row.language, query.score(row))
                if len(hits) == first:
                    break
        return list(hits.values())

    def _rows(self, query: _Query, scope: Scope | None) -> Iterator[_Row]:
        """Rows that match, best first, and perhaps some of them twice."""
        self.check_layout()
        connection = self._connection()
        if scope is not None and scope.size <= _FEW_CONCEPTS:
            yield from _of_concepts(connection, query, scope.ids())
            return
        equal = _asked(connection, _EQUAL, query.folded, _FEW_ROWS)
        yield from sorted(equal, key=query.rank)
        beginning = list(
            _asked(connection, _BEGINNING, query.folded, query.folded + chr(0x10FFFF), _FEW_ROWS + 1)
        )
        match = " ".join(f'"{word}"*' for word in query.words)
        if len(beginning) <= _FEW_ROWS:
            yield from sorted(beginning, key=query.rank)
        else:
            for row in _asked(connection, _BY_WORDS, match, MOST_ROWS):
                if row.folded.startswith(query.folded):
                    yield row
        yield from _asked(connection, _BY_WORDS, match, MOST_ROWS)

    def check_layout(self) -> None:
        """Raise IndexDamaged where the file is from an earlier version, which wrote it otherwise."""
        (layout,) = self._connection().execute("PRAGMA user_version").fetchone()
        if layout != _LAYOUT:
            release = self._path.resolve().parents[1].name
            raise IndexDamaged(
                f"The index of release {release!r} is from an earlier version of Enlace, and cannot be searched; "
                f"build it again with `enlace index --release {release}`."
            )

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            uri = f"{self._path.resolve().as_uri()}?mode=ro&immutable=1"
            connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
            connection.execute("PRAGMA mmap_size = 1073741824")
            self._local.connection = connection
            with self._lock:
                self._connections.append(connection)
        return connection

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
            self._local = threading.local()


class _Row(NamedTuple):
    row: int
    text: str
    folded: str
    language: str
    concept: CURIE
    tag: str


@dataclass(frozen=True, slots=True)
class _Query:
    text: str
    folded: str
    words: tuple[str, ...]

    def matches(self, row: _Row) -> bool:
        """Whether each word begins a word of the term."""
        words = row.folded.split()
        return all(any(one.startswith(word) for one in words) for word in self.words)

    def rank(self, row: _Row) -> tuple[bool, bool, bool, int]:
        return (
            row.text != self.text,
            row.folded != self.folded,
            not row.folded.startswith(self.folded),
            row.row,
        )

    def score(self, row: _Row) -> float:
        if row.text == self.text:
            return 1.0
        if row.folded == self.folded:
            return 0.99
        share = len(self.folded) / max(len(self.folded), len(row.folded))
        # In bands, so that scores fall in the order of the hits.
        return round(0.5 + 0.48 * share if row.folded.startswith(self.folded) else 0.5 * share, 4)


def _asked(connection: sqlite3.Connection, query: str, *given: object) -> Iterator[_Row]:
    return map(_Row._make, connection.execute(query, given))


def _of_concepts(connection: sqlite3.Connection, query: _Query, ids: Sequence[CURIE]) -> list[_Row]:
    marks = ", ".join("?" * len(ids))
    rows = _asked(connection, f"SELECT {_COLUMNS} FROM term WHERE concept IN ({marks})", *ids)
    return sorted((row for row in rows if query.matches(row)), key=query.rank)


def _kept(rows: Iterator[_Row], narrowing: Narrowing) -> Iterator[_Row]:
    """The rows that fulfil a narrowing, in their order."""
    language, tags, scope = narrowing.language, narrowing.tags, narrowing.scope
    kept = (
        row
        for row in rows
        if (language is None or row.language == language) and (tags is None or row.tag in tags)
    )
    if scope is None:
        yield from kept
        return
    while some := list(islice(kept, _ROWS_AT_ONCE)):
        for row, held in zip(some, scope.holds([row.concept for row in some]).tolist(), strict=True):
            if held:
                yield row


def write_search(
    path: Path, terms: Iterable[tuple[str, str, CURIE]], tags: Mapping[CURIE, str] = MappingProxyType({})
) -> None:
    """Write the search file from (text, language, concept id) rows; the file must not exist yet.

    `tags` are the semantic tags of concepts that have one.
    """
    connection = sqlite3.connect(path)
    try:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
        connection.executemany(
            "INSERT INTO given VALUES (?, ?, ?, ?, ?)",
            (
                (text, fold_words(text), language, concept, tags.get(concept, ""))
                for text, language, concept in terms
            ),
        )
        connection.execute(
            "INSERT INTO term (text, folded, language, concept, tag) "
            "SELECT text, folded, language, concept, tag FROM given ORDER BY length(folded), given.rowid"
        )
        connection.execute("CREATE INDEX term_by_folded ON term (folded)")
        connection.execute("CREATE INDEX term_by_concept ON term (concept)")
        connection.execute("INSERT INTO words (words) VALUES ('rebuild')")
        connection.execute("INSERT INTO words (words) VALUES ('optimize')")
        connection.commit()
    finally:
        connection.close()
