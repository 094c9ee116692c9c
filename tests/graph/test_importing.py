"""An import is whole or not there: whatever fails, and whenever, the former release keeps serving."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import graph.importing
from graph import manifest, report
from graph.errors import GraphError, HierarchyCycle, ReleaseDamaged, ReleaseExists, TooManyRejected
from graph.importing import import_release, rehearse_import
from graph.model import IS_A, Concept, Record, Relation, Source, Term
from graph.rejected import Reason, RejectedLimit
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


@pytest.mark.parametrize(
    "failing", ["_Work._compile", "manifest.write", "report.write", "ReleaseHome.put_in_place"]
)
def test_a_failure_at_any_stage_leaves_the_former_release(
    home: ReleaseHome, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def fail(*_: object, **__: object) -> None:
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
    rejected = Rejected()

    def records() -> Iterator[Record]:
        yield from NEW
        rejected.count = 3
        sources.append(Source("demo.txt", "demo", "ab" * 32, 7))

    release = import_release(ReleaseHome(tmp_path), "demo", records(), sources=sources, rejected=rejected)
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
    assert told[:3] == [("records", 0), ("records", 2), ("records", 3)]
    assert told[3:5] == [("hierarchy", 0), ("hierarchy", 0)]
    # The terms are loaded first, then the concept.
    assert told[5:] == [("graph", 0), ("graph", 2), ("graph", 3), ("graph", 3), ("manifest", 0)]


# Reports, limits and rehearsals --------------------------------------------------------------------------


class Rejected:
    """What a loader tells of the rows that it could not use."""

    def __init__(self, count: int = 0) -> None:
        self.count = count
        self.left_out = {"another language": 7}

    @property
    def reasons(self) -> list[Reason]:
        return [Reason("no text", self.count, "a.tsv:2", "X:9")] if self.count else []

    def write(self, path: Path) -> int:
        path.write_text("place\treason\tvalue\n" + "a.tsv:2\tno text\tX:9\n" * self.count)
        return self.count


def test_the_report_tells_how_it_went(tmp_path: Path) -> None:
    home = ReleaseHome(tmp_path)
    release = import_release(
        home, "demo", NEW, sources=[Source("a.tsv", "demo", "ab" * 32, 7)], rejected=Rejected(2),
        max_rejected=RejectedLimit(2), asked={"languages": "es,en"},
    )  # fmt: skip
    folder = home.folder("demo")
    read = report.read(folder)
    assert read is not None
    assert read.release == release
    assert read.asked == {"languages": "es,en"}
    assert [(stage.name, stage.rows) for stage in read.stages] == [
        ("records", 3),
        ("hierarchy", 0),
        ("graph", 3),
    ]
    assert read.seconds > 0
    assert read.peak_memory_bytes > 10_000_000
    assert read.rejected == (Reason("no text", 2, "a.tsv:2", "X:9"),)
    assert (read.rejected_limit, read.rejected_written) == ("2", 2)
    assert read.left_out == {"another language": 7}
    assert (folder / "rejected.tsv").read_text().count("no text") == 2
    said = manifest.read(folder)
    assert said.report == "report.json"
    assert {"report.json", "rejected.tsv"} <= {file.path for file in said.files}
    home.verify("demo")


def test_without_rejected_rows_there_is_no_table_of_them(home: ReleaseHome) -> None:
    assert not (home.folder("demo") / "rejected.tsv").exists()
    read = report.read(home.folder("demo"))
    assert read is not None
    assert (read.rejected, read.rejected_written, read.rejected_limit) == ((), 0, "")


def test_a_release_of_an_earlier_version_has_no_report(home: ReleaseHome) -> None:
    (home.folder("demo") / "report.json").unlink()
    assert report.read(home.folder("demo")) is None


@pytest.mark.parametrize(
    ("text", "says"), [("{", "cannot be read"), ('{"schema_version": 99}', "version 99"), ("[]", "cannot be")]
)
def test_a_damaged_report_is_one_sentence(home: ReleaseHome, text: str, says: str) -> None:
    (home.folder("demo") / "report.json").write_text(text)
    with pytest.raises(ReleaseDamaged, match=says):
        report.read(home.folder("demo"))


@pytest.mark.parametrize(("rejected", "limit"), [(2, RejectedLimit(1)), (2, RejectedLimit(39, percent=True))])
def test_too_many_rejected_rows_fail_the_import_and_are_kept(
    home: ReleaseHome, rejected: int, limit: RejectedLimit
) -> None:
    with pytest.raises(TooManyRejected, match=r"2 of 5 rows \(40 %\) could not be used") as raised:
        import_release(home, "demo", NEW, sources=[], rejected=Rejected(rejected), max_rejected=limit)
    assert serves(home) == "antiguo"
    assert raised.value.file == home.path / "rejected" / "demo.tsv"
    assert raised.value.file.read_text().count("a.tsv:2\tno text\tX:9") == 2
    assert str(raised.value.file) in str(raised.value)
    assert str(limit) in str(raised.value)

    # They go with the next import that succeeds.
    import_release(
        home, "demo", NEW, sources=[], rejected=Rejected(2), max_rejected=RejectedLimit(40, percent=True)
    )
    assert serves(home) == "new"
    assert not raised.value.file.exists()


@pytest.mark.parametrize(
    ("text", "limit"),
    [("0", RejectedLimit(0)), ("200", RejectedLimit(200)), ("0.5%", RejectedLimit(0.5, percent=True))],
)
def test_a_limit_is_read_as_it_is_written(text: str, limit: RejectedLimit) -> None:
    assert RejectedLimit.parse(text) == limit
    assert str(limit) == text


@pytest.mark.parametrize("text", ["", "-1", "1.5", "%", "many", "1 %", "nan%", "１"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a number of rows"):
        RejectedLimit.parse(text)


def test_a_rehearsal_tells_everything_and_leaves_nothing(home: ReleaseHome) -> None:
    before = sorted(path.relative_to(home.path) for path in home.path.rglob("*"))
    told = rehearse_import(home, "demo", NEW, sources=[], rejected=Rejected(1))
    assert told.release.counts["terms"] == 2
    assert [stage.name for stage in told.stages] == ["records", "hierarchy", "graph"]
    assert told.rejected[0].rows == 1
    assert sorted(path.relative_to(home.path) for path in home.path.rglob("*")) == before
    assert serves(home) == "antiguo"


def test_a_rehearsal_finds_what_an_import_would(home: ReleaseHome) -> None:
    with pytest.raises(GraphError, match="holds no concepts"):
        rehearse_import(home, "new", [Term("X:1", "nuevo", "es")], sources=[])
    assert home.names() == ["demo"]
    assert serves(home) == "antiguo"


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


@pytest.fixture
def put_aside(home: ReleaseHome) -> ReleaseHome:
    """A home as an import leaves it that is killed between its two renames."""
    home.folder("demo").replace(home.replaced_folder("demo"))
    home.staging_folder("demo").mkdir()
    return home


def test_a_release_that_a_killed_import_had_put_aside_comes_back(put_aside: ReleaseHome) -> None:
    assert put_aside.clean() == ["demo"]
    assert serves(put_aside) == "antiguo"


def test_a_release_put_aside_is_there_for_whoever_asks(put_aside: ReleaseHome) -> None:
    assert put_aside.names() == ["demo"]
    assert put_aside.current() == "demo"
    assert put_aside.release("demo").name == "demo"
    assert serves(put_aside) == "antiguo"


def test_a_reader_waits_for_an_import_that_is_between_its_two_renames(put_aside: ReleaseHome) -> None:
    reader = ThreadPoolExecutor(1)
    with reader, put_aside.lock("demo"):
        answer = reader.submit(lambda: put_aside.release("demo").name)
        with pytest.raises(TimeoutError):
            answer.result(0.05)
        put_aside.replaced_folder("demo").replace(put_aside.releases_folder / "demo")
        assert answer.result(5) == "demo"


def test_a_release_that_is_replaced_while_it_is_opened_is_opened_again(
    home: ReleaseHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = manifest.check_sizes

    def check_then_replace(folder: Path) -> manifest.Manifest:
        monkeypatch.undo()
        checked = check(folder)
        import_release(home, "demo", NEW, sources=[])
        return checked

    monkeypatch.setattr("graph.manifest.check_sizes", check_then_replace)
    with home.open("demo") as opened:
        assert opened.release == home.release("demo")
        assert opened.release.counts["terms"] == 2
        assert opened.store.terms(["X:1"])[0][0].text == "new"


def test_a_release_half_deleted_never_comes_back(home: ReleaseHome) -> None:
    removed = home.releases_folder / ".removed-demo"
    home.folder("demo").replace(removed)
    (removed / "graph.lbug").unlink()
    assert (home.names(), home.current()) == ([], None)
    assert home.clean() == ["demo"]
    assert not removed.exists()


def test_a_replaced_release_that_a_killed_import_had_not_yet_deleted_goes(home: ReleaseHome) -> None:
    home.replaced_folder("demo").mkdir()
    assert home.clean() == ["demo"]
    assert serves(home) == "antiguo"
