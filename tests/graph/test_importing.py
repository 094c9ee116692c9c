"""An import is whole or not there: whatever fails, and whenever, the former release keeps serving."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import graph.importing
from graph.errors import GraphError, HierarchyCycle, ReleaseExists
from graph.importing import import_release
from graph.model import IS_A, Concept, Record, Relation, Source, Term
from graph.release import ReleaseHome

OLD: list[Record] = [Concept("X:1"), Term("X:1", "antiguo", "es")]
NEW: list[Record] = [Concept("X:1"), Term("X:1", "nuevo", "es"), Term("X:1", "new", "en")]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = ReleaseHome(tmp_path_factory.mktemp("home"))
    import_release(home, "demo", OLD, sources=[])
    (home.folder("demo") / "index").mkdir()
    return home.path


@pytest.fixture
def home(tmp_path: Path, imported: Path) -> ReleaseHome:
    """A home of its own for each test, copied: importing takes longer."""
    return ReleaseHome(shutil.copytree(imported, tmp_path / "home"))


def serves(home: ReleaseHome) -> str:
    """The first term of the release, after checking that nothing lies about beside it."""
    assert [p.name for p in home.releases_folder.iterdir() if p.name != ".locks"] == ["demo"]
    with home.open("demo") as opened:
        return opened.store.terms(["X:1"])[0][0].text


def test_importing_again_replaces_the_release_and_its_index(home: ReleaseHome) -> None:
    release = import_release(home, "demo", NEW, sources=[])
    assert release == home.release("demo")
    assert release.languages == ("en", "es")
    assert serves(home) == "new"
    assert not (home.folder("demo") / "index").exists()


def test_replacing_can_be_forbidden(home: ReleaseHome) -> None:
    with pytest.raises(ReleaseExists, match="already a release 'demo'"):
        import_release(home, "demo", NEW, sources=[], replace=False)
    assert serves(home) == "antiguo"


def test_what_is_open_stays_readable_while_it_is_replaced(home: ReleaseHome) -> None:
    with home.open("demo") as opened:
        import_release(home, "demo", NEW, sources=[])
        assert [term.text for term in opened.store.scan_terms()] == ["antiguo"]
        assert opened.hierarchy.roots() == ("X:1",)
    assert serves(home) == "new"


def test_a_source_that_fails_half_way_leaves_the_former_release(home: ReleaseHome) -> None:
    def records() -> Iterator[Record]:
        yield from NEW
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="the disk went away"):
        import_release(home, "demo", records(), sources=[])
    assert serves(home) == "antiguo"


def test_a_user_who_stops_it_leaves_the_former_release(home: ReleaseHome) -> None:
    def records() -> Iterator[Record]:
        yield from NEW
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_release(home, "demo", records(), sources=[])
    assert serves(home) == "antiguo"


def test_a_first_import_that_fails_leaves_no_release(tmp_path: Path) -> None:
    home = ReleaseHome(tmp_path)
    with pytest.raises(GraphError, match="no concepts"):
        import_release(home, "demo", [], sources=[])
    assert (home.names(), home.current()) == ([], None)
    assert [p.name for p in home.releases_folder.iterdir()] == [".locks"]


def test_a_source_without_concepts_is_refused(home: ReleaseHome) -> None:
    with pytest.raises(GraphError, match="holds no concepts"):
        import_release(home, "demo", [Term("X:1", "nuevo", "es")], sources=[])
    assert serves(home) == "antiguo"


def test_a_cycle_among_active_concepts_is_refused_and_named(home: ReleaseHome) -> None:
    round_: list[Record] = [
        Concept("X:1"),
        Concept("X:2"),
        Relation("X:1", IS_A, "X:2"),
        Relation("X:2", IS_A, "X:1"),
    ]
    with pytest.raises(HierarchyCycle, match="X:1 → X:2 → X:1"):
        import_release(home, "demo", round_, sources=[])
    assert serves(home) == "antiguo"


def test_a_cycle_through_a_retired_concept_is_none(home: ReleaseHome) -> None:
    records: list[Record] = [
        *NEW,
        Concept("X:2", active=False),
        Relation("X:1", IS_A, "X:2"),
        Relation("X:2", IS_A, "X:1"),
    ]
    assert import_release(home, "demo", records, sources=[]).counts["dangling_is_a"] == 2


@pytest.mark.parametrize("failing", ["_compile", "manifest.write", "ReleaseHome.put_in_place"])
def test_a_failure_at_any_stage_leaves_the_former_release(
    home: ReleaseHome, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(f"graph.importing.{failing}", fail)
    with pytest.raises(OSError, match="no space left"):
        import_release(home, "demo", NEW, sources=[])
    monkeypatch.undo()
    assert serves(home) == "antiguo"


def test_if_the_new_release_cannot_take_its_place_the_former_one_comes_back(
    home: ReleaseHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def fail_for_staging(self: Path, target: Path) -> Path:
        if self == home.staging_folder("demo"):
            raise OSError("input/output error")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail_for_staging)
    with pytest.raises(OSError, match="input/output error"):
        import_release(home, "demo", NEW, sources=[])
    monkeypatch.undo()
    assert serves(home) == "antiguo"


def test_what_the_loader_learns_while_it_reads_is_in_the_manifest(tmp_path: Path) -> None:
    sources: list[Source] = []
    rejected = 0

    def records() -> Iterator[Record]:
        nonlocal rejected
        yield from NEW
        rejected = 3
        sources.append(Source("demo.txt", "demo", "ab" * 32, 7))

    release = import_release(
        ReleaseHome(tmp_path), "demo", records(), sources=sources, rejected=lambda: rejected
    )
    assert (release.rejected, release.sources) == (3, tuple(sources))


def test_progress_is_told_by_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph.importing, "_REPORT_EVERY", 2)
    told: list[tuple[str, int]] = []
    import_release(
        ReleaseHome(tmp_path),
        "demo",
        NEW,
        sources=[],
        progress=lambda stage, done: told.append((stage, done)),
    )
    assert told[:3] == [("records", 2), ("records", 3), ("graph", 3)]
    assert [stage for stage, _ in told[3:]] == ["hierarchy", "manifest"]


# Killed imports ------------------------------------------------------------------------------------------

IMPORT_THAT_HANGS = """
import sys, time
from graph.importing import import_release
from graph.model import Concept
from graph.release import ReleaseHome

