"""What the tests of all rooms share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import settings

# How long an example takes says more about what else the machine does than about the code.
settings.register_profile("enlace", deadline=None)
settings.load_profile("enlace")

if TYPE_CHECKING:
    from neo4j_server import Launched, Server

#: Of the server that is started for tests: little disk, and a limit that a test can exceed.
NEO4J_SETTINGS = {
    "db.tx_log.preallocate": "false",
    "db.memory.transaction.max": "96m",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in a browser go last: while its driver runs, no other test could run an event loop."""
    items.sort(key=lambda item: "browser" in item.path.parts)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of open data (`ENLACE_DATA`, or `../shared/data` beside the repository).

    Where it is absent, a test that asks for it is skipped; with `CI=true` it fails, so that a pipeline
    cannot pass by having no data.
    """
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("ENLACE_DATA") or default)
    if folder.is_dir():
        return folder
    return _absent(f"the open data are not at {folder}; set ENLACE_DATA to their folder")


def _absent(reason: str) -> NoReturn:
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def launched_neo4j() -> Iterator[Launched | None]:
    """The Neo4j server started for these tests, which a test may stop and resume; None where `NEO4J_URI` is set.

    Where there is neither such a variable nor Java and Maven, a test that asks for it is skipped; with
    `CI=true` it fails.
    """
    from neo4j_server import NoServer, running, server_given

    with ExitStack() as until:
        launched = None
        if server_given() is None:
            try:
                launched = until.enter_context(running(settings=NEO4J_SETTINGS))
            except NoServer as reason:
                _absent(str(reason))
        yield launched


@pytest.fixture(scope="session")
def neo4j_server(launched_neo4j: Launched | None) -> Server:
    """A real Neo4j server: the one that `NEO4J_URI` names, or one started for these tests."""
    from neo4j_server import server_given

    server = launched_neo4j.server if launched_neo4j else server_given()
    assert server
    return server


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The system's Chromium. Without it a test is skipped; with `CI=true` it fails."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return Path(found)
    return _absent("there is no Chromium; install Debian's `chromium`")


@pytest.fixture
def shipped_models() -> None:
    """The models that come with Enlace. Without them a test is skipped; with `CI=true` it fails."""
    from linker.shipped import SHIPPED, bi_encoder_source

    if not Path(bi_encoder_source(SHIPPED), "modules.json").is_file():
        _absent("the shipped models are not in linker/models; `make models` trains them")


@pytest.fixture(scope="session")
def tiny_bi_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a bi-encoder with random weights, in sentence-transformers format."""
    from tiny_models import make_bi_encoder

    return make_bi_encoder(tmp_path_factory.mktemp("models") / "tiny-bi-encoder")


@pytest.fixture(scope="session")
def tiny_cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a cross-encoder with random weights and one output."""
    from tiny_models import make_cross_encoder

    return make_cross_encoder(tmp_path_factory.mktemp("models") / "tiny-cross-encoder")
