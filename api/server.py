"""Runs the application under uvicorn, from any folder and in several processes."""

from __future__ import annotations

import functools
import os
import signal
import socket
import sys

import uvicorn
from uvicorn.supervisors import Multiprocess

from api.app import create_app
from api.errors import ServerNotStarted
from api.releases import chosen
from api.settings import Settings
from graph.release import ReleaseHome


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM, then let requests under way end.

    Raises ServerNotStarted where the address cannot be listened at, NoReleaseChosen, and what opening the release
    raises.
    """
    # A release that cannot be opened is better told in a sentence than by a worker's trace.
    home = ReleaseHome(settings.home)
    release = chosen(home, settings.release)
    home.open(release).close()
    with listening_socket(settings.host, settings.port) as bound:
        host, port = bound.getsockname()[:2]
        print(f"Serving release {release} at {_url(host, port)}/graphql", flush=True)
        # The application goes to uvicorn as an object, never as a name to import: a name would be looked up
        # on a path, and a worker must not find a folder called `api` where the user stands.
        config = uvicorn.Config(
            functools.partial(create_app, settings),
            factory=True,
            workers=settings.workers,
            log_level="warning",
            timeout_graceful_shutdown=settings.stop_seconds,
            server_header=False,
        )
        # uvicorn raises the signal again once it has stopped; a stop that was asked for is no failure.
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
        if settings.workers == 1:
            uvicorn.Server(config).run(sockets=[bound])
        else:
            _prepare_workers(settings.workers)
            Multiprocess(config, sockets=[bound]).run()


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


def _prepare_workers(workers: int) -> None:
    """Set what the worker processes, which are started anew, take from the environment."""
    # An interpreter that is started with a command on its command line puts the current folder first on
    # its path, before anything of ours runs; this keeps it out.
    os.environ["PYTHONSAFEPATH"] = "1"
    # Each worker's models would use all cores, and together they would only wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
