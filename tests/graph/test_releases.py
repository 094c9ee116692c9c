"""Releases are folders under one home: found by name, checked on opening, one of them current."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from graph.errors import GraphError, ReleaseBusy, ReleaseDamaged, ReleaseNotFound, StoreUnavailable
from graph.importing import import_release
from graph.model import IS_A, Concept, Record, Relation, Source, Term
from graph.rejected import Reason
from graph.release import ReleaseHome, default_home

RECORDS: list[Record] = [
    Concept("X:1"),
    Concept("X:2"),
    Concept("X:3", active=False),
    Relation("X:2", IS_A, "X:1"),
    Relation("X:3", IS_A, "X:1"),
    Term("X:1", "enfermedad", "es"),
]
SOURCE = Source("demo.txt", "demo", "ab" * 32, 120, "2026")


class FourRejected:
    """What a loader that could not use four rows tells."""

    count = 4
    reasons = (Reason("no text", 4, "demo.txt:3", "x"),)
    left_out: ClassVar[dict[str, int]] = {"another language": 7}

    def write(self, path: Path) -> int:
        path.write_text("place\treason\tvalue\n" + "demo.txt:3\tno text\tx\n" * 4)
        return 4


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("home")
    import_release(ReleaseHome(path), "demo-1.0", RECORDS, sources=[SOURCE], rejected=FourRejected())
    return path


@pytest.fixture
def home(tmp_path: Path, imported: Path) -> ReleaseHome:
    """A home of its own for each test, copied: importing takes longer."""
    return ReleaseHome(shutil.copytree(imported, tmp_path / "home"))


def test_a_home_without_releases_is_empty(tmp_path: Path) -> None:
    home = ReleaseHome(tmp_path / "none")
    assert (home.names(), home.releases(), home.current(), home.clean()) == ([], [], None, [])
    assert not (tmp_path / "none").exists()


def test_the_default_home_is_enlace_home_or_in_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENLACE_HOME", "/srv/enlace")
    assert default_home().path == Path("/srv/enlace")
    monkeypatch.setenv("ENLACE_HOME", "")
    assert default_home().path == Path.home() / ".enlace"
    monkeypatch.delenv("ENLACE_HOME")
    assert default_home().path == Path.home() / ".enlace"


def test_a_release_tells_what_it_is_made_of(home: ReleaseHome) -> None:
    (release,) = home.releases()
    assert release == home.release("demo-1.0")
    assert (release.name, release.sources, release.languages) == ("demo-1.0", (SOURCE,), ("es",))
    assert release.rejected == 4
    assert release.counts == {
        "concepts": 3,
        "active_concepts": 2,
        "terms": 1,
        "is_a": 2,
        "relations": 0,
        "mappings": 0,
        "successions": 0,
        "memberships": 0,
        "undeclared": 0,
        "orphan_terms": 0,
        "dangling_is_a": 1,
        "closure_pairs": 1,
    }
    assert release.created.endswith("+00:00")
    assert release.software.startswith("enlace")


def test_an_open_release_has_its_store_and_its_hierarchy(home: ReleaseHome) -> None:
    with home.open("demo-1.0") as opened:
        assert opened.release == home.release("demo-1.0")
        assert opened.store.terms(["X:1"]) == [(RECORDS[-1],)]
        assert opened.hierarchy.ancestors("X:2") == ("X:1",)
        assert opened.hierarchy.release == "demo-1.0"
        assert opened.folder == home.folder("demo-1.0")
        assert opened.index_folder == opened.folder / "index"
        assert "X:3" not in opened.hierarchy


def test_an_unknown_release_is_answered_with_those_there_are(home: ReleaseHome) -> None:
    for ask in (home.open, home.folder, home.release, home.verify, home.set_current, home.remove):
        with pytest.raises(ReleaseNotFound, match=r"'demo-2'.*: demo-1\.0\.$"):
            ask("demo-2")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../demo", "a/b", "/etc", "a\\b", ".hidden", "-x", "ñ", "a b", "a\n", "x" * 101]
)
def test_a_name_that_could_leave_the_folder_is_refused(home: ReleaseHome, name: str) -> None:
    for ask in (home.open, home.folder, home.set_current, home.remove):
        with pytest.raises(GraphError, match="is not a name for a release"):
            ask(name)
    with pytest.raises(GraphError, match="is not a name for a release"):
        import_release(home, name, RECORDS, sources=[])


def test_the_first_import_is_current_and_later_ones_are_not(home: ReleaseHome) -> None:
    import_release(home, "demo-2.0", RECORDS, sources=[])
    assert home.names() == ["demo-1.0", "demo-2.0"]
    assert home.current() == "demo-1.0"
    home.set_current("demo-2.0")
    assert home.current() == "demo-2.0"


def test_the_release_that_was_current_before_is_remembered(home: ReleaseHome) -> None:
    import_release(home, "demo-2.0", RECORDS, sources=[])
    assert home.former() is None
    home.set_current("demo-2.0")
    home.set_current("demo-2.0")
    assert home.former() == "demo-1.0"
    home.set_current("demo-1.0")
    assert home.former() == "demo-2.0"
    home.remove("demo-2.0")
    assert home.former() is None


def test_a_home_that_cannot_be_written_keeps_its_current_release(home: ReleaseHome) -> None:
    import_release(home, "demo-2.0", RECORDS, sources=[])
    (home.path / f".current-{os.getpid()}").mkdir()
    with pytest.raises(StoreUnavailable, match="current cannot be written: Is a directory"):
        home.set_current("demo-2.0")
    assert home.current() == "demo-1.0"


def test_removing_the_current_release_leaves_none(home: ReleaseHome) -> None:
    import_release(home, "demo-2.0", RECORDS, sources=[])
    home.remove("demo-1.0")
    assert home.names() == ["demo-2.0"]
    assert home.current() is None
    assert not (home.releases_folder / "demo-1.0").exists()


def test_removing_another_release_leaves_the_current_one(home: ReleaseHome) -> None:
    import_release(home, "demo-2.0", RECORDS, sources=[])
    home.remove("demo-2.0")
    assert home.current() == "demo-1.0"


def test_a_current_release_that_is_gone_is_none(home: ReleaseHome) -> None:
    (home.path / "current").write_text("../elsewhere\n")
    assert home.current() is None


def test_a_folder_without_a_manifest_is_no_release(home: ReleaseHome) -> None:
    (home.releases_folder / "half").mkdir()
    assert home.names() == ["demo-1.0"]
    with pytest.raises(ReleaseNotFound):
        home.open("half")


def test_a_whole_release_is_verified(home: ReleaseHome) -> None:
    home.verify("demo-1.0")


def files_of(home: ReleaseHome) -> Iterator[Path]:
    for file in json.loads((home.folder("demo-1.0") / "manifest.json").read_text())["files"]:
        yield home.folder("demo-1.0") / file["path"]


def test_every_file_of_an_import_is_in_the_manifest(home: ReleaseHome) -> None:
    there = {p for p in home.folder("demo-1.0").rglob("*") if p.is_file() and p.name != "manifest.json"}
    assert set(files_of(home)) == there


def test_a_missing_or_cut_file_is_found_on_opening_and_named(home: ReleaseHome) -> None:
    for path in list(files_of(home)):
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        with pytest.raises(ReleaseDamaged, match=f"{path.name} has {len(whole) - 1} bytes"):
            home.open("demo-1.0")
        path.unlink()
        with pytest.raises(ReleaseDamaged, match=f"{path.name} is missing"):
            home.open("demo-1.0")
        path.write_bytes(whole)
    home.open("demo-1.0").close()


def test_an_altered_file_is_found_by_verifying(home: ReleaseHome) -> None:
    path = home.folder("demo-1.0") / "hierarchy" / "depths.npy"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ReleaseDamaged, match=r"depths\.npy was altered"):
        home.verify("demo-1.0")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema_version": 1}', '{"schema_version": 1, "release": {}}']
)
def test_a_manifest_that_cannot_be_read_is_damaged(home: ReleaseHome, text: str) -> None:
    (home.folder("demo-1.0") / "manifest.json").write_text(text)
    with pytest.raises(ReleaseDamaged, match=r"load the release again\.$"):
        home.open("demo-1.0")


def test_a_manifest_of_another_version_is_refused_by_its_number(home: ReleaseHome) -> None:
    (home.folder("demo-1.0") / "manifest.json").write_text('{"schema_version": 12}')
    with pytest.raises(ReleaseDamaged, match="schema version 12"):
        home.open("demo-1.0")


def test_only_one_may_write_a_release_at_a_time(home: ReleaseHome) -> None:
    with home.lock("demo-1.0"):
        for write in (
            lambda: import_release(home, "demo-1.0", RECORDS, sources=[]),
            lambda: home.remove("demo-1.0"),
        ):
            with pytest.raises(ReleaseBusy, match=r"'demo-1\.0' is being written"):
                write()
        import_release(home, "demo-2.0", RECORDS, sources=[])
    home.remove("demo-1.0")


def test_importing_the_module_loads_neither_arrays_nor_stores() -> None:
    program = (
        "import sys, graph.release; "
        "print(sorted({'numpy', 'scipy', 'pyarrow', 'ladybug'} & sys.modules.keys()))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
