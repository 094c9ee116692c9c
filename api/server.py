"""Runs the application under uvicorn, from any folder and in several processes."""

from __future__ import annotations

import functools
import json
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from api.errors import ServerNotStarted
from api.logs import log_as_json
from api.releases import chosen
from api.settings import Settings
from api.tokens import TokenFile
from graph.release import ReleaseHome

if TYPE_CHECKING:
    from starlette.applications import Starlette

_LOG = logging.getLogger("enlace.server")


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM, then let requests under way end.

    Raises ServerNotStarted where the address cannot be listened at or anybody there could ask, TokensUnusable,
    NoReleaseChosen, and what opening the release raises.
    """
    check_access(settings)
    # A release that cannot be opened is better told in a sentence than by a worker's trace.
    home = ReleaseHome(settings.home)
    release = chosen(home, settings.release)
    home.open(release).close()
    with listening_socket(settings.host, settings.port) as bound, _shared_folder(settings.workers) as shared:
        # Imported here: the folder of shared metrics must be known before their library is loaded.
        from uvicorn import Server
        from uvicorn.supervisors import Multiprocess

        from api.connections import GuardedConnection, ServerConfig

        host, port = bound.getsockname()[:2]
        print(f"Serving release {release} at {_url(host, port)}/ (GraphQL: /graphql)", flush=True)
        log_as_json()
        _LOG.info("starting", extra={"said": {"settings": json.loads(_as_json(settings))}})
        # The application goes to uvicorn as an object, never as a name to import: a name would be looked up
        # on a path, and a worker must not find a folder called `api` where the user stands.
        config = ServerConfig(
            functools.partial(_worker, settings),
            factory=True,
            http=GuardedConnection,
            workers=settings.workers,
            log_config=None,
            access_log=False,
            timeout_keep_alive=settings.keep_alive_seconds,
            timeout_graceful_shutdown=settings.stop_seconds,
            server_header=False,
            date_header=False,
        )
        config.receive_seconds = settings.receive_seconds
        config.most_connections = settings.max_connections
        config.shared = shared
        # uvicorn raises the signal again once it has stopped; a stop that was asked for is no failure.
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
        if settings.workers == 1:
            Server(config).run(sockets=[bound])
        else:
            _prepare_workers(settings.workers)
            Multiprocess(config, sockets=[bound]).run()


def check_access(settings: Settings) -> None:
    """Raise ServerNotStarted rather than let everybody on a network ask a server by mistake."""
    tokens = TokenFile(settings.home).tokens()
    if not settings.on_loopback and not settings.anonymous and not tokens:
        raise ServerNotStarted(
            f"At {settings.host} other machines can reach the server, and there are no tokens; make one with "
            "`enlace tokens add NAME`, or let everybody ask with --allow-anonymous."
        )


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens at an address; port 0 takes a free one. Raises ServerNotStarted."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
            bound.listen(1024)
            bound.set_inheritable(True)
        except OSError:
            bound.close()
            raise
    except OSError as error:
        raise ServerNotStarted(
            f"The server cannot listen at {host} port {port}: {error.strerror or error}; "
            "give another --host or --port."
        ) from None
    return bound


def _worker(settings: Settings) -> Starlette:
    """The application of a worker; only now are its libraries loaded."""
    log_as_json()
    from api.app import create_app

    return create_app(settings)


@contextmanager
def _shared_folder(workers: int) -> Iterator[Path | None]:
    """A folder in which workers add up their metrics and connections, where there are several."""
    variable = "PROMETHEUS_MULTIPROC_DIR"
    os.environ.pop(variable, None)
    if workers == 1:
        yield None
        return
    folder = tempfile.mkdtemp(prefix="enlace-workers-")
    os.environ[variable] = folder
    try:
        yield Path(folder)
    finally:
        del os.environ[variable]
        shutil.rmtree(folder, ignore_errors=True)


def _prepare_workers(workers: int) -> None:
    """Set what the worker processes, which are started anew, take from the environment."""
    # An interpreter that is started with a command on its command line puts the current folder first on
    # its path, before anything of ours runs; this keeps it out.
    os.environ["PYTHONSAFEPATH"] = "1"
    # Each worker's models would use all cores, and together they would only wait for each other.
    for variable in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ.setdefault(variable, str(max(1, (os.cpu_count() or 1) // workers)))


def _as_json(settings: Settings) -> str:
    return json.dumps(dict(settings.told()), default=str)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
