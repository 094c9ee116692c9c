"""The files of a release: as the publisher ships them, short, damaged, and against MRFILES.RRF."""

from __future__ import annotations

import gzip
import random
from itertools import pairwise
from pathlib import Path

import pytest
from metathesaurus import Release, concepts, files_table, read, terms, write, write_gzip, write_zip

from graph.model import Record
from loaders.errors import FormatMismatch, LoadError, RowMalformed, SourceDamaged, SourceEmpty, SourceNotFound
from loaders.formats import detect_format, load
from loaders.rrf import columns, rows

HEART, LUNG = "C0018787", "C0024109"
CONCEPTS, RELATIONS, FILES = columns.CONCEPTS, columns.RELATIONS, columns.FILES


def small(count: int = 40) -> Release:
    made = Release().rank(("MTH", "PN"))
    for number in range(count):
        cui, text = f"C{number:07}", 'una "comilla' if number % 3 == 0 else f"término {number}"
        made.atom(cui, text, LAT="SPA")
        made.add(columns.TYPES, CUI=cui, TUI="T047", STY="A Type")
        made.relation(cui, "RO", f"C{number // 2:07}", "near")
    return made


def parts_of(content: bytes, *cuts: int) -> list[bytes]:
    bounds = [0, *cuts, len(content)]
    return [content[start:end] for start, end in pairwise(bounds)]


def test_the_first_row_is_data_and_quotes_are_characters(tmp_path: Path) -> None:
    made = Release().atom(HEART, 'the "heart').atom(LUNG, '"lung"').atom(LUNG, "lung's, \\ lung\t#1")
    records, rejections = read(made.write(tmp_path))
    assert [text for *_, text in terms(records)] == ['the "heart', '"lung"', "lung's, \\ lung\t#1"]
    assert concepts(records).keys() == {HEART, LUNG}
    assert not rejections


def test_plain_gzip_split_and_zipped_are_the_same(tmp_path: Path) -> None:
    made = small()
    plain, _ = read(made.write(tmp_path / "plain"))
    files = made.contents()
    assert read(write_gzip(tmp_path / "gzip", files))[0] == plain
    assert read(write_zip(tmp_path / "umls.zip", files))[0] == plain
    assert read(write_zip(tmp_path / "umls.nlm", files, "META"))[0] == plain
    assert detect_format(tmp_path / "umls.zip") == "rrf"
    whole = files.pop(CONCEPTS)
    for cuts in ((100, 1000), (whole.index(b"\n") + 1,), (5, 6, 7)):
        parts = {f"{CONCEPTS}.a{chr(97 + i)}": part for i, part in enumerate(parts_of(whole, *cuts))}
        folder = tmp_path / f"split-{len(parts)}-{cuts[0]}"
        assert read(write_gzip(folder, {**files, **parts}))[0] == plain


def test_small_blocks_give_the_same_records_and_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = small().contents(listed=False)
    files[CONCEPTS] = files[CONCEPTS].replace(b"C0000017|", b"X0000017|", 1)
    path = write(tmp_path / "plain", files)
    whole, rejected = read(path)
    parts = parts_of(files.pop(CONCEPTS), 250, 700)
    split = write_gzip(
        tmp_path / "split", files | {f"{CONCEPTS}.a{'abc'[i]}": p for i, p in enumerate(parts)}
    )
    for size in (5, 64, 333):
        monkeypatch.setattr(rows, "_BLOCK_BYTES", size)
        records, again = read(path)
        assert records == whole
        assert [(r.file, r.row) for r in again] == [(r.file, r.row) for r in rejected]
        assert read(split)[0] == whole


def test_bad_rows_are_rejected_with_their_lines(tmp_path: Path) -> None:
    files = small().contents(listed=False)
    lines = files[CONCEPTS].split(b"\n")
    lines[1] = lines[1].rsplit(b"|", 3)[0]
    lines[3] += b"more|"
    lines[5] = lines[5].replace(b"t\xc3\xa9rmino", b"t\xe9rmino")
    lines[7] = lines[7].replace(b"C0000007", b"C000007")
    lines[8] = lines[8].replace(b"A0000009", b"A09")
    lines[10] = lines[10].replace(b"|SPA|", b"|XXX|")
    lines[11] = lines[11].replace("término 11".encode(), b"  ")
    lines[13] = b""
    files[CONCEPTS] = b"\n".join(lines)
    path = write(tmp_path, files)
    records, rejections = read(path)
    name = str(path / "META" / CONCEPTS)
    found = {(r.row, r.reason) for r in rejections if r.file == name}
    assert found == {
        (2, "the row has fewer columns than its file"),
        (4, "the row has more columns than its file"),
        (6, "the row is not UTF-8"),
        (8, "the column CUI holds no CUI"),
        (9, "the column AUI holds no AUI"),
        (11, "the language is not known"),
        (12, "the atom has no text"),
        (14, "the row has fewer columns than its file"),
    }
    lost = {f"C{number:07}" for number in (1, 3, 5, 7, 8, 10, 11, 13)}
    assert concepts(records).keys() == {f"C{number:07}" for number in range(40)} - lost
    told = {r.value for r in rejections if r.reason == "the concept is not in MRCONSO.RRF"}
    assert told == {f"C{number:07}" for number in (1, 3, 5, 7, 8, 13)}


