"""A server that is really serving, and a browser's page that tells of everything that went wrong in it."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from interrupts import hear_interrupts
from playwright.sync_api import Browser, Locator, Page, expect

from graph.model import IS_A, Concept, Mapping, Relation, Term, TermKind
from graph.release import ReleaseHome

SCRIPT = Path(sys.executable).with_name("enlace")

#: Text that would do something, were it ever taken for markup.
HOSTILE = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script> {{hurt}} ${hurt} \u202e"\'`'
HOSTILE_ID = "X:hostile"
WIDE, NARROW = (1280, 900), (390, 844)

#: How long anything may take: a busy machine is no failure.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)


def hostile_records() -> Iterator[Concept | Term | Relation | Mapping]:
    """Two concepts, whose every text is hostile."""
    yield Concept("X:0")
    yield Term("X:0", f"raíz {HOSTILE}", "es")
    yield Concept(HOSTILE_ID, semantic_tag=HOSTILE, effective_time=HOSTILE)
    yield Relation(HOSTILE_ID, IS_A, "X:0")
    yield Relation(HOSTILE_ID, "X:0", "X:0")
    yield Mapping(HOSTILE_ID, f"ICD10:{HOSTILE}", HOSTILE, advice=HOSTILE)
    for kind in TermKind:
        yield Term(HOSTILE_ID, f"{kind.value} malicioso {HOSTILE}", "es", kind)


@contextmanager
def serving(home: ReleaseHome, release: str, folder: Path, **environment: str) -> Iterator[str]:
    """The address of `enlace serve` in a process of its own."""
    process = subprocess.Popen(
        [SCRIPT, "serve", "--release", release, "--port", "0"],
        cwd=folder,
        env={**os.environ, "ENLACE_HOME": str(home.path), "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=hear_interrupts,
    )
    try:
        assert process.stdout
        told = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", told)
        assert found, told
        _wait_until_ready(found[0])
        yield found[0]
    finally:
        process.kill()
        process.communicate()


def _wait_until_ready(base: str) -> None:
    """Return when the models are open, or cannot be: a request that waits for them may take too long."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{base}health/ready", timeout=60):
            return
        time.sleep(0.2)
    raise AssertionError("the server did not become ready")


@dataclass
class Visit:
    """A page of the browser in a window; `wrong` collects what its console and its policy complain of."""

    page: Page
    base: str
    wrong: list[str] = field(default_factory=list)

    def open(self, path: str = "") -> Page:
        """Go to a page and wait until it has what it shows."""
        self.page.goto(self.base + path)
        return self.settled()

    def settled(self) -> Page:
        """Wait until nothing is waited for."""
        self.page.wait_for_selector("main:not([aria-busy])")
        expect(self.page.locator(".waiting, .asking")).to_have_count(0)
        return self.page

    def titled(self, beginning: str) -> Page:
        """Wait until the page whose title begins so is there."""
        expect(self.page).to_have_title(re.compile(f"^{re.escape(beginning)}"))
        return self.settled()

    @property
    def box(self) -> Locator:
        """The field of the page's own search, which is not that of its head."""
        return self.page.locator("main input[data-search]")

    @property
    def options(self) -> Locator:
        """What the page's own search has found."""
        return self.page.locator("main [role=option]")

    def hurdles(self) -> list[str]:
        """What axe finds that keeps people out: its rules of WCAG 2.2 AA and of good practice."""
        found = Axe().run(self.page)
        return [
            f"{one['impact']} {one['id']}: {node['target']} {node['failureSummary']}"
            for one in found.response["violations"]
            for node in one["nodes"]
        ]

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return width


Visiting = Callable[..., Visit]
"""Opens a window; the keywords are those of `visiting`."""


@contextmanager
def visiting(
    chromium: Browser,
    base: str,
    *,
    size: tuple[int, int] = WIDE,
    locale: str = "es-ES",
    dark: bool = False,
    permissions: Sequence[str] = (),
) -> Iterator[Visit]:
    """A visit in a window of its own, without memory of others."""
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale=locale,
        color_scheme="dark" if dark else "light",
        permissions=list(permissions),
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    visit = Visit(page, base)
    page.on("console", lambda said: said.type in ("error", "warning") and visit.wrong.append(said.text))
    page.on("pageerror", lambda error: visit.wrong.append(str(error)))
    page.on("request", lambda asked: _check_origin(visit, asked.url))
    try:
        yield visit
    finally:
        context.close()


def _check_origin(visit: Visit, url: str) -> None:
    if not url.startswith((visit.base, "blob:")):
        visit.wrong.append(f"asked elsewhere: {url}")
