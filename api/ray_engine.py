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
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as parquet

from api.errors import EngineFailed

_BATCHES_A_FILE = 64
_LOCAL_STORE_BYTES = 256 << 20
"""Of the store in which Ray hands over what workers read and answer, on one machine."""
#: Nothing is sent to anyone. Workers are as important as the process that started them; Ray's are else niced by 15.
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DATA_LOG_LEVEL": "ERROR",
    "RAY_worker_niceness": "0",
}
_OUR_ERROR = re.compile(r"(?:api|linker|graph)\.errors\.\w+: (.+)")
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
    with _staged(batches, staging) as count, connected(cluster) as ray:
        if not count:
            return
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        # One core is left to the tasks that read batches; without, workers would wait for them for ever.
        cores = int(ray.cluster_resources().get("CPU", 1))
        workers = max(1, min(cluster.workers or cores, cores - 1))
        try:
            answered = ray.data.range(count, override_num_blocks=min(count, 4 * workers)).map_batches(
                _worker(work, staging.resolve()),
                batch_size=1,
                batch_format="pyarrow",
                compute=ray.data.ActorPoolStrategy(size=min(workers, count)),
                num_cpus=1,
            )
            expected = 0
            for row in answered.iter_rows():
                if row[_PLACE] != expected:
                    raise EngineFailed(
                        f"Ray answered batch {row[_PLACE]} in place of {expected}; start again."
                    )
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


def _worker(work: Work, staging: Path) -> type:
    """The class of the actors of Ray Data that do a work."""

    class Worker:
        def __init__(self) -> None:
            self._answer = work.open()

        def __call__(self, rows: pa.Table) -> pa.Table:
            places = rows.column("id").to_pylist()
            found = [self._answer(_batch(staging, place)) for place in places]
            return pa.table({_PLACE: pa.array(places), _ANSWER: pa.array(found, pa.large_string())})

    return Worker


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
    with parquet.ParquetFile(_file_of(staging, place)) as file:
        (batch,) = file.read_row_group(place % _BATCHES_A_FILE).column(_BATCH).to_pylist()
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
            told = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
            raise EngineFailed(
                f"Ray cannot be reached at {cluster.address or 'this machine'}: {told}."
            ) from None
    try:
        yield ray
    finally:
        if started:
            ray.shutdown()


def _told(error: Exception) -> EngineFailed:
    """What a worker said, as it stands at the end of the long account that Ray gives of it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    ours = [found[1] for line in lines if (found := _OUR_ERROR.match(line))]
    return EngineFailed(f"A worker of Ray failed: {ours[-1] if ours else lines[-1]}")
