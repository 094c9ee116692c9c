"""The mention files that are told by their header or shape, and what their columns mean.

    DisTEMIST linking    filename mark label off0 off1 span code semantic_rel, with or without cross-mapped codes
    MedProcNER linking   filename label start_span end_span text code sem_rel …
    SympTEMIST linking   filename label span_ini span_end text code sem_rel …
    DisTEMIST to HPO     doc start end span hpo …
    CANTEMIST            doc start end span code, where the first code is one of eCIE-O
    CodiEsp X            no header: document, kind, code, evidence, offsets
    any other table      span, code; doc, document or filename; start and end, if they are there

Codes become CURIEs: the corpora write them bare, and each has its terminology. Files that mark spans
without codes, and lists of documents' codes, are told too, so that they can be refused with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from graph.model import CURIE

NO_CODE = "NO_CODE"
"""What stands where an annotator, or the file, gives a mention no code."""

_NONE = frozenset([NO_CODE, "NOMAP", "None"])
# A spreadsheet that takes an SCTID for a number keeps 15 of its digits; the code is lost.
_LOST = re.compile(r"\d+(\.\d+)?E\+\d+")
_ECIEO = re.compile(r"\d{4}/\d{1,2}(/H)?")
_CODIESP_CODES = re.compile(r"S\d{4}-\S+\t[0-9a-z][0-9a-z.]{2,}")
_SNOMED = "SNOMEDCT"


@dataclass(frozen=True, slots=True)
class MentionFormat:
    """Where a kind of mention file keeps what.

    `documents` are the columns that may name the document, the first that is there counts. `prefixes` gives code
    columns the prefix of their codes; `prefix_by_label` gives it by the column `label` instead. `header` names the
    columns of a file that has no header. `refusal` says why a file of this kind has no coded mentions.
    """

    name: str
    span: str = "span"
    code: str = "code"
    documents: tuple[str, ...] = ("doc", "document", "filename")
    start: str = "start"
    end: str = "end"
    prefixes: Mapping[str, str] = field(default_factory=dict)
    prefix_by_label: Mapping[str, str] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    refusal: str = ""

    def prefix(self, code_column: str, row: Mapping[str, str]) -> str:
        """The prefix of a row's codes; empty where they have their own. Raises KeyError for an unknown label."""
        if self.prefix_by_label:
            return self.prefix_by_label[row["label"]]
        return self.prefixes.get(code_column, "")

    def offsets(self, row: Mapping[str, str]) -> tuple[int | None, int | None]:
        """First character and the one after the last, of a span in pieces as of one; None where none is given."""
        numbers = [row.get(self.start), row.get(self.end)]
        if self.header:
            # Pieces of a span are not always in the order of the text.
            pieces = sorted(re.findall(r"\d+", row[self.start]), key=int)
            numbers = [pieces[0], pieces[-1]] if pieces else [None, None]
        start, end = (int(text) if text and text.strip().isdecimal() else None for text in numbers)
        return start, end


ANY = MentionFormat("table")
DISTEMIST = MentionFormat(
    "DisTEMIST linking",
    start="off0",
    end="off1",
    prefixes={"code": _SNOMED, "mesh_code": "MESH", "omim_code": "OMIM", "icd10_code": "ICD10"},
)
MEDPROCNER = MentionFormat(
    "MedProcNER linking",
    span="text",
    start="start_span",
    end="end_span",
    prefixes={"code": _SNOMED},
)
SYMPTEMIST = MentionFormat(
    "SympTEMIST linking",
    span="text",
    start="span_ini",
    end="span_end",
    prefixes={"code": _SNOMED},
)
DISTEMIST_HPO = MentionFormat("DisTEMIST to HPO", code="hpo", prefixes={"source_code": _SNOMED})
CANTEMIST = MentionFormat("CANTEMIST", prefixes={"code": "ECIEO"})
CODIESP = MentionFormat(
    "CodiEsp X",
    start="offsets",
    end="offsets",
    prefix_by_label={"DIAGNOSTICO": "ICD10CM", "PROCEDIMIENTO": "ICD10PCS"},
    header=("document", "label", "code", "span", "offsets"),
)
_SPANS_ALONE = "marks spans and gives them no codes; give the corpus's linking file"
DISTEMIST_SPANS = MentionFormat("DisTEMIST spans", start="off0", end="off1", refusal=_SPANS_ALONE)
SPANS = MentionFormat("spans", span="text", start="start_span", end="end_span", refusal=_SPANS_ALONE)
DOCUMENT_CODES = MentionFormat(
    "document codes", refusal="lists the codes of documents and not of mentions; give CodiEsp's X file"
)

_BY_HEADER: tuple[tuple[frozenset[str], MentionFormat], ...] = (
    (frozenset(["filename", "off0", "off1", "span", "code"]), DISTEMIST),
    (frozenset(["filename", "start_span", "end_span", "text", "code"]), MEDPROCNER),
    (frozenset(["filename", "span_ini", "span_end", "text", "code"]), SYMPTEMIST),
    (frozenset(["doc", "start", "end", "span", "hpo"]), DISTEMIST_HPO),
    (frozenset(["filename", "label", "off0", "off1", "span"]), DISTEMIST_SPANS),
    (frozenset(["filename", "label", "start_span", "end_span", "text"]), SPANS),
)


def told(path: Path) -> MentionFormat:
    """The format of a file, by its first two lines. Raises OSError."""
    with path.open("rb") as file:
        first, second = (file.readline().decode("utf-8", "replace").rstrip("\r\n") for _ in range(2))
    header = first.removeprefix("\ufeff").split("\t")
    for columns, format in _BY_HEADER:
        if columns <= set(header):
            return format
    if len(header) == len(CODIESP.header) and header[1] in CODIESP.prefix_by_label:
        return CODIESP
    if _CODIESP_CODES.fullmatch(first):
        return DOCUMENT_CODES
    if {"doc", "start", "end", "span", "code"} <= set(header):
        row = dict(zip(header, second.split("\t"), strict=False))
        if is_ecieo(row.get("code", "")):
            return CANTEMIST
    return ANY


def is_ecieo(code: str) -> bool:
    """Whether a bare code looks like one of eCIE-O: `8140/3`, `8140/31/H`."""
    return bool(_ECIEO.fullmatch(code))


def codes_of(cell: str, prefix: str = "") -> tuple[CURIE, ...]:
    """The codes of a cell: `|` separates codes any of which is right, `+` joins the parts of a composite.

    Codes without a prefix get `prefix`, where one is given. `NO_CODE`, `NOMAP`, `None` and a code that a
    spreadsheet rounded (`1.472E+016`) give (NO_CODE,), unless another code stands beside them. Raises
    ValueError for an empty code.
    """
    codes = []
    for alternative in cell.split("|"):
        if _LOST.search(alternative):
            continue
        parts = [part.strip() for part in alternative.split("+")]
        if not all(parts):
            raise ValueError("an empty code")
        if parts[0] in _NONE and len(parts) == 1:
            continue
        codes.append("+".join(_with_prefix(part, prefix) for part in parts))
    return tuple(dict.fromkeys(codes)) or (NO_CODE,)


def _with_prefix(code: str, prefix: str) -> CURIE:
    if code in _NONE:
        return NO_CODE
    return code if not prefix or ":" in code else f"{prefix}:{code}"


def named_first(columns: Sequence[str], there: Mapping[str, str]) -> str | None:
    """The first of `columns` that a row has."""
    return next((column for column in columns if column in there), None)
