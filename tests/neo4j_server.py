"""A real Neo4j server for tests, benchmarks and `make neo4j`, with nothing but Java and Maven.

    python tests/neo4j_server.py [--folder FOLDER] [--port 7687]    in the foreground, for a person

Maven brings the Community server that `neo4j-server/pom.xml` names into a cache (`XDG_CACHE_HOME` or
`~/.cache`), once. The server runs under a watching process that ends it, by its process id, when whoever
started it closes it or dies, however it dies.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import os
import re
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

POM = Path(__file__).resolve().with_name("neo4j-server") / "pom.xml"
HOST = "127.0.0.1"
USER = "neo4j"
OLDEST_JAVA = 17
HEAP = "1g"
PAGE_CACHE = "512m"
#: What a server on a busy machine may take to start.
PATIENCE_S = 180
_ENTRY_POINT = "META-INF/services/org.neo4j.server.startup.EntryPoint"


class NoServer(Exception):
    """Neither a server to use nor what is needed to start one; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server answers, and to whom."""

    uri: str
    user: str
    password: str = field(repr=False)

    @property
    def uri_with_credentials(self) -> str:
        """For an address that brings its own credentials, as tests in this process use it."""
        scheme, _, rest = self.uri.partition("://")
        return f"{scheme}://{quote(self.user, safe='')}:{quote(self.password, safe='')}@{rest}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that tell Enlace who it is there."""
        return {"NEO4J_USER": self.user, "NEO4J_PASSWORD": self.password}


def server_given() -> Server | None:
    """The server that `NEO4J_URI`, `NEO4J_USER` and `NEO4J_PASSWORD` name; None where they name none."""
    uri = os.environ.get("NEO4J_URI")
    if not uri:
        return None
    return Server(uri, os.environ.get("NEO4J_USER") or USER, os.environ.get("NEO4J_PASSWORD", ""))


@contextmanager
def running(
    folder: Path | None = None, *, port: int = 0, settings: dict[str, str] | None = None, fast: bool = False
) -> Iterator[Launched]:
    """A server of its own on a free port of this machine, ended on leaving.

    Its data are in `folder` and stay there; without one they are in a temporary folder and go. The
    `settings` are added to `neo4j.conf`. With `fast` Java compiles as it does for large loads: twice the
    work before the first answer. Raises `NoServer` where there is no Java or Maven to start it with.
    """
    launched = Launched.start(folder, port=port, settings=settings, fast=fast)
    try:
        yield launched
    finally:
        launched.end()


