"""The same work on many machines: batches of a stream go through worker actors of Ray Data, in order.

A worker opens what it needs once (a release's files are memory-mapped, so that the workers of a machine share them) and
turns the text of a batch into the text of its answer. Batches are put into Parquet files beside the output first, in a
stream, so that neither the input nor the answers are ever in the memory of one machine. Ray is an extra: `pip install
enlace[ray]`.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as parquet

from api.errors import EngineFailed
from graph.errors import EnlaceError, ReleaseNotFound
from graph.release import ReleaseHome
from linker.errors import first_line

_BATCHES_A_FILE = 64
#: What a block has done comes back together, and a kill loses what did not; Ray plans all blocks at the beginning.
_BATCHES_A_BLOCK, _MOST_BLOCKS = 8, 10_000
_LOCAL_STORE_BYTES = 256 << 20
"""Of the store in which Ray hands over what workers read and answer, on one machine."""
#: Nothing is sent to anyone. Workers are as important as the process that started them; Ray's are else niced by 15.
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DATA_LOG_LEVEL": "ERROR",
    "RAY_worker_niceness": "0",
}
#: What a cluster may take to answer that it is one; Ray itself would wait for minutes.
ANSWER_SECONDS = 30
_CONNECT_SECONDS = 10
_AUTHENTICATION = "RAY_AUTH_MODE"
_OUR_ERROR = re.compile(r"(?:api|linker|graph)\.errors\.\w+: (.+)")
_MISSING = re.compile(r"No module named '(?:api|linker|graph)\b")
_PLACE, _BATCH, _ANSWER = "place", "batch", "answer"


class Work(Protocol):
    """What a worker does. It goes to other machines, so it is plain data that pickles."""

    def open(self) -> Callable[[str], str]:
        """Open models and release, once a worker; what is given back answers a batch."""
        ...


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where to work: the address of a running cluster, or empty for this machine; `workers` None takes all it has."""

    address: str = ""
    workers: int | None = None


def answers(work: Work, batches: Iterable[str], cluster: Cluster, staging: Path) -> Iterator[str]:
    """The answer to each batch, in order.

    `staging` is a folder that all machines of the cluster see; it must not exist and is removed in the end. Raises
    EngineFailed where Ray is not installed or cannot be reached, or a worker fails.
    """
    with _staged(batches, staging) as count:
        if count:
            with connected(cluster) as ray:
                yield from _answered(ray, work, count, cluster.workers, staging.resolve())


