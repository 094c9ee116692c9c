"""One server and one Chromium for all tests of the terminology browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from browsed_site import Visit, Visiting, hostile_records, serving, visiting
from demo_schema import RELEASE
from playwright.sync_api import Browser, sync_playwright

from api.indexing import index_release
from api.tokens import TokenFile
from graph.importing import import_release
from graph.model import Concept, Term, TermKind
from graph.release import ReleaseHome


# While it runs, no other test could run an event loop: tests/conftest.py puts the browser's tests last.
@pytest.fixture(scope="package")
def chromium(chromium_path: Path) -> Iterator[Browser]:
    """The system's browser, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def site(home: ReleaseHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of the demonstration release."""
    with serving(home, RELEASE, tmp_path_factory.mktemp("browsed")) as base:
        yield base


@pytest.fixture(scope="package")
def hostile_site(
    tmp_path_factory: pytest.TempPathFactory, tiny_bi_encoder: Path, tiny_cross_encoder: Path
) -> Iterator[str]:
    """The address of a server of a release whose texts are hostile."""
    home = ReleaseHome(tmp_path_factory.mktemp("hostile-home"))
    import_release(home, RELEASE, hostile_records(), sources=())
    index_release(home, RELEASE, bi_encoder=str(tiny_bi_encoder), cross_encoder=str(tiny_cross_encoder))
    with serving(home, RELEASE, tmp_path_factory.mktemp("hostile-browsed")) as base:
        yield base


@pytest.fixture(scope="package")
def bare_site(bare_home: ReleaseHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server whose release is not indexed."""
    with serving(bare_home, RELEASE, tmp_path_factory.mktemp("bare-browsed")) as base:
        yield base


@pytest.fixture(scope="package")
def site_of_two(tmp_path_factory: pytest.TempPathFactory, tiny_bi_encoder: Path) -> Iterator[str]:
    """The address of a server of two releases, which have one concept with two names; the one is indexed with both."""
    home = ReleaseHome(tmp_path_factory.mktemp("two-home"))
    for name, term in ((RELEASE, "dolor"), ("antes", "algia")):
        import_release(home, name, [Concept("X:0"), Term("X:0", term, "es", TermKind.PREFERRED)], sources=())
    index_release(home, RELEASE, bi_encoder=str(tiny_bi_encoder), cross_encoder="", terms_of=["antes"])
    with serving(home, RELEASE, tmp_path_factory.mktemp("two-browsed")) as base:
        yield base


@pytest.fixture(scope="package")
def guarded_site(
    bare_home: ReleaseHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """The address of a server that answers nobody without a token, and a token that may read."""
    home = ReleaseHome(shutil.copytree(bare_home.path, tmp_path_factory.mktemp("guarded") / "home"))
    token = TokenFile(home.path).add("ana", ["read"])
    folder = tmp_path_factory.mktemp("guarded-browsed")
    with serving(home, RELEASE, folder, ENLACE_ALLOW_ANONYMOUS="never") as base:
        yield base, token


@pytest.fixture
def visit(chromium: Browser, site: str) -> Iterator[Visiting]:
    """Open windows on the site. What their consoles or their policies complain of fails the test."""
    with ExitStack() as windows:
        visits: list[Visit] = []

        def open_window(base: str = site, **options: object) -> Visit:
            visits.append(windows.enter_context(visiting(chromium, base, **options)))  # type: ignore[arg-type]
            return visits[-1]

        yield open_window
        assert [wrong for one in visits for wrong in one.wrong] == []
