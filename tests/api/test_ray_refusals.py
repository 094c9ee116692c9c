"""What is amiss with a cluster, or with what a node has, is told in one sentence and soon."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from api import ray_engine
from api.annotating import AnnotateOptions
from api.errors import EngineFailed
from api.ray_engine import Cluster
from graph.release import ReleaseHome

if TYPE_CHECKING:
    from conftest import Enlace


@dataclass(frozen=True)
class Echo:
    """A work that answers with the batch."""

    def open(self) -> Callable[[str], str]:
        return lambda batch: batch


def test_a_node_that_does_not_see_the_batches_is_told(tmp_path: Path) -> None:
    made = ray_engine.worker(Echo(), tmp_path / "out.batches", version("enlace"))
    with pytest.raises(
        EngineFailed, match=r"000000000\.parquet cannot be read there \(No such file .*share\."
    ):
        made()(pa.table({"id": [0]}))


def test_a_node_without_enlace_is_told() -> None:
    told = ray_engine._told(
        RuntimeError("Traceback:\nModuleNotFoundError: No module named 'api'\nIt failed.")
    )
    assert str(told) == (
        f"Enlace is not installed on a node of the cluster; install enlace {version('enlace')} on all."
    )


def test_a_node_with_another_version_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        EngineFailed, match=r"is installed there, and the command is of 0\.0\.1; install the same"
    ):
        ray_engine.worker(Echo(), tmp_path, "0.0.1")()


def test_options_of_the_cluster_go_with_it(in_home: ReleaseHome, enlace: Enlace, tmp_path: Path) -> None:
    command = ("annotate", "--release", "demo", "--input", tmp_path, "--output")
    assert "it goes with --engine ray" in enlace(*command, tmp_path / "o.jsonl", "--workers", 2).err
    assert "give a file" in enlace(*command, "-", "--engine", "ray").err
    assert "it goes with --input" in enlace("link", "--release", "demo", "asma", "--engine", "ray").err


@pytest.mark.parametrize("address", ["head", "ray://head:10001", "head:", ":6379", "head:66000", "head:²"])
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(EngineFailed, match="is no address of a cluster; give the host and port of its head"):
        ray_engine.check_address(address)


def test_an_address_where_nothing_listens_is_told_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(
            EngineFailed, match=f"Ray cannot be reached at {address}: Connection refused; start"
        ):
            ray_engine.check_address(address)
    with pytest.raises(EngineFailed, match=r"Ray cannot be reached at no-such-host\.invalid:6379: "):
        ray_engine.check_address("no-such-host.invalid:6379")


def test_an_address_where_something_else_listens_is_told_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_engine, "ANSWER_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(EngineFailed, match=f"What listens at {address} does not answer as a Ray cluster"):
            ray_engine.check_address(address)


def test_recognisers_in_folders_are_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path)
    options = AnnotateOptions(("model+dictionary", "owner/name"))
    assert options.placed().recognizers == (str(tmp_path / "model"), "dictionary", "owner/name")


def test_ray_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with (
        pytest.raises(EngineFailed, match=r"pip install 'enlace\[ray\]'"),
        ray_engine.connected(Cluster()),
    ):
        pass