def test_line_ends_of_windows_and_a_missing_last_one(tmp_path: Path) -> None:
    files = small().contents(listed=False)
    plain, _ = read(write(tmp_path / "plain", files))
    files = {name: content.replace(b"\n", b"\r\n").removesuffix(b"\r\n") for name, content in files.items()}
    assert read(write(tmp_path / "windows", files))[0] == plain


def test_a_carriage_return_in_a_text_is_part_of_it(tmp_path: Path) -> None:
    records, rejections = read(Release().atom(HEART, "one\rtwo").atom(LUNG, "lung").write(tmp_path))
    assert [text for *_, text in terms(records)] == ["one\rtwo", "lung"]
    assert not rejections


@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_that_is_short_fails_with_what_was_expected(tmp_path: Path, compressed: bool) -> None:
    files = small().contents()
    size = len(files[RELATIONS])
    files[RELATIONS] = files[RELATIONS][: files[RELATIONS].index(b"\n", size // 2) + 1]
    path = (write_gzip if compressed else write)(tmp_path, files)
    with pytest.raises(SourceDamaged) as raised:
        read(path)
    sentence = str(raised.value)
    assert RELATIONS in sentence
    assert f"{len(files[RELATIONS]):,} bytes" in sentence
    assert f"{size:,}" in sentence
    assert ("21 rows" in sentence and "40 and" in sentence) == compressed
    (path / "META" / (FILES + ".gz" * compressed)).unlink()
    assert concepts(read(path)[0])


def test_rows_are_counted_too(tmp_path: Path) -> None:
    files = small().contents()
    files[CONCEPTS] = files[CONCEPTS].replace(b"\n", b"x", 1)
    with pytest.raises(
        SourceDamaged, match=r"MRCONSO.RRF has 39 rows and .* bytes, and MRFILES.RRF says 40 and"
    ):
        read(write(tmp_path, files))


def test_a_listed_file_that_is_absent(tmp_path: Path) -> None:
    files = small().contents()
    del files[RELATIONS]
    with pytest.raises(SourceNotFound, match=r"MRREL.RRF.*lists it with 40 rows.*take MRFILES.RRF away"):
        read(write(tmp_path, files))


def test_a_listed_file_without_rows_may_be_empty_or_absent(tmp_path: Path) -> None:
    files = small().contents(listed=False)
    files[columns.DEFINITIONS] = b""
    files[FILES] = files_table(files | {columns.CONTEXTS: b""})
    assert len(concepts(read(write(tmp_path, files))[0])) == 40


def test_columns_come_from_the_files_table(tmp_path: Path) -> None:
    """A later release may have its columns in another order, and more of them."""
    made = Release().atom(HEART, "Heart").atom(LUNG, "Lung")
    plain, _ = read(made.write(tmp_path / "plain"))
    files = made.contents()
    names = list(columns.STANDARD[CONCEPTS])
    other = ["NEW", *reversed(names)]
    turned = []
    for row in files[CONCEPTS].decode().splitlines():
        fields = dict(zip(names, row.split("|"), strict=False)) | {"NEW": "?"}
        turned.append("".join(f"{fields[name]}|" for name in other) + "\n")
    files[CONCEPTS] = "".join(turned).encode()
    files[FILES] = files_table(files).replace(",".join(names).encode(), ",".join(other).encode())
    assert read(write(tmp_path / "turned", files))[0] == plain


def test_without_the_files_table_standard_columns_are_taken_and_that_is_said(tmp_path: Path) -> None:
    records, rejections = read(small().write(tmp_path, listed=False))
    assert len(concepts(records)) == 40
    assert not rejections
    assert [why for why in rejections.left_out if "the release has no" in why] == [
        "the release has no MRFILES.RRF: standard columns are taken, and no size is checked",
        "the release has no MRSAB.RRF",
        "the release has no MRDEF.RRF",
        "the release has no MRHIER.RRF",
    ]


@pytest.mark.parametrize(
    ("table", "error", "sentence"),
    [
        (b"MRCONSO.RRF|x|CUI|1|\n", RowMalformed, "Row 1 of .* has 4 columns instead of six"),
        (b"MRCONSO.RRF|x|CUI|1|many|2|\n", RowMalformed, "has no numbers in its columns RWS and BTS"),
        (b"MRSTY.RRF|x|CUI,TUI|2|1|2|\n", FormatMismatch, "the columns of MRSTY.RRF lack STY"),
        (b"\xff|x|CUI,TUI|2|1|2|\n", SourceDamaged, "it is not UTF-8"),
    ],
)
def test_a_damaged_files_table(tmp_path: Path, table: bytes, error: type[LoadError], sentence: str) -> None:
    files = small().contents() | {FILES: table}
    with pytest.raises(error, match=sentence):
        read(write(tmp_path, files))


def test_a_gzip_that_breaks_off_is_one_sentence(tmp_path: Path) -> None:
    path = write_gzip(tmp_path, small(400).contents(listed=False))
    file = path / "META" / f"{CONCEPTS}.gz"
    file.write_bytes(file.read_bytes()[:-60])
    with pytest.raises(SourceDamaged, match=r"MRCONSO.RRF.gz' is damaged: its compressed data stop before"):
        read(path)


def test_parts_must_be_all_there(tmp_path: Path) -> None:
    files = small().contents(listed=False)
    a, b, c = parts_of(files.pop(CONCEPTS), 100, 200)
    path = write_gzip(tmp_path / "middle", {**files, f"{CONCEPTS}.aa": a, f"{CONCEPTS}.ac": c})
    with pytest.raises(SourceNotFound, match=r"MRCONSO.RRF.ab.*there is a part ac and none ab"):
        read(path)
    files[FILES] = files_table({CONCEPTS: a + b + c})
    path = write_gzip(tmp_path / "last", {**files, f"{CONCEPTS}.aa": a, f"{CONCEPTS}.ab": b})
    with pytest.raises(SourceDamaged, match=r"MRFILES.RRF says 40 and"):
        read(path)


def test_no_release_and_several(tmp_path: Path) -> None:
    write(tmp_path / "empty", {"MRSTY.RRF": b""})
    with pytest.raises(FormatMismatch, match=r"it holds no MRCONSO.RRF"):
        load(tmp_path / "empty", format="rrf")
    small().write(tmp_path / "several" / "2025AB")
    small().write(tmp_path / "several" / "2026AA")
    with pytest.raises(
        FormatMismatch, match=r"it holds several MRCONSO.RRF, in .*2025AB/META and in .*2026AA/META"
    ):
        load(tmp_path / "several")
    with pytest.raises(SourceEmpty):
        read(write(tmp_path / "nothing", {CONCEPTS: b""}))


def outcome(path: Path, sound: list[Record]) -> str:
    """How a damaged release is read; any exception but a sentence about one of its files goes through."""
    try:
        records, rejections = read(path)
    except LoadError as error:
        told = str(error)
        return "error" if told.endswith(".") and "\n" not in told and str(path) in told else told
    assert all(r.file.startswith(str(path)) and r.reason for r in rejections)
    return "rejected" if rejections else "same" if records == sound else "changed"


def test_random_damage_is_an_error_of_one_sentence_or_named_rows(tmp_path: Path) -> None:
    chance = random.Random(11)
    whole = small(200).contents()
    sound, _ = read(write(tmp_path / "sound", whole))
    outcomes = set()
    for trial in range(100):
        files = dict(whole)
        if trial % 2:
            del files[FILES]
        name = chance.choice(sorted(files))
        content = bytearray(files[name])
        match trial % 3:
            case 0:
                del content[chance.randrange(1, len(content)) :]
            case 1:
                content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            case 2:
                column = chance.randrange(1, 6)
                lines = [row.split(b"|") for row in bytes(content).splitlines()]
                content = bytearray(b"".join(b"|".join(f[:column] + f[column + 1 :]) + b"\n" for f in lines))
        files[name] = bytes(content)
        pack = write_gzip if trial % 5 == 0 else write
        outcomes.add(outcome(pack(tmp_path / str(trial), files), sound))
    assert outcomes <= {"error", "rejected", "same", "changed"}
    assert outcomes >= {"error", "rejected"}


def test_gzip_parts_are_one_stream_each(tmp_path: Path) -> None:
    content = small().contents()[CONCEPTS]
    packed = gzip.compress(content[:500]) + gzip.compress(content[500:])
    path = write(tmp_path, {f"{CONCEPTS}.gz": packed})
    assert len(concepts(read(path)[0])) == 40
