"""A server that listens on a free port of this machine, in a thread of the tests' process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from api.app import create_app
from api.server import listening_socket
from api.settings import Settings
from graph.release import ReleaseHome


@contextmanager
def listening(home: ReleaseHome, release: str = "demo", **limits: Any) -> Iterator[str]:
    """The address of a server of a release."""
    settings = Settings.of(release, environment={}, home=home.path, **limits)
    with listening_socket("127.0.0.1", 0) as bound:
        config = uvicorn.Config(create_app(settings), log_level="warning", timeout_graceful_shutdown=5)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 60
        while not server.started:
            assert thread.is_alive()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