class Launched:
    """A server under way, which can be stopped and started again."""

    def __init__(self, server: Server, watcher: subprocess.Popen[bytes], log: Path) -> None:
        """Use `start`."""
        self.server = server
        self._watcher = watcher
        self._log = log
        self._process_id = 0

    @classmethod
    def start(
        cls,
        folder: Path | None = None,
        *,
        port: int = 0,
        settings: dict[str, str] | None = None,
        fast: bool = False,
    ) -> Launched:
        """As `running`."""
        jars = fetch()
        temporary = None if folder else Path(tempfile.mkdtemp(prefix="enlace-neo4j-"))
        home = folder or temporary
        assert home is not None
        password = _password(home)
        port = port or _free_port()
        _configure(home, port, settings or {})
        watcher = _watch(_command(jars, home, fast), home, temporary)
        launched = cls(
            Server(f"neo4j://{HOST}:{port}", USER, password), watcher, home / "logs" / "console.log"
        )
        try:
            launched._read_process_id()
            launched._become_ready()
        except BaseException:
            launched.end()
            raise
        return launched

    def stop(self) -> None:
        """Kill the server; its data stay."""
        self._tell("stop")

    def resume(self) -> None:
        """Start the server again after `stop`, at the same port, with the same data."""
        self._tell("start")
        self._become_ready()

    @property
    def process_id(self) -> int:
        """Of the Java process; another one after `resume`."""
        return self._process_id

    def end(self) -> None:
        """End the server, and delete its data where they are temporary."""
        assert self._watcher.stdin is not None
        assert self._watcher.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._watcher.stdin.close()
        self._watcher.wait()
        self._watcher.stdout.close()

    def wait(self) -> None:
        """Return when the server has ended by itself."""
        self._read_process_id()

    def _tell(self, order: str) -> None:
        """Have the watching process carry out an order, and wait until it did."""
        assert self._watcher.stdin is not None
        self._watcher.stdin.write(f"{order}\n".encode("ascii"))
        self._watcher.stdin.flush()
        self._read_process_id()

    def _read_process_id(self) -> None:
        assert self._watcher.stdout is not None
        self._process_id = int(self._watcher.stdout.readline() or 0)

    def _become_ready(self) -> None:
        import neo4j
        from neo4j.exceptions import AuthError, ClientError, DriverError, Neo4jError

        port = urlsplit(self.server.uri).port
        address = f"bolt://{HOST}:{port}"
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if not _is_alive(self._process_id):
                break
            try:
                socket.create_connection((HOST, port), 1).close()
            except OSError:
                time.sleep(0.1)
                continue
            try:
                with neo4j.GraphDatabase.driver(address, auth=(USER, self.server.password)) as driver:
                    driver.verify_connectivity()
                    return
            except AuthError:
                with contextlib.suppress(DriverError, Neo4jError):
                    _set_password(address, self.server.password)
            except (ClientError, DriverError, Neo4jError):
                time.sleep(0.1)
        said = self._log.read_text("utf-8", "replace")[-2000:] if self._log.exists() else ""
        raise RuntimeError(f"Neo4j did not start; it said: {said}")


def _is_alive(process_id: int) -> bool:
    if not process_id:
        return False
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def _set_password(address: str, password: str) -> None:
    """Exchange the password that a new server has for ours: it lets nobody do anything else before."""
    import neo4j

    with (
        neo4j.GraphDatabase.driver(address, auth=(USER, "neo4j")) as driver,
        driver.session(database="system") as session,
    ):
        session.run("ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $new", new=password).consume()


def _password(home: Path) -> str:
    """The password of the server at `home`, made up when it first starts; only the owner can read it."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / "password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(16), "ascii")
    return path.read_text("ascii")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        port: int = free.getsockname()[1]
        return port


def _configure(home: Path, port: int, settings: dict[str, str]) -> None:
    said = {
        "server.default_listen_address": HOST,
        "server.bolt.listen_address": f"{HOST}:{port}",
        "server.bolt.advertised_address": f"{HOST}:{port}",
        "server.http.enabled": "false",
        "server.https.enabled": "false",
        "dbms.usage_report.enabled": "false",
        "dbms.security.auth_enabled": "true",
        "server.memory.pagecache.size": PAGE_CACHE,
        **settings,
    }
    (home / "conf").mkdir(exist_ok=True)
    text = "".join(f"{key}={value}\n" for key, value in said.items())
    (home / "conf" / "neo4j.conf").write_text(text, "utf-8")


# The server's files --------------------------------------------------------------------------------------


def fetch() -> Path:
    """The folder of the server's jars, from the cache or brought by Maven. Raises `NoServer`."""
    _check_java()
    wanted = version()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "enlace"
    jars = cache / f"neo4j-{wanted}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "neo4j.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jars.is_dir():
            _bring(cache / f".neo4j-{wanted}", jars)
    return jars


def _check_java() -> None:
    if shutil.which("java") is None:
        raise NoServer(f"Java {OLDEST_JAVA} is not installed, and NEO4J_URI names no server")
    told = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', told)
    if found is None or int(found[1]) < OLDEST_JAVA:
        raise NoServer(f"Java {OLDEST_JAVA} or later is wanted, not {told.partition(chr(10))[0]}")


