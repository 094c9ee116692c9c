"""Brat's annotation files: what is a mention, which code its note gives, and that a bad line is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker import brat
from linker.errors import MentionFileError
from linker.mention_formats import NO_CODE
from linker.mentions import GoldMention, read_mentions

ANN = (
    "T1\tMORFOLOGIA_NEOPLASIA 2719 2740\tCarcinoma microcítico\n"
    "#1\tAnnotatorNotes T1\t8041/3\n"
    "T2\tMORFOLOGIA_NEOPLASIA 30 39;50 60\tmetástasis hepáticas\n"
    "A1\tNegation T2\n"
    "T3\tMORFOLOGIA_NEOPLASIA 70 75\ttumor\n"
    "#2\tAnnotatorNotes T2\t8000/6\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cc_onco2.ann").write_text("", "utf-8")
    (tmp_path / "cc_onco1.ann").write_text(ANN, "utf-8")
    (tmp_path / "cc_onco1.txt").write_text("texto", "utf-8")
    return tmp_path


def test_a_folder_is_a_mention_file(folder: Path) -> None:
    assert list(read_mentions(folder)) == [
        GoldMention("Carcinoma microcítico", ("ECIEO:8041/3",), "cc_onco1", 2719, 2740),
        GoldMention("metástasis hepáticas", ("ECIEO:8000/6",), "cc_onco1", 30, 60),
        GoldMention("tumor", (NO_CODE,), "cc_onco1", 70, 75),
    ]


def test_other_codes_get_the_prefix_that_is_given(folder: Path) -> None:
    (folder / "cc_onco1.ann").write_text("T1\tX 1 4\ttos\n#1\tAnnotatorNotes T1\t49727002|A:1\n", "utf-8")
    assert next(read_mentions(folder, prefix="SNOMEDCT")).codes == ("SNOMEDCT:49727002", "A:1")


@pytest.mark.parametrize(
    "line", ["T1\tX 1 4", "T1\tX 1\ttos", "T1\tX 1 4\t ", "T1 X 1 4 tos", "T1\tX a b\ttos"]
)
def test_a_line_that_is_no_mention_is_named(line: str, folder: Path) -> None:
    path = folder / "cc_onco1.ann"
    path.write_text(f"T9\tX 1 4\ttos\n{line}\n", "utf-8")
    with pytest.raises(MentionFileError) as caught:
        list(read_mentions(folder))
    assert str(caught.value) == (
        f"{path}:2 is no mention of brat (id, label and offsets, span); correct the line."
    )


def test_an_empty_code_is_named(folder: Path) -> None:
    (folder / "cc_onco1.ann").write_text("#1\tAnnotatorNotes T1\tA:1|\nT1\tX 1 4\ttos\n", "utf-8")
    with pytest.raises(MentionFileError, match=r"cc_onco1\.ann:2 has an empty code in 'A:1|'"):
        list(read_mentions(folder))


def test_another_encoding_is_told(folder: Path) -> None:
    (folder / "cc_onco1.ann").write_bytes("T1\tX 1 4\taño\n".encode("latin-1"))
    with pytest.raises(MentionFileError, match=r"cc_onco1\.ann is not UTF-8"):
        list(read_mentions(folder))


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)


@given(st.lists(st.tuples(WORDS, st.integers(0, 9999), st.integers(1, 99)), max_size=8))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, mentions) -> None:
    path = tmp_path_factory.mktemp("ann") / "d.ann"
    lines = [f"T{i}\tX {start} {start + length}\t{span}" for i, (span, start, length) in enumerate(mentions)]
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    read = [(one.span, one.start, one.end - one.start) for one in brat.read(path)]
    assert read == mentions
