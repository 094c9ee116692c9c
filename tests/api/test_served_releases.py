"""The releases that a process has open: leases, switches, what does not open, and how many."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

import api.served_releases
from api.errors import ArgumentRejected, NotReady, ServerBusy
from api.served_releases import ServedReleases
from api.service import Service
from graph.errors import ReleaseDamaged, ReleaseNotFound, StoreUnavailable
from graph.importing import import_release
from graph.model import Concept
from graph.release import INDEX_FOLDER, OpenRelease, ReleaseHome
from linker.errors import IndexDamaged


@pytest.fixture
def releases(tmp_path: Path) -> ReleaseHome:
    """A home with the releases `one`, which is current, `two` and `three`; each has one concept."""
    home = ReleaseHome(tmp_path / "home")
    for number, name in enumerate(("one", "two", "three"), 1):
        import_release(home, name, [Concept(f"X:{number}")], sources=())
    return home


def run(
    home: ReleaseHome,
    test: Callable[[ServedReleases], Awaitable[None]],
    *,
    pinned: str | None = None,
    **limits: int,
) -> list[str]:
    """Run a test with the releases of a home, followed once; which were opened."""
    opened = []

    def open_release(name: str) -> OpenRelease:
        opened.append(name)
        return home.open(name)

    async def whole() -> None:
        served = ServedReleases(home, Service, pinned=pinned, open_release=open_release, **limits)
        await served.follow()
        try:
            await test(served)
        finally:
            await served.close()

    asyncio.run(whole())
    return opened


def damage(home: ReleaseHome, name: str) -> Path:
    """Change a byte of a release, without changing a size; the file."""
    path = next(path for path in sorted((home.folder(name) / "hierarchy").iterdir()) if path.stat().st_size)
    held = bytearray(path.read_bytes())
    held[-1] ^= 1
    path.write_bytes(held)
    return path


async def answers(service: Service) -> bool:
    """Whether a service can still be asked."""
    try:
        await service.expand("*", 1, 0, "")
    except (RuntimeError, StoreUnavailable):
        return False
    return True


def test_a_switch_lets_requests_under_way_end(releases: ReleaseHome) -> None:
    async def test(served: ServedReleases) -> None:
        async with served.leases() as before:
            old = before.current()
            releases.set_current("two")
            await served.follow()
            assert before.current() is old
            assert await before.service(None) is old
            async with served.leases() as after:
                assert after.current().release.name == "two"
            assert served.state.open == ("one", "two")
            assert await answers(old)
        assert served.state.open == ("one", "two"), "the former one stays open while there is room"
        assert served.state.switches == 1

    run(releases, test)


def test_the_former_release_is_closed_when_its_last_lease_ends(releases: ReleaseHome) -> None:
    async def test(served: ServedReleases) -> None:
        async with served.leases() as first, served.leases() as second:
            old = first.current()
            assert second.current() is old
            import_release(releases, "one", [Concept("X:9")], sources=())
            await served.follow()
            async with served.leases() as third:
                assert "X:9" in third.current().hierarchy
            assert served.state.open == ("one", "one")
            second.end()
            assert await answers(old)
        await asyncio.sleep(0)
        await asyncio.gather(*served._closing)
        assert served.state.open == ("one",)
        assert not await answers(old)

    run(releases, test)


def test_going_back_needs_no_opening(releases: ReleaseHome) -> None:
    async def test(served: ServedReleases) -> None:
        for name in ("two", "one", "two"):
            releases.set_current(name)
            await served.follow()
            assert served.state.current == name

    assert run(releases, test) == ["one", "two"]


def test_a_release_that_does_not_open_leaves_the_old_one(
    releases: ReleaseHome, caplog: pytest.LogCaptureFixture
) -> None:
    sound = releases.folder("two").with_name("sound")
    shutil.copytree(releases.folder("two"), sound)
    file = damage(releases, "two")

    async def test(served: ServedReleases) -> None:
        releases.set_current("two")
        await served.follow()
        await served.follow()
        state = served.state
        assert (state.current, state.wanted, state.switches) == ("one", "two", 0)
        assert str(file) in state.problem
        async with served.leases() as leases:
            assert await answers(leases.current())
            with pytest.raises(ReleaseDamaged):
                await leases.service("two")
        shutil.rmtree(releases.folder("two"))
        sound.rename(releases.releases_folder / "two")
        await served.follow()
        assert served.state.problem == ""
        assert served.state.current == "two"

    assert run(releases, test) == ["one", "two", "two", "two"]
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "'one' serves on" in record.getMessage()


def test_what_failed_for_a_while_is_tried_again(
    releases: ReleaseHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def away(name: str) -> OpenRelease:
        tries.append(name)
        if len(tries) < 3:
            raise StoreUnavailable("The server is away.")
        return releases.open(name)

    async def test() -> None:
        served = ServedReleases(releases, Service, open_release=away)
        await served.follow()
        async with served.leases() as leases:
            with pytest.raises(NotReady, match="The server is away"):
                leases.current()
        await served.follow()
        assert len(tries) == 1, "not at once"
        monkeypatch.setattr(api.served_releases, "_SECONDS_BETWEEN_TRIES", 0.0)
        served._try_again_at = 0.0
        await served.follow()
        await served.follow()
        assert served.state.current == "one"
        await served.close()

    asyncio.run(test())
    assert tries == ["one"] * 3


def test_a_release_is_named(releases: ReleaseHome) -> None:
    async def test(served: ServedReleases) -> None:
        async with served.leases() as leases:
            two, again = await asyncio.gather(leases.service("two"), leases.service("two"))
            assert two is again
            assert two.release.name == "two"
            assert leases.current().release.name == "one"
            with pytest.raises(ReleaseNotFound, match="one, three, two"):
                await leases.service("four")
            for name in ("", "../one", "one\n", "ñ", "x" * 5_000):
                with pytest.raises(ArgumentRejected) as refused:
                    await leases.service(name)
                assert refused.value.argument == "release"
                assert len(str(refused.value)) < 200

    assert run(releases, test) == ["one", "two"]


def test_no_more_than_so_many_are_open(releases: ReleaseHome) -> None:
    async def test(served: ServedReleases) -> None:
        async with served.leases() as leases:
            two = await leases.service("two")
            with pytest.raises(ServerBusy):
                await leases.service("three")
        async with served.leases() as leases:
            assert (await leases.service("three")).release.name == "three"
            assert served.state.open == ("one", "three")
            assert not await answers(two)

    run(releases, test, most_open=2)


def test_many_first_requests_for_many_releases(releases: ReleaseHome) -> None:
    async def ask(served: ServedReleases, name: str) -> str:
        async with served.leases() as leases:
            try:
                service = await leases.service(name)
            except ServerBusy:
                return "busy"
            await asyncio.sleep(0.01)
            assert await answers(service)
            return service.release.name

    async def test(served: ServedReleases) -> None:
        names = ["two", "three", "one"] * 10
        said = await asyncio.gather(*(ask(served, name) for name in names))
        assert all(told in (name, "busy") for name, told in zip(names, said, strict=True))
        assert said.count("one") == 10
        assert len(served.state.open) <= 2

    run(releases, test, most_open=2)


def test_one_that_is_pinned_stays(releases: ReleaseHome) -> None:
    async def test(served: ServedReleases) -> None:
        releases.set_current("three")
        await served.follow()
        assert served.state.current == "two"

    assert run(releases, test, pinned="two") == ["two"]


def test_a_removed_release_serves_on_until_another_is_chosen(releases: ReleaseHome) -> None:
    async def test(served: ServedReleases) -> None:
        releases.remove("one")
        await served.follow()
        async with served.leases() as leases:
            assert await answers(leases.current())
        releases.set_current("two")
        await served.follow()
        assert served.state.current == "two"

    run(releases, test)


def test_one_that_was_indexed_is_taken_up_once_it_is_again(home: ReleaseHome, own_home: ReleaseHome) -> None:
    async def test(served: ServedReleases) -> None:
        async with served.leases() as leases:
            await leases.current().open_linker()
        import_release(own_home, "demo", [Concept("X:9")], sources=())
        await served.follow()
        assert "once it is indexed" in served.state.problem
        async with served.leases() as leases:
            assert "X:9" not in leases.current().hierarchy
            assert await leases.current().link(["HTA"], 1)

    run(own_home, test)


def test_an_index_that_cannot_be_searched_is_told_when_it_is_opened(own_home: ReleaseHome) -> None:
    folder = own_home.folder("demo")
    with sqlite3.connect(folder / INDEX_FOLDER / "search.sqlite") as connection:
        connection.execute("PRAGMA user_version = 1")
    connection.close()

    async def whole() -> None:
        service = Service(own_home.open("demo"))
        for ask in (service.open_linker(), service.search("a", 1), service.link(["asma"], 1)):
            with pytest.raises(IndexDamaged, match=r"'demo' .* again with `enlace index --release demo`"):
                await ask
        assert service.linker_state == "opening"
        await service.close()

    asyncio.run(whole())
