"""What the tests of all rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says more about what else the machine does than about the code.
settings.register_profile("enlace", deadline=None)
settings.load_profile("enlace")


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
    absent = f"the open data are not at {folder}; set ENLACE_DATA to their folder"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(absent)
    pytest.skip(absent)


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
