"""RDF files (RDF/XML, Turtle, N-Triples; plain or gzip) as a stream of triples with the lines they stand on.

pyoxigraph parses. It is fed line by line, so that the line of every triple is known. Beside it, expat
reads RDF/XML for its well-formedness: pyoxigraph takes a document that breaks off for one that ends.
Nothing is fetched: neither imports nor the external entities of a document type.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TypeAlias, cast
from xml.parsers import expat

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, QuadParser, RdfFormat, Triple, parse

from loaders.errors import FormatMismatch, LoadError, SourceDamaged
from loaders.files import SourceFile, head, open_bytes

#: What stands in the place of a subject or an object; a Triple only in RDF 1.2, and it says nothing of classes.
Node: TypeAlias = BlankNode | Literal | NamedNode | Triple

RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_BOM = b"\xef\xbb\xbf"
_NAMES = {RdfFormat.RDF_XML: "RDF/XML", RdfFormat.TURTLE: "Turtle"}

_COMMENTS = re.compile(r"(?:\s*#[^\n]*\n)*\s*")
_XML = re.compile(r"<(?:\?xml\b|!DOCTYPE\b|!--|(?:[\w-]+:)?RDF[\s>])")
_TURTLE = re.compile(r"@prefix\s|@base\s|(?i:prefix\s|base\s)|<[^<>\"{}|^`\\\s]*>\s|_:\S+\s+<")
_OXIGRAPH_PLACE = re.compile(r"^Parser error at line .*?: | \(line \d+\)$")
_BREAKS_OFF = frozenset(
    {
        expat.errors.codes[message]
        for message in (
            expat.errors.XML_ERROR_NO_ELEMENTS,
            expat.errors.XML_ERROR_UNCLOSED_TOKEN,
            expat.errors.XML_ERROR_PARTIAL_CHAR,
            expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        )
    }
)
#: How much of a file is read to tell what it holds, and how many typed subjects are enough.
_LOOKED_AT_BYTES = 4 << 20
_ENOUGH = 100
#: Of the parser's message, which may quote the file, so much is told.
_SHOWN_CHARS = 160
#: How long the values of a document type's entities may be, written out. They shorten IRIs.
_ENTITIES_CHARS = 1 << 16
_ENTITY = re.compile(r"&([^;&]+);")
_HEADER_TRIPLES = 5000


def syntax_of(start: str) -> RdfFormat | None:
    """The RDF syntax of a text that begins with `start`; None if it is not RDF. Turtle holds N-Triples."""
    text = start[_leading(start) :]
    if _XML.match(text):
        return RdfFormat.RDF_XML if _RDF in text else None
    return RdfFormat.TURTLE if _TURTLE.match(text) else None


def _leading(text: str) -> int:
    found = _COMMENTS.match(text)
    return found.end() if found else 0


class TripleStream:
    """The triples of a file, once. Iterating raises SourceDamaged, naming the line, where it is malformed."""

    def __init__(self, content: IO[bytes], syntax: RdfFormat, file: str, limit_bytes: int = 0) -> None:
        self._lines = _Lines(content, syntax == RdfFormat.RDF_XML, limit_bytes)
        self._syntax = syntax
        self._file = file
        self._parser: QuadParser | None = None

    @property
    def line(self) -> int:
        """The line, from 1, on which the last triple ended."""
        return self._lines.number

    @property
    def prefixes(self) -> dict[str, str]:
        """The IRI beginning of each prefix that was declared so far; of several, the first."""
        declared = dict(self._lines.prefixes)
        if self._parser is not None:
            declared |= self._parser.prefixes
        return declared

    def __iter__(self) -> Iterator[Quad]:
        try:
            # Lenient: an IRI that breaks the rules costs its own triples, not the file.
            self._parser = parse(cast("IO[bytes]", self._lines), self._syntax, lenient=True)
            yield from self._parser
        except expat.ExpatError as error:
            self._raise_damaged("" if error.code in _BREAKS_OFF else str(error), error.lineno)
        except _EntitiesSwell:
            self._raise_damaged("its entities are too large", self.line)
        except SyntaxError as error:
            why = " ".join(_OXIGRAPH_PLACE.sub("", _OXIGRAPH_PLACE.sub("", str(error.msg))).split())
            why = why if len(why) <= _SHOWN_CHARS else f"{why[:_SHOWN_CHARS]}…"
            self._raise_damaged("" if "nexpected end" in why else why, error.lineno or self.line)

    def _raise_damaged(self, why: str, row: int) -> None:
        name = _NAMES[self._syntax]
        if not self._lines.is_utf8():
            raise SourceDamaged(self._file, "it is not UTF-8", row=row, todo="convert the file to UTF-8")
        what = f"its {name} is malformed ({why})" if why else f"its {name} breaks off"
        raise SourceDamaged(self._file, what, row=row) from None


@contextmanager
def open_triples(file: SourceFile, named: str, limit_bytes: int = 0) -> Iterator[TripleStream]:
    """The triples of a file; with `limit_bytes`, of its beginning, which then breaks off.

    Raises FormatMismatch where it is not RDF, with `named` for what was expected; SourceNotFound,
    SourceEmpty, SourceDamaged.
    """
    syntax = syntax_of(head(file))
    if syntax is None:
        raise FormatMismatch(file.name, named, "it begins neither as RDF/XML nor as Turtle or N-Triples")
    with open_bytes(file) as content:
        yield TripleStream(content, syntax, file.name, limit_bytes)


def count_types(file: SourceFile, types: Container[str]) -> Counter[str]:
    """How many named subjects the beginning of a file has of each of `types`; none if it is not RDF."""
    found: Counter[str] = Counter()
    if syntax_of(head(file)) is None:
        return found
    try:
        with open_triples(file, "RDF", _LOOKED_AT_BYTES) as triples:
            for triple in triples:
                if triple.predicate.value != RDF_TYPE or not isinstance(triple.object, NamedNode):
                    continue
                if isinstance(triple.subject, NamedNode) and triple.object.value in types:
                    found[triple.object.value] += 1
                    if found.total() >= _ENOUGH:
                        break
    except LoadError:
        # The beginning breaks off where the limit is; what is damaged is told when the file is read.
        pass
    return found


def first_value(file: SourceFile, properties: Sequence[str]) -> str:
    """The value of the first of `properties` that a resource in the file's header has, or ""."""
    told: dict[str, str] = {}
    try:
        with open_triples(file, "RDF", _LOOKED_AT_BYTES) as triples:
            for count, triple in enumerate(triples):
                if triple.predicate.value in properties and isinstance(triple.object, NamedNode | Literal):
                    told.setdefault(triple.predicate.value, triple.object.value)
                if count > _HEADER_TRIPLES or properties[0] in told:
                    break
    except LoadError:
        # Reading the file will tell.
        pass
    return next((told[property] for property in properties if property in told), "")