def _answered(ray: Any, work: Work, count: int, workers: int | None, staging: Path) -> Iterator[str]:
    """The answer to each of `count` batches that stand in `staging`, in order. Raises EngineFailed."""
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    # One core is left to the tasks that read batches; without, workers would wait for them for ever.
    cores = int(ray.cluster_resources().get("CPU", 1))
    actors = max(1, min(workers or cores, cores - 1))
    blocks = min(count, max(4 * actors, min(count // _BATCHES_A_BLOCK, _MOST_BLOCKS)))
    try:
        answered = ray.data.range(count, override_num_blocks=blocks).map_batches(
            worker(work, staging, version("enlace")),
            batch_size=1,
            batch_format="pyarrow",
            compute=ray.data.ActorPoolStrategy(size=min(actors, count)),
            num_cpus=1,
        )
        expected = 0
        for row in answered.iter_rows():
            if row[_PLACE] != expected:
                raise EngineFailed(f"Ray answered batch {row[_PLACE]} in place of {expected}; start again.")
            expected += 1
            yield row[_ANSWER]
    except EngineFailed:
        raise
    except Exception as error:  # of many kinds, some of which are Ray's and none of which names the cause
        raise _told(error) from None
    if expected != count:
        raise EngineFailed(f"Ray answered {expected} of {count} batches; start again.")


def staging_folder(output: Path) -> Path:
    """Where the batches of a run stand until they are answered; what a killed run left there is removed."""
    staging = output.with_name(output.name + ".batches")
    shutil.rmtree(staging, ignore_errors=True)
    return staging


def worker(work: Work, staging: Path, installed: str) -> type:
    """The class of the actors of Ray Data that do a work; `installed` is the version of who gave it.

    What goes wrong there is told as EngineFailed, with the name of the node.
    """

    class Worker:
        def __init__(self) -> None:
            with _named_node():
                if (here := version("enlace")) != installed:
                    raise EngineFailed(
                        f"enlace {here} is installed there, and the command is of {installed}; install the same."
                    )
                self._answer = work.open()

        def __call__(self, rows: pa.Table) -> pa.Table:
            places = rows.column("id").to_pylist()
            with _named_node():
                found = [self._answer(_batch(staging, place)) for place in places]
            return pa.table({_PLACE: pa.array(places), _ANSWER: pa.array(found, pa.large_string())})

    return Worker


def home_on_node(home: str, release: str) -> ReleaseHome:
    """The home of a release on the machine of a worker. Raises EngineFailed where it has not that release."""
    there = ReleaseHome(Path(home))
    try:
        there.folder(release)
    except ReleaseNotFound:
        raise EngineFailed(
            f"{there.path} has no release {release!r} there; copy it to that path, or put it on storage that all "
            "nodes share."
        ) from None
    return there


@contextmanager
def _named_node() -> Iterator[None]:
    try:
        yield
    except EnlaceError as error:
        raise EngineFailed(f"The worker on {socket.gethostname()} failed: {error}") from None


@contextmanager
def _staged(batches: Iterable[str], staging: Path) -> Iterator[int]:
    """The batches in files of some batches each, and how many there are."""
    staging.mkdir()
    try:
        rest, count = iter(batches), 0
        while some := list(islice(rest, _BATCHES_A_FILE)):
            table = pa.table({_BATCH: pa.array(some, pa.large_string())})
            # A row group a batch: a worker reads no more than it works on.
            parquet.write_table(table, _file_of(staging, count), row_group_size=1, use_dictionary=False)
            count += len(some)
        yield count
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _batch(staging: Path, place: int) -> str:
    path = _file_of(staging, place)
    try:
        with path.open("rb") as opened, parquet.ParquetFile(opened) as file:
            (batch,) = file.read_row_group(place % _BATCHES_A_FILE).column(_BATCH).to_pylist()
    except OSError as error:
        raise EngineFailed(
            f"{path} cannot be read there ({error.strerror or first_line(error)}); "
            "write the output to storage that all nodes share."
        ) from None
    return str(batch)


def _file_of(staging: Path, place: int) -> Path:
    return staging / f"{place // _BATCHES_A_FILE:09}.parquet"


@contextmanager
def connected(cluster: Cluster) -> Iterator[Any]:
    """The library, connected; to a cluster of its own where no address is given. Raises EngineFailed."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        loaded = sys.modules.get("ray")
        if find_spec("ray") and not (loaded and loaded.is_initialized()):
            check_address(cluster.address)
        import ray
        import ray.data
    except ImportError:
        raise EngineFailed("Ray is not installed; install it with `pip install 'enlace[ray]'`.") from None
    started = not ray.is_initialized()
    if started:
        try:
            if cluster.address:
                ray.init(cluster.address, log_to_driver=False, logging_level=logging.ERROR)
            else:
                cores = (cluster.workers or os.cpu_count() or 1) + 1
                ray.init(
                    "local",
                    num_cpus=cores,
                    object_store_memory=_LOCAL_STORE_BYTES,
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                )
        except (OSError, RuntimeError, ValueError) as error:
            # Ray divides a sentence by lines where versions differ.
            told = " ".join(str(error).split()).rstrip(".") or type(error).__name__
            raise EngineFailed(
                f"Ray cannot be reached at {cluster.address or 'this machine'}: {told}."
            ) from None
    try:
        yield ray
    finally:
        if started:
            ray.shutdown()


def check_address(address: str) -> None:
    """Raise EngineFailed unless a cluster answers there soon: Ray would try for minutes.

    Empty addresses and those of Ray's own words are left to it.
    """
    if address in ("", "auto", "local"):
        return
    host, _, port = address.rpartition(":")
    if "://" in address or not host or not port.isdecimal() or int(port) > 65_535:
        raise EngineFailed(
            f"{address!r} is no address of a cluster; give the host and port of its head, as head:6379."
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
    except OSError as error:
        raise EngineFailed(
            f"Ray cannot be reached at {address}: {error.strerror or error}; start a cluster there with "
            "`ray start --head`, or name another."
        ) from None
    given = os.environ.get(_AUTHENTICATION)
    for mode in [given] if given else ["disabled", "token"]:
        told = _probed(address, mode)
        if not told:
            # Ray reads it once, when it is imported.
            os.environ[_AUTHENTICATION] = mode
            return
        if "AuthenticationError" not in told:
            raise EngineFailed(
                f"What listens at {address} does not answer as a Ray cluster; give the host and port of its head."
            )
    raise EngineFailed(
        f"The Ray cluster at {address} refuses this machine's token; copy ~/.ray/auth_token from the cluster's head."
    )


def _probed(address: str, mode: str) -> str:
    """What Ray's own probe complains of; empty where a cluster answers it.

    In a process of its own: what never answers cannot be stopped in this one.
    """
    probe = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    environment = {**os.environ, _AUTHENTICATION: mode}
    try:
        ran = subprocess.run(
            probe, env=environment, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return "no answer"
    return (ran.stderr or "unhealthy") if ran.returncode else ""


def _told(error: Exception) -> EngineFailed:
    """What a worker said, as it stands at the end of the long account that Ray gives of it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    ours = [found[1] for line in lines if (found := _OUR_ERROR.match(line))]
    if any(_MISSING.search(line) for line in lines):
        return EngineFailed(
            f"Enlace is not installed on a node of the cluster; install enlace {version('enlace')} on all."
        )
    return EngineFailed(ours[-1] if ours else f"A worker of Ray failed: {lines[-1]}")