def records():
    yield Concept("X:1")
    print("reading", flush=True)
    time.sleep(60)

import_release(ReleaseHome(sys.argv[1]), "demo", records(), sources=[])
"""


@pytest.fixture
def importing(home: ReleaseHome) -> Iterator[subprocess.Popen[str]]:
    """Another process in the middle of an import of the same release."""
    process = subprocess.Popen(
        [sys.executable, "-c", IMPORT_THAT_HANGS, str(home.path)], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        yield process
        process.kill()


def test_a_killed_import_leaves_the_former_release_and_the_next_one_cleans_up(
    home: ReleaseHome, importing: subprocess.Popen[str]
) -> None:
    assert home.staging_folder("demo").exists()
    importing.send_signal(signal.SIGKILL)
    importing.wait()
    with home.open("demo") as opened:
        assert opened.store.terms(["X:1"]) == [(OLD[1],)]
    assert home.names() == ["demo"]

    import_release(home, "other", NEW, sources=[])
    assert not home.staging_folder("demo").exists()
    home.remove("other")
    assert serves(home) == "antiguo"


def test_cleaning_leaves_an_import_under_way_alone(
    home: ReleaseHome, importing: subprocess.Popen[str]
) -> None:
    assert home.clean() == []
    assert home.staging_folder("demo").exists()
    importing.send_signal(signal.SIGKILL)
    importing.wait()
    assert home.clean() == ["demo"]
    assert serves(home) == "antiguo"


def test_a_release_that_a_killed_import_had_put_aside_comes_back(home: ReleaseHome) -> None:
    home.folder("demo").replace(home.replaced_folder("demo"))
    home.staging_folder("demo").mkdir()
    assert home.names() == []
    assert home.clean() == ["demo"]
    assert serves(home) == "antiguo"


def test_a_replaced_release_that_a_killed_import_had_not_yet_deleted_goes(home: ReleaseHome) -> None:
    home.replaced_folder("demo").mkdir()
    assert home.clean() == ["demo"]
    assert serves(home) == "antiguo"
