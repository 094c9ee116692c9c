"""What annotators marked in whole documents: spans with their type and, where the file has them, their codes.

Every mention file that `linker.marked_spans` reads: those with codes are read for these too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from graph.model import CURIE
from linker import mention_formats
from linker.errors import MentionFileError
from linker.marked_spans import document_name, read_marked
from linker.mention_formats import NO_CODE
from linker.mentions import read_mentions

#: The types of mentions, by the labels of the corpora.
TYPE_OF_LABEL = {
    "ENFERMEDAD": "disorder",
    "DIAGNOSTICO": "disorder",
    "SINTOMA": "symptom",
    "PROCEDIMIENTO": "procedure",
    "MORFOLOGIA_NEOPLASIA": "morphology",
}
#: Of the corpora whose files have no labels.
_TYPE_OF_FORMAT = {
    mention_formats.DISTEMIST_HPO.name: "disorder",
    mention_formats.CANTEMIST.name: "morphology",
}


@dataclass(frozen=True, slots=True)
class GoldSpan:
    """A marked mention. `codes` are those any of which is right, `a+b` for a composite; empty where none was given.

    `document` is without the prefix that some corpora add.
    """

    document: str
    start: int
    end: int
    type: str
    codes: tuple[CURIE, ...] = ()


def read_gold(path: Path, type: str = "", prefix: str = "") -> Iterator[GoldSpan]:
    """Stream the marked mentions of a file or of a folder of brat's files.

    `type` is that of all of them, by default what the labels or the corpus tell; `prefix` goes before codes that have
    none. Raises MentionFileError.
    """
    own = type
    if not type and path.is_file():
        own = _TYPE_OF_FORMAT.get(_told(path).name, "")
    codes = _codes(path, prefix)
    for one in read_marked(path):
        named = own or TYPE_OF_LABEL.get(one.label, one.label)
        yield GoldSpan(document_name(one.document), one.start, one.end, named, next(codes, ()))


def _codes(path: Path, prefix: str) -> Iterator[tuple[CURIE, ...]]:
    """The codes of the same mentions in the same order; nothing for a file without codes."""
    if path.is_file():
        format = _told(path)
        if format.refusal or not _has_column(path, format):
            return
    for mention in read_mentions(path, prefix=prefix):
        yield tuple(code for code in mention.codes if code != NO_CODE)


def _has_column(path: Path, format: mention_formats.MentionFormat) -> bool:
    if format.header:
        return True
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return format.code in file.readline().rstrip("\r\n").split("\t")


def _told(path: Path) -> mention_formats.MentionFormat:
    try:
        return mention_formats.told(path)
    except OSError as error:
        raise MentionFileError(f"{path} cannot be read: {error.strerror or error}.") from None


def documents_named(path: Path) -> frozenset[str]:
    """The documents of a list: the first column of each line. Raises MentionFileError."""
    try:
        lines: Sequence[str] = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise MentionFileError(f"{path} is not UTF-8; save the file as UTF-8.") from None
    except OSError as error:
        raise MentionFileError(f"{path} cannot be read: {error.strerror or error}.") from None
    return frozenset(document_name(line.split("\t")[0].strip()) for line in lines if line.strip())
