"""Mention files: what is read from them, and that a bad row is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from linker.errors import MentionFileError
from linker.mentions import GoldMention, TableSpan, read_mentions, read_spans, split_documents, write_mentions


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mentions.tsv"


def refused(path: Path, content: str | bytes, **columns: str) -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(MentionFileError) as caught:
        list(read_mentions(path, **columns))
    told = str(caught.value)
    assert told.startswith(str(path))
    assert told.endswith(".")
    return told.removeprefix(str(path))


def test_a_row_is_a_mention(path: Path) -> None:
    path.write_text('doc\tspan\tcode\tmark\nd1\t "tos \tA:1|A:2\tx\n\nd2\tfiebre y tos\tA:3+A:1\t\n', "utf-8")
    simple, composite = read_mentions(path)
    assert simple == GoldMention('"tos', ("A:1", "A:2"), "d1")
    assert not simple.composite
    assert composite == GoldMention("fiebre y tos", ("A:3+A:1",), "d2")
    assert composite.composite


def test_columns_can_be_named(path: Path) -> None:
    path.write_text("filename\tfichero\ttexto\thpo\nf\tg\tasma\tHP:1\n", "utf-8")
    columns = {"span_column": "texto", "code_column": "hpo"}
    assert list(read_mentions(path, **columns)) == [GoldMention("asma", ("HP:1",), "f")]
    assert next(read_mentions(path, **columns, document_column="fichero")).document == "g"


def test_a_file_may_name_no_documents(path: Path) -> None:
    path.write_text("span\tcode\nasma\tA:1\n", "utf-8")
    assert list(read_mentions(path)) == [GoldMention("asma", ("A:1",), "")]


def test_a_byte_order_mark_and_windows_line_ends_are_no_text(path: Path) -> None:
    path.write_bytes("\ufeffspan\tcode\r\naño\tA:1\r\n".encode())
    assert list(read_mentions(path)) == [GoldMention("año", ("A:1",), "")]


def test_a_column_is_read_with_its_lines(path: Path) -> None:
    path.write_text("id\tspan\n1\tasma\n\n2\t\n", "utf-8")
    assert list(read_spans(path, "span")) == [
        TableSpan(2, "asma", None, None, None),
        TableSpan(4, "", None, None, None),
    ]


def test_a_missing_column_is_named_with_those_there_are(path: Path) -> None:
    assert refused(path, "doc\tspan\n") == " has no column 'code'; its columns are doc, span."
    assert "no column 'texto'" in refused(path, "span\tcode\n", span_column="texto")
    assert "no column 'id'" in refused(path, "span\tcode\n", document_column="id")
    assert refused(path, "") == " has no column 'span'; its columns are none."


def test_a_short_row_is_named(path: Path) -> None:
    assert refused(path, "span\tcode\nasma\tA:1\ntos\n") == ":3 has no 'code'; complete the row."


def test_a_row_too_short_for_its_document_is_named(path: Path) -> None:
    # It would go to training whatever its document is.
    assert refused(path, "span\tcode\tdoc\nasma\tA:1\td\ntos\tA:2\n") == ":3 has no 'doc'; complete the row."


@pytest.mark.parametrize(("row", "column"), [("\tA:1", "span"), (" \tA:1", "span"), ("asma\t", "code")])
def test_an_empty_cell_is_named(row: str, column: str, path: Path) -> None:
    told = refused(path, f"span\tcode\ntos\tA:2\n{row}\n")
    assert told == f":3 has an empty {column!r}; fill it in or remove the row."


def test_text_in_another_encoding_is_named_with_its_row(path: Path) -> None:
    rows = "span\tcode\n" + "asma\tA:1\n" * 5000
    told = refused(path, rows.encode() + "año\tA:2\n".encode("latin-1"))
    assert told == ":5002 is not UTF-8; save the file as UTF-8."


def test_a_row_that_no_table_has_is_named(path: Path) -> None:
    assert refused(path, f"span\tcode\n{'x' * 200_000}\tA:1\n").startswith(":2 cannot be read (field larger")


def test_a_missing_file_is_named(path: Path) -> None:
    with pytest.raises(MentionFileError, match=r"mentions\.tsv cannot be read: No such file"):
        list(read_mentions(path))
    with pytest.raises(MentionFileError, match="cannot be read: Is a directory"):
        list(read_mentions(path.parent))


def test_what_is_written_is_read_again(path: Path) -> None:
    mentions = [GoldMention("año\tnuevo", ("A:1", "A:2"), "d1"), GoldMention('"tos', ("A:3+A:4",))]
    assert write_mentions(path, mentions) == 2
    assert list(read_mentions(path)) == [GoldMention("año nuevo", ("A:1", "A:2"), "d1"), mentions[1]]


class TestSplit:
    MENTIONS = tuple(GoldMention(f"span {i}", ("A:1",), f"doc{i // 4}") for i in range(2000))

    def test_a_document_is_on_one_side_whole(self) -> None:
        training, dev = split_documents(self.MENTIONS, 0.2)
        assert not {m.document for m in training} & {m.document for m in dev}
        assert len(training) + len(dev) == len(set(training) | set(dev)) == len(self.MENTIONS)
        assert 0.15 < len({m.document for m in dev}) / 500 < 0.25

    def test_a_documents_side_depends_on_its_name_alone(self) -> None:
        dev = {m.document for m in split_documents(self.MENTIONS, 0.2)[1]}
        again = split_documents(reversed(self.MENTIONS[:400]), 0.2)[1]
        assert {m.document for m in again} == dev & {m.document for m in self.MENTIONS[:400]}
        assert split_documents([GoldMention("x", ("B:1",), "S0004-06142005000700014-1")], 0.2)[0]

    def test_a_larger_share_holds_the_smaller_one(self) -> None:
        small, large = (split_documents(self.MENTIONS, share)[1] for share in (0.1, 0.4))
        assert {m.document for m in small} < {m.document for m in large}

    def test_the_ends(self) -> None:
        assert split_documents(self.MENTIONS, 0.0)[1] == []
        assert split_documents(self.MENTIONS, 1.0)[0] == []

    def test_without_a_document_a_mention_is_for_training(self) -> None:
        mention = GoldMention("asma", ("A:1",))
        assert split_documents([mention], 1.0) == ([mention], [])
