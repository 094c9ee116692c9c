"""The releases that a process has open for answering, and which of them is current.

A request leases a release by name, or the current one, and what it leased stays open until it ends. The
current release follows `ENLACE_HOME/current`: every process looks each second, opens and verifies the new
release beside the old one, lets the new one answer from then on, and closes the old one when its last lease
has ended. A release that does not open leaves the old one serving. So does one that is imported anew under
its name: it is taken up once it is whole, and indexed where the former was.

All methods belong to one event loop; what takes time runs in threads.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from api.errors import ArgumentRejected, NotReady, ServerBusy
from api.service import Service
from graph import manifest
from graph.errors import EnlaceError, GraphError, ReleaseNotFound
from graph.release import INDEX_FOLDER, OpenRelease, ReleaseHome, check_name

_LOG = logging.getLogger("enlace.releases")
_SECONDS_BETWEEN_LOOKS = 1.0
#: A release that did not open is tried again: its server may be away for a while.
_SECONDS_BETWEEN_TRIES = 5.0

#: What tells a release in its folder from another one there, and its index: inodes and times of manifests.
Stamp: TypeAlias = tuple[tuple[int, int] | None, tuple[int, int] | None]


@dataclass(slots=True, eq=False)
class _Served:
    name: str
    stamp: Stamp
    service: Service
    leases: int = 0
    retired: bool = False
    last_leased: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class ServedState:
    """What a process serves: for readiness and metrics."""

    current: str | None
    """The release that answers where a request names none; None while none could be opened."""
    wanted: str | None
    """The one that should; another one while it is being opened or does not open."""
    problem: str
    """Why `wanted` does not answer, in a sentence; empty where it does."""
    linker: str
    """Of the current release: `ready`, `opening` or `unavailable`."""
    open: tuple[str, ...]
    """Names of the releases that are open, sorted; twice where the former one of a name has leases yet."""
    verified: bool
    """Whether the files of what is open were compared with their checksums."""
    switches: int
    """How often another release became current since the process started."""


class Leases:
    """The releases that one request uses. A name, or none, gives the same release until the request ends."""

    def __init__(self, served: ServedReleases) -> None:
        self._served = served
        self._leased: dict[str | None, _Served] = {}
        self._ended = False

    def current(self) -> Service:
        """The current release's service. Raises NotReady where none is open."""
        if None not in self._leased:
            self._leased[None] = self._served._lease_current()
        return self._leased[None].service

    async def service(self, name: str | None) -> Service:
        """The service of a release, or of the current one where `name` is None.

        Raises NotReady, ServerBusy where too many releases are in use, ArgumentRejected where none may be called
        so, and what opening a release raises: ReleaseNotFound, ReleaseDamaged, StoreUnavailable.
        """
        if name is None:
            return self.current()
        if name not in self._leased:
            leased = await self._served._lease(name)
            if name in self._leased or self._ended:  # two resolvers asked at once, or the request is over
                self._served._end(leased)
                if self._ended:
                    raise asyncio.CancelledError
            else:
                self._leased[name] = leased
        return self._leased[name].service

    def end(self) -> None:
        """Give all back. Calling it twice does no harm."""
        self._ended = True
        leased, self._leased = list(self._leased.values()), {}
        for one in leased:
            self._served._end(one)


