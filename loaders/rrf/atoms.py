"""MRCONSO.RRF: which concepts there are, what they are called, and which codes they have.

Each row is an atom: what one source calls a concept. Rows are put aside on disk by ranges of concepts, and
`loaders.rrf.concepts` makes records of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from loaders.rejections import OTHER_LANGUAGE, Rejections
from loaders.rrf.columns import CONCEPTS, RANKS
from loaders.rrf.identifiers import CUIS
from loaders.rrf.release import Metathesaurus
from loaders.rrf.rows import Kind, Rows, Words, read_rows
from loaders.rrf.shelves import Scratch, Shelf
from loaders.rrf.vocabulary import LANGUAGES, NO_CODE, SUPPRESSED, code_column, system

IS_SUPPRESSED = "the row is suppressed"
OTHER_SOURCE = "the source is not among those asked for"

_COLUMNS = {
    "CUI": Kind.CUI, "LAT": Kind.WORD, "TS": Kind.WORD, "STT": Kind.WORD, "ISPREF": Kind.WORD, "AUI": Kind.AUI,
    "SCUI": Kind.TEXT, "SAB": Kind.WORD, "TTY": Kind.WORD, "CODE": Kind.TEXT, "STR": Kind.TEXT,
    "SUPPRESS": Kind.WORD,
}  # fmt: skip
_RANK_COLUMNS = {"RANK": Kind.TEXT, "SAB": Kind.WORD, "TTY": Kind.WORD}
#: Ranks have four digits.
_RANKS = 10_000
#: Two codes of words as one number.
_PAIR = 1 << 20


class Selection:
    """Which rows of a release are asked for: languages without their regions, in order; sources, or all if none."""

    def __init__(self, languages: Sequence[str], sources: Sequence[str], words: Words) -> None:
        self.languages = list(dict.fromkeys(tag.lower().partition("-")[0] for tag in languages))
        self.sources = frozenset(sources)
        self.words = words

    def unsuppressed(self, rows: Rows, rejections: Rejections) -> Rows:
        """The rows that are not suppressed."""
        return self._keep(rows, self.words.among(SUPPRESSED)[rows["SUPPRESS"]], IS_SUPPRESSED, rejections)

    def of_sources(self, rows: Rows, rejections: Rejections) -> Rows:
        """The rows of the sources asked for."""
        if not self.sources:
            return rows
        other = ~self.words.among(self.sources)[rows["SAB"]]
        return self._keep(rows, other, OTHER_SOURCE, rejections)

    def in_languages(
        self, rows: Rows, lats: NDArray[np.int64], rejections: Rejections
    ) -> tuple[Rows, NDArray[np.int8]]:
        """The rows in the languages asked for, and the place of each one's. `lats` are codes of LAT; -1 is none."""
        places = [
            self.languages.index(LANGUAGES[lat]) if LANGUAGES.get(lat) in self.languages else -1
            for lat in self.words.texts
        ]
        found = np.array([*places, -1], np.int8)[lats]
        return self._keep(rows, found < 0, OTHER_LANGUAGE, rejections), found[found >= 0]

    def _keep(self, rows: Rows, out: NDArray[np.bool_], reason: str, rejections: Rejections) -> Rows:
        count = int(np.count_nonzero(out))
        if count:
            rejections.leave_out(reason, count)
        return rows.keep(~out)


