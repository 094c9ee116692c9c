"""Value sets by page, by text and in bulk, and where the compiled tables are kept."""

from __future__ import annotations

import fcntl
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import graph.ecl.content
from graph.ecl.content import Content
from graph.errors import EclSyntaxError, EclUnknownId
from graph.importing import import_release
from graph.model import IS_A, Concept, Record, Relation, Succession, SuccessionKind, Term, TermKind
from graph.release import ECL_FOLDER, OpenRelease, ReleaseHome
from graph.value_sets import ValueSets

RECORDS: list[Record] = [
    *(Concept(f"HP:000000{number}") for number in range(6)),
    Concept("HP:0000009", active=False),
    *(Relation(f"HP:000000{number}", IS_A, "HP:0000000") for number in range(1, 4)),
    Relation("HP:0000004", IS_A, "HP:0000001"),
    Relation("HP:0000004", IS_A, "HP:0000002"),
    Term("HP:0000001", "insuficiencia renal", "es", TermKind.PREFERRED),
    Term("HP:0000002", "dolor", "es", TermKind.PREFERRED),
    Term("HP:0000002", "no es insuficiencia renal", "es", TermKind.DEFINITION),
    Term("HP:0000004", "fallo renal insuficiente", "es"),
    Succession("HP:0000009", "HP:0000004", SuccessionKind.SAME_AS),
]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenRelease]:
    home = ReleaseHome(tmp_path)
    import_release(home, "hp", RECORDS, sources=())
    with home.open("hp") as opened:
        yield opened


@pytest.fixture
def value_sets(opened: OpenRelease) -> ValueSets:
    return ValueSets.open(opened)


def test_a_value_set_is_told_by_page(value_sets: ValueSets) -> None:
    everything = value_sets.expand("<< HP:0000000")
    assert everything.total == 5
    assert everything.ids == tuple(f"HP:000000{number}" for number in range(5))
    page = value_sets.expand("<< HP:0000000", first=2, offset=1)
    assert (page.total, page.ids, page.terms) == (5, ("HP:0000001", "HP:0000002"), ())
    assert value_sets.expand("<< HP:0000000", offset=9).ids == ()


def test_retired_concepts_stand_among_the_others_by_id(value_sets: ValueSets) -> None:
    found = value_sets.expand("* {{ C active = * }}").ids
    assert found == (*(f"HP:000000{number}" for number in range(6)), "HP:0000009")
    assert value_sets.expand("HP:0000004 {{ + HISTORY }}").ids == ("HP:0000004", "HP:0000009")


def test_text_looks_in_names_and_not_in_definitions(value_sets: ValueSets) -> None:
    assert value_sets.expand("*", text="ren INSUF").ids == ("HP:0000001", "HP:0000004")
    assert value_sets.expand("*", text="ren INSUF").total == 2
    assert value_sets.expand("*", text="renales").ids == ()
    assert value_sets.expand("HP:0000002", text=" ").ids == ("HP:0000002",)


def test_terms_of_a_page_come_in_one_call(value_sets: ValueSets) -> None:
    found = value_sets.expand("<< HP:0000002", with_terms=True)
    assert [[term.text for term in terms] for terms in found.terms] == [
        ["dolor", "no es insuficiencia renal"],
        ["fallo renal insuficiente"],
    ]


def test_codes_are_tested_in_bulk(value_sets: ValueSets) -> None:
    ids = ["HP:0000004", "HP:0000003", "HP:0000009", "X:1", "", "HP:0000001"]
    assert value_sets.contains("<< HP:0000001", ids).tolist() == [True, False, False, False, False, True]
    assert value_sets.contains("HP:0000009", ids).tolist() == [False, False, True, False, False, False]
    assert value_sets.contains("*", []).tolist() == []


def test_pairs_are_tested_in_bulk(value_sets: ValueSets) -> None:
    general = ["HP:0000000", "HP:0000004", "HP:0000004", "HP:0000009", "X:1"]
    specific = ["HP:0000004", "HP:0000000", "HP:0000004", "HP:0000009", "X:1"]
    assert value_sets.subsumes(general, specific).tolist() == [True, False, True, False, False]
    assert (
        value_sets.subsumes(general * 5000, specific * 5000).tolist()
        == [True, False, True, False, False] * 5000
    )