def _bring(staging: Path, jars: Path) -> None:
    if shutil.which("mvn") is None:
        raise NoServer("Maven is not installed, and NEO4J_URI names no server")
    shutil.rmtree(staging, ignore_errors=True)
    command = ["mvn", "--quiet", "--batch-mode", "--file", str(POM), "dependency:copy-dependencies"]
    done = subprocess.run(
        [*command, f"-DoutputDirectory={staging}", "-DincludeScope=runtime"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NoServer(f"Maven could not bring the Neo4j server: {done.stdout[-2000:]}")
    staging.rename(jars)


def version() -> str:
    """Of the server that the pom names."""
    found = ElementTree.parse(POM).findtext(".//{*}neo4j.version")
    assert found
    return found


def _command(jars: Path, home: Path, fast: bool) -> list[str]:
    (jar,) = jars.glob("neo4j-[0-9]*.jar")
    with zipfile.ZipFile(jar) as archive:
        entry_point = archive.read(_ENTRY_POINT).decode("ascii").split()[0]
    return [
        "java",
        f"-Xmx{HEAP}",
        *(() if fast else ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")),
        *(
            f"--add-opens=java.base/{package}=ALL-UNNAMED"
            for package in ("java.nio", "java.io", "sun.nio.ch")
        ),
        "-cp",
        f"{jars}/*",
        entry_point,
        f"--home-dir={home}",
        f"--config-dir={home / 'conf'}",
    ]


# The watching process ------------------------------------------------------------------------------------


def _watch(command: list[str], home: Path, temporary: Path | None) -> subprocess.Popen[bytes]:
    """Start a server under a process that ends it when the pipe to its standard input is closed."""
    (home / "logs").mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, __file__, "--watch", str(temporary or ""), str(home), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )


def _watch_over(temporary: str, home: str, *command: str) -> None:
    """Run the server and do as the lines of standard input say, until they end.

    After each order, and at first, the server's process id is told: 0 where it is stopped. If it ends by
    itself that is told too.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    server = _start(home, command)
    print(server.pid, flush=True)
    try:
        while order := _next_order(server):
            if order == "start":
                server = _start(home, command)
                print(server.pid, flush=True)
            else:
                server.kill()
                server.wait()
                print(0, flush=True)
    finally:
        # Data that go need no orderly end.
        server.send_signal(signal.SIGKILL if temporary else signal.SIGTERM)
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        if temporary:
            shutil.rmtree(temporary, ignore_errors=True)


def _start(home: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
    with (Path(home) / "logs" / "console.log").open("ab") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_end_with_parent
        )


def _next_order(server: subprocess.Popen[bytes]) -> str:
    """The next line of standard input, empty at its end; `stop` where the server ended by itself."""
    alive = server.poll() is None
    while not select.select([sys.stdin], [], [], 0.2)[0]:
        if alive and server.poll() is not None:
            return "stop"
    return sys.stdin.readline().strip()


def _end_with_parent() -> None:
    """Have Linux kill this process with the one that watches it. Elsewhere the pipe alone must do."""
    if sys.platform == "linux":
        os.setpgid(0, 0)
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def main() -> None:
    """Run a server in the foreground until Ctrl+C."""
    parser = argparse.ArgumentParser(description="Start a Neo4j Community server in the foreground.")
    parser.add_argument("--folder", type=Path, default=Path("build/neo4j"), help="where its data are kept")
    parser.add_argument("--port", type=int, default=7687, help="of Bolt; 0 chooses a free one")
    options = parser.parse_args()
    print("Starting Neo4j; the first time Maven fetches it (120 MB) …", flush=True)
    try:
        launched = Launched.start(options.folder.resolve(), port=options.port, fast=True)
    except NoServer as reason:
        sys.exit(f"{reason}.")
    server = launched.server
    print(f"export NEO4J_USER={server.user} NEO4J_PASSWORD={server.password}")
    print(f"enlace load PATH --release NAME --store {server.uri}")
    print(f"Data are in {options.folder}. Ctrl+C ends it.", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        launched.wait()
        print("Neo4j ended; its log is in the folder's logs/console.log.")
    except KeyboardInterrupt:
        launched.end()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--watch"]:
        _watch_over(*sys.argv[2:])
    else:
        main()