class _EntitiesSwell(Exception):
    """The entities of a document type are larger than any ontology needs."""


class _Lines:
    """A file for pyoxigraph that gives one line a call, counts them, and shows them to expat if it is XML."""

    def __init__(self, content: IO[bytes], xml: bool, limit_bytes: int) -> None:
        self.number = 1
        self.prefixes: dict[str, str] = {}
        self._entities: dict[str, int] = {}
        self._content = content
        self._left = limit_bytes
        self._limited = bool(limit_bytes)
        self._piece = b""
        self._first = True
        self._expat = expat.ParserCreate(namespace_separator=" ") if xml else None
        if self._expat is not None:
            self._expat.StartNamespaceDeclHandler = self._declare
            self._expat.EntityDeclHandler = self._measure

    def read(self, size: int = -1) -> bytes:
        """The next line, or the next `size` bytes of it; empty at the end."""
        if self._piece.endswith(b"\n"):
            self.number += 1
        piece = b"" if self._limited and self._left <= 0 else self._content.readline(size)
        self._left -= len(piece)
        if self._first and piece:
            self._first = False
            # A first line of nothing but a byte order mark must not look like the end.
            piece = piece.removeprefix(_BOM) or self._content.readline(size)
        self._piece = piece
        if self._expat is not None:
            self._expat.Parse(piece, not piece)
        return piece

    def is_utf8(self) -> bool:
        """Whether the last line given is text."""
        try:
            self._piece.decode("utf-8")
        except UnicodeDecodeError as error:
            # A long line is given in pieces, which may end within a character.
            return error.end == len(self._piece) and not self._piece.endswith(b"\n")
        return True

    def _measure(self, name: str, is_parameter: bool, value: str | None, *external: str | None) -> None:
        """Refuse entities that swell, before pyoxigraph writes them out."""
        nested = sum(self._entities.get(used, 0) for used in _ENTITY.findall(value or ""))
        self._entities[name] = len(value or "") + nested
        if sum(self._entities.values()) > _ENTITIES_CHARS:
            raise _EntitiesSwell

    def _declare(self, prefix: str | None, iri: str | None) -> None:
        if prefix and iri:
            self.prefixes.setdefault(prefix, iri)
