"""Search as you type over a release's terms, on SQLite FTS5.

Every word of the query is a prefix, in any order. Terms are folded by `linker.normalization` before
they are indexed (accents and case go, ñ stays), so the store's own tokeniser has nothing to fold.
Order: a term equal to the query as typed, then equal after folding, then terms that start with it,
then shorter terms first.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from graph.model import CURIE
from linker.errors import IndexDamaged
from linker.normalization import fold_words

_SCHEMA = """
CREATE TABLE term (row INTEGER PRIMARY KEY, text TEXT NOT NULL, folded TEXT NOT NULL, language TEXT NOT NULL,
                   concept TEXT NOT NULL, length INTEGER NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(folded, content='term', content_rowid='row', columnsize=0, detail=none,
                                      tokenize="unicode61 remove_diacritics 0", prefix='1 2 3');
"""
_QUERY = """
SELECT term.concept, term.text, term.language, term.folded
FROM words JOIN term ON term.row = words.rowid
WHERE words MATCH ? {language}
ORDER BY term.text = ? DESC, term.folded = ? DESC, substr(term.folded, 1, ?) = ? DESC, term.length, term.row
LIMIT ?
"""


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

    def find(self, text: str, first: int, language: str | None = None) -> list[SearchHit]:
        """At most `first` distinct concepts, best first; none for a text without letters or digits."""
        text = text.encode("utf-8", "replace").decode("utf-8")  # lone surrogates, which SQLite refuses
        folded = fold_words(text)
        if not folded or first < 1:
            return []
        match = " ".join(f'"{word}"*' for word in folded.split())
        query = _QUERY.format(language="AND term.language = ?" if language else "")
        limit = first * 8
        while True:
            given = [
                match,
                *([language] if language else []),
                text.strip(),
                folded,
                len(folded),
                folded,
                limit,
            ]
            rows = self._connection().execute(query, given).fetchall()
            hits: dict[CURIE, SearchHit] = {}
            for concept, term, spoken, term_folded in rows:
                if concept not in hits:
                    hits[concept] = SearchHit(concept, term, spoken, _score(text, folded, term, term_folded))
            if len(hits) >= first or len(rows) < limit:
                return list(hits.values())[:first]
            limit *= 4

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


def write_search(path: Path, terms: Iterable[tuple[str, str, CURIE]]) -> None:
    """Write the search file from (text, language, concept id) rows; the file must not exist yet."""
    connection = sqlite3.connect(path)
    try:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
        folded = ((text, fold_words(text), language, concept) for text, language, concept in terms)
        connection.executemany(
            "INSERT INTO term (text, folded, language, concept, length) VALUES (?, ?, ?, ?, ?)",
            ((text, words, language, concept, len(words)) for text, words, language, concept in folded),
        )
        connection.execute("INSERT INTO words (words) VALUES ('rebuild')")
        connection.execute("INSERT INTO words (words) VALUES ('optimize')")
        connection.commit()
    finally:
        connection.close()


def _score(text: str, folded: str, term: str, term_folded: str) -> float:
    if term == text.strip():
        return 1.0
    if term_folded == folded:
        return 0.99
    share = len(folded) / max(len(folded), len(term_folded))
    # In bands, so that scores fall in the order of the hits.
    return round(0.5 + 0.48 * share if term_folded.startswith(folded) else 0.5 * share, 4)
