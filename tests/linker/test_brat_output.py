"""Brat folders: what is written, that it is read back, and that a folder from elsewhere keeps every span."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from annotated_documents import NOTE, ORIGIN, TEXTS, annotation, documents, note, spans
from hypothesis import given, settings
from hypothesis import strategies as st

from linker.annotation import brat_documents
from linker.annotation.formats.brat import annotation_lines, label
from linker.annotation.formats.document_files import file_stem
from linker.annotation.model import AnnotatedDocument, Document, Source, Span
from linker.annotation.writing import render
from linker.errors import MentionFileError


def _kept(span: Span) -> tuple[int, int, tuple[tuple[int, int], ...], str]:
    return span.start, span.end, span.fragments, label(span)


def _read_back(document: AnnotatedDocument) -> Document:
    with tempfile.TemporaryDirectory() as folder:
        render("brat", [document], Path(folder, "brat"), ORIGIN)
        [text] = brat_documents.texts(Path(folder, "brat"))
        return brat_documents.read(text)


def test_the_lines_of_a_note() -> None:
    assert list(annotation_lines(note())) == [
        "T1\tdisorder 24 38\tcáncer de mama",
        "N1\tReference T1 HP:0003002\tCáncer de mama",
        "A1\tfamily T1",
        "T2\tmorphology 24 30\tcáncer",
        "N2\tReference T2 ECIEO:8000/3\tNeoplasia maligna",
        "T3\tdisorder 40 60\tInfarto de miocardio",
        "N3\tReference T3 SNOMEDCT:22298006\tinfarto de miocardio",
        "A2\thistorical T3",
        "T4\tsymptom 84 100;101 108\tDolor torácico e intenso",
        "N4\tReference T4 HP:0100749\tDolor torácico",
        "T5\tsymptom 84 89;101 108\tDolor intenso",
        "N5\tReference T5 HP:0012531\tDolor",
        "T6\tsymptom 113 119\tfiebre",
        "N6\tReference T6 HP:0001945\tFiebre",
        "A3\tnegated T6",
        "T7\tdisorder 129 145\tangina inestable",
        "N7\tReference T7 UMLS:C0002965\tAngina inestable",
        "A4\tuncertain T7",
        "T8\tsymptom 150 156\tdisnea",
        "A5\thypothetical T8",
        "T9\tprocedure 178 191\tTAC abdominal",
        "N9\tReference T9 SNOMEDCT:77477000\ttomografía computarizada",
    ]


def test_a_folder_is_one_that_brat_opens(tmp_path: Path) -> None:
    render("brat", [note(), note()], tmp_path / "brat", ORIGIN)
    assert sorted(path.name for path in (tmp_path / "brat").iterdir()) == [
        "annotation.conf",
        "nota-1-2.ann",
        "nota-1-2.txt",
        "nota-1.ann",
        "nota-1.txt",
    ]
    configuration = (tmp_path / "brat" / "annotation.conf").read_text("utf-8")
    for line in (tmp_path / "brat" / "nota-1.ann").read_text("utf-8").splitlines():
        if found := re.match(r"T\d+\t(\S+) |A\d+\t(\S+) ", line):
            assert (found[1] or found[2]) in configuration.split()


@settings(max_examples=50, deadline=None)
@given(documents())
def test_any_text_with_any_spans_is_read_back(document: AnnotatedDocument) -> None:
    again = _read_back(document)
    assert again.text == document.document.text
    expected = {_kept(_normal(one.span, again.text)) for one in document.annotations}
    assert {_kept(span) for span in again.spans} == expected


def _normal(span: Span, text: str) -> Span:
    """The span without cuts where there are only line ends, which brat cannot tell from a mention over two lines."""
    joined: list[tuple[int, int]] = []
    for start, end in span.fragments or ((span.start, span.end),):
        # Pieces of line ends alone, and those at a mention's sides, have no letter to mark.
        start, end = _without_line_ends(text, start, end)
        if joined and _line_ends(text[joined[-1][1] : start]):
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return Span(
        joined[0][0],
        joined[-1][1],
        span.type,
        span.source,
        fragments=tuple(joined) if len(joined) > 1 else (),
    )


def _line_ends(text: str) -> bool:
    return bool(text) and not "".join(text.splitlines())


def _without_line_ends(text: str, start: int, end: int) -> tuple[int, int]:
    while _line_ends(text[start]):
        start += 1
    while _line_ends(text[end - 1]):
        end -= 1
    return start, end


@settings(max_examples=50, deadline=None)
@given(st.data(), TEXTS)
def test_from_brat_to_brat_nothing_changes(data: st.DataObject, text: str) -> None:
    given_spans = data.draw(st.lists(spans(text), max_size=5))
    first = _read_back(_bare(Document("a", text, tuple(given_spans))))
    second = _read_back(_bare(first))
    assert second == first
    assert all(span.source is Source.GIVEN for span in first.spans)


def _bare(document: Document) -> AnnotatedDocument:
    return AnnotatedDocument(document, tuple(annotation(document.text, span) for span in document.spans))


def test_a_folder_from_elsewhere_is_read_with_its_windows_line_ends_and_pieces(tmp_path: Path) -> None:
    (tmp_path / "uno.txt").write_bytes("Fiebre y\r\ntos 😀 seca\r\n".encode())
    (tmp_path / "uno.ann").write_text(
        "T1\tSINTOMA 0 6\tFiebre\nT2\tSINTOMA 10 13;16 20\ttos seca\n#1\tAnnotatorNotes T1\tR50\n"
        "T3\tSINTOMA 7 8;10 13\ty tos\n",
        "utf-8",
    )
    (tmp_path / "dos.txt").write_text("Sin nada.", "utf-8")
    assert [path.stem for path in brat_documents.texts(tmp_path)] == ["dos", "uno"]
    assert brat_documents.read(tmp_path / "dos.txt") == Document("dos", "Sin nada.")
    read = brat_documents.read(tmp_path / "uno.txt")
    assert read.text == "Fiebre y\r\ntos 😀 seca\r\n"
    assert read.spans == (
        Span(0, 6, "SINTOMA", Source.GIVEN),
        Span(7, 13, "SINTOMA", Source.GIVEN),
        Span(10, 20, "SINTOMA", Source.GIVEN, fragments=((10, 13), (16, 20))),
    )
    assert [span.of(read.text) for span in read.spans] == ["Fiebre", "y\r\ntos", "tos seca"]


@pytest.mark.parametrize(
    ("ann", "told"),
    [
        ("T1\tX 0 4\tFiebre\n", "uno.ann:1 marks 'Fiebre' where the text has 'Fieb'"),
        ("T1\tX 0 6\tFiebre\nT2\tX 90 96\tFiebre\n", "uno.ann:2 marks 'Fiebre' where the text has ''"),
        ("T1\tX 6 0\tFiebre\n", "uno.ann:1 marks"),
        ("T1\tX 0 6 Fiebre\n", "uno.ann:1 is no mention of brat"),
    ],
)
def test_a_mention_that_is_not_there_is_named(tmp_path: Path, ann: str, told: str) -> None:
    (tmp_path / "uno.txt").write_text("Fiebre", "utf-8")
    (tmp_path / "uno.ann").write_text(ann, "utf-8")
    with pytest.raises(MentionFileError, match=re.escape(told)):
        brat_documents.read(tmp_path / "uno.txt")


def test_a_text_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "uno.txt").write_bytes("Fiébre".encode("latin-1"))
    with pytest.raises(MentionFileError, match=r"uno\.txt is not UTF-8"):
        brat_documents.read(tmp_path / "uno.txt")


def test_halves_of_characters_keep_the_offsets(tmp_path: Path) -> None:
    text = "a\ud800 fiebre"
    document = AnnotatedDocument(
        Document("\udfff", text), (annotation(text, Span(3, 9, "symptom", Source.DICTIONARY)),)
    )
    render("brat", [document], tmp_path / "brat", ORIGIN)
    [path] = brat_documents.texts(tmp_path / "brat")
    read = brat_documents.read(path)
    assert read.text == "a\ufffd fiebre"
    assert [span.of(read.text) for span in read.spans] == ["fiebre"]


@given(st.text(max_size=300))
def test_a_file_is_named_so_that_it_stays_in_its_folder(id: str) -> None:
    stem = file_stem(id.encode("utf-8", "replace").decode())
    assert stem == Path(stem).name
    assert not stem.startswith(".")
    assert 0 < len(stem.encode()) <= 200


def test_the_texts_stay_what_they_were(tmp_path: Path) -> None:
    render("brat", [note()], tmp_path / "brat", ORIGIN)
    assert (tmp_path / "brat" / "nota-1.txt").read_bytes() == NOTE.encode()