class ServedReleases:
    """The releases that are open in this process.

    `pinned` names the release that is current whatever `ENLACE_HOME/current` says. At most `most_open` are
    open, besides those that only wait for their last lease to end; the one leased longest ago is closed for
    another. `serve` makes a service of an open release, and `open_release` opens one, by default from `home`.
    `told` hears the state after each look at what should be current.
    """

    def __init__(
        self,
        home: ReleaseHome,
        serve: Callable[[OpenRelease], Service],
        *,
        pinned: str | None = None,
        most_open: int = 4,
        verify: bool = True,
        open_release: Callable[[str], OpenRelease] | None = None,
        told: Callable[[ServedState], None] = lambda state: None,
    ) -> None:
        self._home = home
        self._serve = serve
        self._pinned = pinned
        self._most_open = most_open
        self._verify = verify
        self._open_release = open_release or home.open
        self._told = told
        self._looking = asyncio.Lock()
        self._current: _Served | None = None
        self._open: dict[str, _Served] = {}
        self._retired: set[_Served] = set()
        self._opening: dict[str, asyncio.Task[_Served]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._following: asyncio.Task[None] | None = None
        self._wanted: str | None = pinned
        self._problem = ""
        self._failed: tuple[str, Stamp] | None = None
        self._try_again_at = 0.0
        self._switches = 0

    async def start(self) -> None:
        """Open the current release and begin to follow changes.

        Where it does not open this is told by `state`, and it is tried again.
        """
        await self.follow()
        self._following = asyncio.create_task(self._keep_following())

    @asynccontextmanager
    async def leases(self) -> AsyncIterator[Leases]:
        """The leases of one request, given back on leaving."""
        leases = Leases(self)
        try:
            yield leases
        finally:
            leases.end()

    @property
    def state(self) -> ServedState:
        """What is served now."""
        current = self._current
        return ServedState(
            current=current.name if current else None,
            wanted=self._wanted,
            problem=self._problem,
            linker=current.service.linker_state if current else "unavailable",
            open=tuple(sorted(one.name for one in (*self._open.values(), *self._retired))),
            verified=self._verify and current is not None,
            switches=self._switches,
        )

    def parts_open(self) -> frozenset[str]:
        """Names of the releases that are open, and of the linkers that are: what takes much memory."""
        open_ones = (*self._open.values(), *self._retired)
        linkers = (f"linker of {one.name}" for one in open_ones if one.service.linker_state == "ready")
        return frozenset((*(one.name for one in open_ones), *linkers))

    async def follow(self) -> None:
        """Take up the release that should be current, if it is not; drop what was imported anew meanwhile."""
        async with self._looking:
            await self._follow()
            self._told(self.state)

    async def _follow(self) -> None:
        wanted = self._pinned or await asyncio.to_thread(self._home.current)
        if wanted is None:  # nothing was chosen, or it was removed: what is open serves on
            self._problem = (
                "" if self._current else "No release is current; choose one with `enlace releases --use`."
            )
            return
        self._wanted = wanted
        stamp = self._stamp(wanted)
        current = self._current
        if current is not None and (current.name, current.stamp) == (wanted, stamp):
            self._problem, self._failed = "", None
        elif self._failed != (wanted, stamp) or time.monotonic() >= self._try_again_at:
            await self._take_up(wanted, stamp)
        for one in list(self._open.values()):
            if one is not self._current and one.stamp != self._stamp(one.name):
                self._retire(one)

    async def close(self) -> None:
        """Close all that is open, whether leased or not."""
        tasks = [task for task in (self._following, *self._opening.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._current = None
        for one in (*self._open.values(), *self._retired):
            one.leases = 0
            self._retire(one)
        await asyncio.gather(*self._closing)

    async def _keep_following(self) -> None:
        while True:
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            try:
                await self.follow()
            except Exception:
                _LOG.exception("The current release could not be looked up; what is open serves on.")

    async def _take_up(self, wanted: str, stamp: Stamp) -> None:
        former = self._current
        if former is not None and former.name == wanted and former.stamp[1] and not stamp[1]:
            self._report(
                f"Release {wanted!r} was imported anew; it is taken up once it is indexed.", wanted, stamp
            )
            return
        try:
            new = self._open.get(wanted)
            if new is None or new.stamp != stamp or new is former:
                new = await self._opened(wanted)
            if former is None:
                new.service.start()
            elif new.stamp[1]:
                await self._open_linker(new)
        except EnlaceError as error:
            self._report(str(error), wanted, stamp)
            return
        except Exception:
            self._report(f"Release {wanted!r} could not be opened, by a fault that is logged.", wanted, stamp)
            _LOG.exception("Release %r could not be opened.", wanted)
            return
        same = self._open.get(wanted)
        self._open[wanted] = self._current = new
        self._problem, self._failed = "", None
        if same is not None and same is not new:
            self._retire(same)
        if former is not None:
            self._switches += 1
            _LOG.warning("Release %r is current now, after %r.", new.name, former.name)
            self._make_room(0)

    async def _open_linker(self, new: _Served) -> None:
        new.leases += 1
        try:
            await new.service.open_linker()
        except BaseException:
            if self._open.get(new.name) is not new:
                self._retire(new)
            raise
        finally:
            self._end(new)

    def _report(self, problem: str, wanted: str, stamp: Stamp) -> None:
        if problem != self._problem:
            serving = f"; {self._current.name!r} serves on" if self._current else ""
            _LOG.error("%s%s.", problem.rstrip("."), serving)
        self._problem = problem
        self._failed = (wanted, stamp)
        self._try_again_at = time.monotonic() + _SECONDS_BETWEEN_TRIES

    async def _opened(self, name: str) -> _Served:
        """A release newly opened and verified, in no list yet."""
        stamp = self._stamp(name)
        return _Served(name, stamp, await asyncio.to_thread(self._open_verified, name))

    def _open_verified(self, name: str) -> Service:
        opened = self._open_release(name)
        try:
            if self._verify:
                manifest.check_hashes(opened.folder)
            return self._serve(opened)
        except BaseException:
            opened.close()
            raise

    # Leases -----------------------------------------------------------------------------------------------

    def _lease_current(self) -> _Served:
        if self._current is None:
            raise NotReady(
                f"No release can be asked yet: {self._problem or 'the current one is being opened.'}"
            )
        return self._leased(self._current)

    async def _lease(self, name: str) -> _Served:
        try:
            check_name(name)
        except GraphError:
            raise ArgumentRejected("release", f"{name[:100]!r} is not the name of a release.") from None
        if name not in self._open:
            if name not in self._opening:
                if self._stamp(name)[0] is None:
                    raise ReleaseNotFound(name, await asyncio.to_thread(self._home.names), argument="release")
                task = asyncio.create_task(self._open_named(name))
                self._opening[name] = task
                task.add_done_callback(lambda done: self._opening_ended(name, done))
            # Others may wait for the same: a client that goes away does not undo it.
            await asyncio.shield(self._opening[name])
        return self._leased(self._open[name])

    async def _open_named(self, name: str) -> _Served:
        self._make_room(1)
        new = await self._opened(name)
        there = self._open.setdefault(name, new)
        if there is not new:  # it became current meanwhile
            self._retire(new)
        return there

    def _opening_ended(self, name: str, task: asyncio.Task[_Served]) -> None:
        del self._opening[name]
        if not task.cancelled():
            task.exception()  # told to those who wait; nobody may be left

    def _make_room(self, wanted: int) -> None:
        """Close releases until `wanted` more may be opened. Raises ServerBusy where they are in use."""
        others = [one for one in self._open.values() if one is not self._current]
        idle = sorted((one for one in others if not one.leases), key=lambda one: one.last_leased)
        under_way = max(0, len(self._opening) - wanted)
        for _ in range(len(self._open) + under_way + wanted - self._most_open):
            if not idle:
                if not wanted:
                    return
                raise ServerBusy(
                    f"{len(self._open) + under_way} releases are in use, and at most {self._most_open} are open "
                    "at once; try again in some seconds."
                )
            self._retire(idle.pop(0))

    def _leased(self, one: _Served) -> _Served:
        one.leases += 1
        one.last_leased = time.monotonic()
        return one

    def _end(self, one: _Served) -> None:
        one.leases -= 1
        if one.retired and one.leases <= 0:
            self._close(one)

    def _retire(self, one: _Served) -> None:
        """Lease it no more, and close it when its last lease ends."""
        if self._open.get(one.name) is one:
            del self._open[one.name]
        if not one.retired:
            one.retired = True
            self._retired.add(one)
        if one.leases <= 0:
            self._close(one)

    def _close(self, one: _Served) -> None:
        if one in self._retired:
            self._retired.discard(one)
            closing = asyncio.get_running_loop().create_task(one.service.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    def _stamp(self, name: str) -> Stamp:
        folder = self._home.releases_folder / name
        found: list[tuple[int, int] | None] = []
        for path in (folder / manifest.FILE, folder / INDEX_FOLDER / manifest.FILE):
            try:
                said = path.stat()
                found.append((said.st_ino, said.st_mtime_ns))
            except OSError:
                found.append(None)
        return found[0], found[1]