def test_bad_expressions_say_where(value_sets: ValueSets) -> None:
    with pytest.raises(EclSyntaxError, match=r"^Line 2, column 1 of the expression: expected .*\.$"):
        value_sets.expand("<<\n)")
    with pytest.raises(EclUnknownId, match=r"^Line 1, column 4 .*: release 'hp' has no concept 'HP:1'\.$"):
        value_sets.expand("<< HP:1")


# Where tables are kept -----------------------------------------------------------------------------------


def compilations(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every compilation from now on leaves an item."""
    done: list[object] = []
    compile_tables = graph.ecl.content.compile_tables

    def counted(*arguments: object, **more: object) -> object:
        done.append(arguments)
        return compile_tables(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(graph.ecl.content, "compile_tables", counted)
    return done


def test_tables_are_compiled_once_and_kept(opened: OpenRelease, monkeypatch: pytest.MonkeyPatch) -> None:
    done = compilations(monkeypatch)
    stages: list[str] = []
    first = ValueSets.open(opened, lambda stage, _: stages.append(stage))
    assert stages == ["concepts", "relations", "terms"]
    again = ValueSets.open(opened)
    assert len(done) == 1
    assert first.expand('* {{ term = "ren" }}') == again.expand('* {{ term = "ren" }}')
    assert sorted(p.name for p in opened.folder.iterdir() if "ecl" in p.name) == [".ecl.lock", ECL_FOLDER]


@pytest.mark.parametrize("harm", ["cut", "missing", "version", "release", "garbage", "short"])
def test_tables_that_are_not_whole_are_made_again(
    opened: OpenRelease, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    whole = ValueSets.open(opened).expand("* : * = *")
    folder = opened.folder / ECL_FOLDER
    about = folder / "ecl.json"
    if harm in ("version", "release"):
        said = json.loads(about.read_text("utf-8"))
        said["schema_version" if harm == "version" else "release"] = 99
        about.write_text(json.dumps(said), "utf-8")
    elif harm == "garbage":
        about.write_text("{", "utf-8")
    elif harm == "missing":
        (folder / "terms.by_word.npy").unlink()
    elif harm == "short":
        (folder / "words.arrow").write_bytes(b"ARROW1")
    else:
        path = folder / "attributes.targets.npy"
        path.write_bytes(path.read_bytes()[:-2])
    done = compilations(monkeypatch)
    assert ValueSets.open(opened).expand("* : * = *") == whole
    assert len(done) == 1
    ValueSets.open(opened)
    assert len(done) == 1


def test_a_release_given_the_same_name_gets_its_own_tables(tmp_path: Path) -> None:
    home = ReleaseHome(tmp_path)
    for records, total in ((RECORDS, 6), (RECORDS[:3], 3)):
        import_release(home, "hp", records, sources=())
        with home.open("hp") as opened:
            assert ValueSets.open(opened).expand("*").total == total


def test_where_nothing_can_be_written_tables_are_in_memory(
    opened: OpenRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(graph.ecl.content, "_alone", refuse)
    assert ValueSets.open(opened).expand("*").total == 6
    assert not (opened.folder / ECL_FOLDER).exists()


def test_a_full_disk_leaves_nothing_half_written(
    opened: OpenRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(graph.ecl.content.table_files, "write", refuse)
    assert ValueSets.open(opened).expand("*").total == 6
    assert [p.name for p in opened.folder.iterdir() if "ecl" in p.name] == [".ecl.lock"]


def test_one_compiles_and_others_wait(opened: OpenRelease, monkeypatch: pytest.MonkeyPatch) -> None:
    done = compilations(monkeypatch)
    found: list[Content] = []
    with (opened.folder / ".ecl.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        threads = [threading.Thread(target=lambda: found.append(Content.open(opened))) for _ in range(3)]
        for thread in threads:
            thread.start()
        assert not done
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert len(done) == 1
