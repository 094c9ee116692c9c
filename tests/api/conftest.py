"""A home with the demonstration release, indexed with tiny models, and ways to ask it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from demo_schema import RELEASE, Api

from api.indexing import index_release
from api.quiet import quieten_model_libraries
from graph.importing import import_release
from graph.model import Concept, Term
from graph.release import ReleaseHome
from loaders import demo
from loaders.formats import load

# Here and not in a fixture: the libraries read it when the first test of any room imports them.
quieten_model_libraries()


@pytest.fixture(scope="session")
def home(
    tmp_path_factory: pytest.TempPathFactory, tiny_bi_encoder: Path, tiny_cross_encoder: Path
) -> ReleaseHome:
    """A home that holds the demonstration release, indexed. Tests must not change it; see `own_home`."""
    home = ReleaseHome(tmp_path_factory.mktemp("home"))
    package = load(demo.render(tmp_path_factory.mktemp("demo")))
    import_release(home, RELEASE, package.records, sources=package.sources)
    index_release(home, RELEASE, bi_encoder=str(tiny_bi_encoder), cross_encoder=str(tiny_cross_encoder))
    return home


@pytest.fixture(scope="session")
def bare_home(tmp_path_factory: pytest.TempPathFactory) -> ReleaseHome:
    """A home whose release `demo` has one concept and no index, so that no model is loaded for it."""
    home = ReleaseHome(tmp_path_factory.mktemp("bare-home"))
    import_release(home, RELEASE, [Concept("X:1"), Term("X:1", "uno", "es")], sources=())
    return home


@pytest.fixture
def own_home(home: ReleaseHome, tmp_path: Path) -> ReleaseHome:
    """A copy of `home` that a test may change."""
    return ReleaseHome(shutil.copytree(home.path, tmp_path / "home"))


@pytest.fixture
def in_home(home: ReleaseHome, monkeypatch: pytest.MonkeyPatch) -> ReleaseHome:
    """`home`, named by ENLACE_HOME."""
    monkeypatch.setenv("ENLACE_HOME", str(home.path))
    return home


@pytest.fixture
def in_own_home(own_home: ReleaseHome, monkeypatch: pytest.MonkeyPatch) -> ReleaseHome:
    """`own_home`, named by ENLACE_HOME."""
    monkeypatch.setenv("ENLACE_HOME", str(own_home.path))
    return own_home


@dataclass(frozen=True)
class Ran:
    """What a command answered."""

    code: int
    out: str
    err: str


Enlace = Callable[..., Ran]


@pytest.fixture
def enlace(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Enlace:
    """Run the command line in this process, from `main` on, so that nothing is loaded twice."""
    from api.cli import main

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr("sys.argv", ["enlace", *map(str, arguments)])
        code: Any = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return run


@pytest.fixture(scope="session")
def api(home: ReleaseHome) -> Iterator[Api]:
    """The schema over `home`."""
    api = Api(home)
    yield api
    api.close()


@pytest.fixture
def limited_api(home: ReleaseHome) -> Iterator[Callable[..., Api]]:
    """Make schemas with other limits."""
    made: list[Api] = []

    def make(**limits: int) -> Api:
        made.append(Api(home, **limits))
        return made[-1]

    yield make
    for api in made:
        api.close()
