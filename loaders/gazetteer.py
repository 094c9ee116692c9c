"""The gazetteer tables of the *TEMIST corpora as records: one concept a code, and its terms.

Columns: `code`, `language`, `term`, `semantic_tag`, `mainterm` (1 or true: a preferred term), and perhaps `maps`,
codes of other systems that mean the same, with their prefixes and `|` between them (`MESH:D010195|ICD10:K85`).
Quotes are ordinary characters. The column `code` has no prefixes; the caller gives one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import MappingProxyType

from graph.model import CURIE, Concept, Mapping, Record, Term, TermKind
from loaders.errors import RowMalformed
from loaders.files import SourceFile, head, open_text
from loaders.prefixes import canonical_curie
from loaders.rejections import OTHER_LANGUAGE, Rejections
from loaders.tables import header_of, read_rows

COLUMNS = ("code", "language", "term", "semantic_tag", "mainterm")
MAPS = "maps"
_MAIN: MappingProxyType[str, bool] = MappingProxyType(
    {"1": True, "true": True, "0": False, "false": False, "": False}
)
_CODE = re.compile(r"[^\s+]+")
_NO_CODE = "NO_CODE"


def recognises(file: SourceFile) -> bool:
    """Whether the header is a gazetteer's."""
    return set(COLUMNS) <= set(header_of(head(file)))


def read(
    file: SourceFile, rejections: Rejections, *, prefix: str, languages: Sequence[str]
) -> Iterator[Record]:
    """The concepts `<prefix>:<code>`, each before its terms and mappings.

    A code's first main term in a language is PREFERRED, every other term a synonym; its semantic tag is that
    of its first row. A row with a code, and perhaps a semantic tag and maps, and nothing else is a code without a name.
    Rows are rejected whose code is blank, NO_CODE or a composite (`a+b`), whose term is blank, and so are maps without
    a prefix; rows in a language that is not asked for are left out.

    Raises ColumnMissing, RowMalformed (also for a mainterm that is neither true nor false), SourceDamaged.
    """
    seen: set[CURIE] = set()
    preferred: dict[tuple[CURIE, str], str] = {}
    mapped: set[tuple[CURIE, CURIE]] = set()
    with open_text(file) as lines:
        # Made by hand, often, and without an end of the last line: that alone is no sign that it was cut off.
        for line, row in read_rows(lines, file=file.name, columns=COLUMNS, optional=(MAPS,)):
            code, language, text, tag, mainterm, maps = map(str.strip, row)
            main = _MAIN.get(mainterm.lower())
            if main is None:
                raise RowMalformed(
                    file.name, line, f"has {mainterm!r} in its column mainterm", "write 1 or 0 there"
                )
            nameless = not (language or text or mainterm)
            reason = _why_not(code, language, text, languages, nameless)
            if reason == OTHER_LANGUAGE:
                rejections.leave_out(reason)
                continue
            if reason:
                rejections.add(file.name, line, reason, f"{code} {language}")
                continue
            id = f"{prefix}:{code}"
            if id not in seen:
                seen.add(id)
                yield Concept(id, semantic_tag=tag)
            for reference in filter(None, map(str.strip, maps.split("|"))):
                target = canonical_curie(reference)
                if target is None:
                    rejections.add(file.name, line, "the map has no prefix", reference)
                elif (id, target) not in mapped:
                    mapped.add((id, target))
                    yield Mapping(id, target)
            if nameless:
                continue
            key = (id, language)
            if main and key not in preferred:
                preferred[key] = text
                yield Term(id, text, language, TermKind.PREFERRED)
            elif preferred.get(key) != text:
                yield Term(id, text, language)


def _why_not(code: str, language: str, text: str, languages: Sequence[str], nameless: bool) -> str:
    """Why a row is not used; empty if it is."""
    if code == _NO_CODE or not _CODE.fullmatch(code):
        return "the code is blank, NO_CODE or a composite"
    if nameless:
        return ""
    if not text:
        return "the term is blank"
    if language not in languages:
        return OTHER_LANGUAGE
    return ""