class Atoms:
    """What MRCONSO.RRF tells. Flags are by the number of a CUI, shape (CUIS,).

    `known`: any row speaks of the concept; `declared`: a row that is kept names it. `terms` and `codes`
    are rows by concept: the atoms kept, and the codes of every source kept, whatever their language. `owners`
    tells the concept of each atom, of those left out too.
    """

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        self.known = np.zeros(CUIS, np.bool_)
        self.declared = np.zeros(CUIS, np.bool_)
        self.terms = Shelf(
            cui=pa.uint32(), language=pa.int8(), order=pa.uint32(), aui=pa.uint32(), text=pa.string()
        )
        self.codes = Shelf(cui=pa.uint32(), system=pa.int16(), code=pa.string())
        self.systems = Words()
        self.owners = Owners()
        #: Source and term type → rank, the greater the more preferred; source → rows by language. By codes.
        self.ranks: dict[tuple[int, int], int] = {}
        self._languages: dict[int, NDArray[np.int64]] = {}

    def sources(self) -> list[str]:
        """The sources that have atoms, sorted."""
        return sorted(self.selection.words.texts[source] for source in self._languages)

    def ranked_sources(self) -> list[str]:
        """The sources that have atoms, by the greatest rank of their term types, the most preferred first."""
        best: dict[int, int] = dict.fromkeys(self._languages, 0)
        for (source, _), rank in self.ranks.items():
            best[source] = max(best.get(source, 0), rank)
        texts = self.selection.words.texts
        return [texts[source] for source in sorted(best, key=lambda source: (-best[source], texts[source]))]

    def languages_of(self, sources: NDArray[np.int64]) -> NDArray[np.int64]:
        """LAT of each source: the one of most of its atoms; -1 for a source that has none."""
        texts = len(self.selection.words)
        found = np.full(texts, -1, np.int64)
        for source, rows in self._languages.items():
            found[source] = rows.argmax()
        return found[sources]

    def close(self) -> None:
        """Let go of what is on disk."""
        for part in (self.terms, self.codes, self.owners):
            part.close()

    def take(self, rows: Rows, rejections: Rejections) -> None:
        """Put some rows aside."""
        self.known[rows["CUI"]] = True
        self.owners.put(rows)
        self._count_languages(rows)
        rows = self.selection.unsuppressed(rows, rejections)
        rows = self.selection.of_sources(rows, rejections)
        self._take_codes(rows)
        unknown = ~np.array([lat in LANGUAGES for lat in self.selection.words.texts], np.bool_)
        rows = _reject_words(
            rows, unknown, "LAT", "the language is not known", self.selection.words, rejections
        )
        rows, languages = self.selection.in_languages(rows, rows["LAT"], rejections)
        blank = pc.equal(pc.utf8_trim_whitespace(rows["STR"]), "").to_numpy(zero_copy_only=False)
        languages = languages[~blank]
        rows = rows.rejecting(blank, "the atom has no text", "STR", rejections)
        self.declared[rows["CUI"]] = True
        self.terms.put(
            rows["CUI"], cui=rows["CUI"], language=languages, order=self._order(rows), aui=rows["AUI"],
            text=rows["STR"],
        )  # fmt: skip

    def _order(self, rows: Rows) -> NDArray[np.uint32]:
        """The less, the sooner an atom is preferred: by rank of source and term type, then ISPREF, TS and STT."""
        pairs, at = np.unique(rows["SAB"] * _PAIR + rows["TTY"], return_inverse=True)
        ranks = np.array([self.ranks.get(divmod(pair, _PAIR), 0) for pair in pairs.tolist()], np.int64)
        order = (_RANKS - 1 - ranks)[at] if len(pairs) else np.zeros(0, np.int64)
        for column, best in (("ISPREF", "Y"), ("TS", "P"), ("STT", "PF")):
            order = 2 * order + (rows[column] != self.selection.words.code(best))
        return order.astype(np.uint32)

    def _take_codes(self, rows: Rows) -> None:
        """Put the codes aside. Which column holds a source's, and what the system is called, is by source."""
        texts = self.selection.words.texts
        from_scui = np.array([code_column(text) == "SCUI" for text in texts], np.bool_)
        codes = pc.if_else(pa.array(from_scui[rows["SAB"]]), rows["SCUI"], rows["CODE"])
        there = ~pc.is_in(codes, pa.array(["", NO_CODE])).to_numpy(zero_copy_only=False)
        systems = np.array([self.systems.code(system(text)) for text in texts], np.int16)
        self.codes.put(
            rows["CUI"][there], cui=rows["CUI"][there], system=systems[rows["SAB"][there]],
            code=codes.filter(pa.array(there)),
        )  # fmt: skip

    def _count_languages(self, rows: Rows) -> None:
        pairs, counts = np.unique(rows["SAB"] * _PAIR + rows["LAT"], return_counts=True)
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
            source, language = divmod(pair, _PAIR)
            held = self._languages.get(source, np.zeros(0, np.int64))
            if len(held) <= language:
                held = np.concatenate((held, np.zeros(language + 1 - len(held), np.int64)))
            held[language] += count
            self._languages[source] = held


class Owners:
    """Which concept each atom belongs to, on disk until it is asked for."""

    _ROW = np.dtype([("aui", np.uint32), ("cui", np.uint32), ("source", np.int32)])

    def __init__(self) -> None:
        self._scratch = Scratch()

    def put(self, rows: Rows) -> None:
        """Note the atoms of some rows of MRCONSO.RRF."""
        made = np.empty(len(rows), self._ROW)
        made["aui"], made["cui"], made["source"] = rows["AUI"], rows["CUI"], rows["SAB"]
        self._scratch.append(made.tobytes())

    def of(self, sources: NDArray[np.bool_]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """The AUIs of the atoms of some sources, sorted, and the CUI of each."""
        parts, step = [np.empty((2, 0), np.uint32)], self._ROW.itemsize << 20
        for start in range(0, self._scratch.size, step):
            rows = np.frombuffer(self._scratch.read(start, step), self._ROW)
            rows = rows[sources[rows["source"]]]
            parts.append(np.stack((rows["aui"], rows["cui"])))
        auis, cuis = np.concatenate(parts, axis=1)
        order = np.argsort(auis, kind="stable")
        return auis[order], cuis[order]

    def close(self) -> None:
        """Let go of the rows."""
        self._scratch.close()


def read_atoms(release: Metathesaurus, atoms: Atoms, rejections: Rejections) -> None:
    """Read MRRANK.RRF, where there is one, and MRCONSO.RRF. Raises SourceDamaged, SourceEmpty."""
    words = atoms.selection.words
    ranks = release.table(RANKS)
    if ranks is not None:
        for rows in read_rows(ranks, _RANK_COLUMNS, words, rejections):
            bad = ~pc.match_substring_regex(rows["RANK"], r"^\d{1,4}$").to_numpy(zero_copy_only=False)
            rows = rows.rejecting(bad, "the rank is no number of four digits", "RANK", rejections)
            columns = (rows["SAB"].tolist(), rows["TTY"].tolist(), rows["RANK"].to_pylist())
            for source, type, rank in zip(*columns, strict=True):
                atoms.ranks[source, type] = int(rank)
    for rows in read_rows(release.tables[CONCEPTS], _COLUMNS, words, rejections):
        atoms.take(rows, rejections)


def _reject_words(
    rows: Rows, bad: NDArray[np.bool_], column: str, reason: str, words: Words, rejections: Rejections
) -> Rows:
    out = bad[rows[column]]
    for line, word in zip(rows.lines[out].tolist(), rows[column][out].tolist(), strict=True):
        rejections.add(rows.file, line, reason, words.texts[word])
    return rows.keep(~out)
