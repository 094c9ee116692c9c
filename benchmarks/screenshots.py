"""Pictures of every page of the terminology browser, over the demonstration release, for the documentation.

    python -m benchmarks.screenshots                                     # serves the release by itself
    python -m benchmarks.screenshots --url http://127.0.0.1:8000/        # of a server of the release `demo`

Takes the system's Chromium and the packages of the extra `dev`.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
MOST_BYTES = 200_000
WIDE, NARROW = (1280, 860), (390, 844)
_PATIENCE_MS = 180_000

TEXT = "Padre con diabetes mellitus tipo 2. Varón con HTA, niega dolor torácico. Posible insuficiencia renal aguda."
VARIABLES = """variables:
  - id: insuficiencia-renal
    label: Insuficiencia renal
    concepts: [29029999999105]
  - id: insuficiencia-renal-aguda
    label: Insuficiencia renal aguda
    ecl: << 29039999999107
  - id: diabetes
    label: Diabetes mellitus
    concepts: [32019999999106]
"""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's name, the page it is of, and what is done there before it is taken."""

    name: str
    path: str
    prepare: Callable[[Page], None] = lambda page: None
    size: tuple[int, int] = WIDE
    dark: bool = False
    locale: str = "es-ES"


def _link(page: Page) -> None:
    page.get_by_role("radio", name="Un texto clínico").check()
    page.get_by_label("Texto", exact=True).fill(TEXT)
    page.get_by_role("button", name="Encontrar las menciones").click()
    page.get_by_role("button", name="Exportar JSON").wait_for()
    page.evaluate("window.scrollTo(0, 150)")


def _define(page: Page) -> None:
    page.get_by_label("Definiciones").fill(VARIABLES)
    page.locator("summary").first.click()
    page.locator(".variable .concepts").first.wait_for()


def _search(page: Page) -> None:
    expect(page.locator("main [role=option]").first).to_be_visible()
    page.locator("main input[data-search]").press("ArrowDown")


CONCEPT = "#/concept/SNOMEDCT:29039999999107"
PICTURES = (
    Picture("search", "#/?q=insuf ren", _search),
    Picture("concept", CONCEPT),
    Picture("expressions", "#/ecl?e=<< 29029999999105 |insuficiencia renal| MINUS 29029999999105"),
    Picture("linking", "#/link", _link),
    Picture("variables", "#/variables", _define),
    Picture("release", "#/about"),
    Picture("search-narrow", "#/?q=insuf ren", _search, NARROW),
    Picture("concept-narrow-dark", CONCEPT, size=NARROW, dark=True, locale="en-GB"),
)


def take(base: str, folder: Path) -> list[Path]:
    """Take all pictures of the server at `base`; their files."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise SystemExit("There is no Chromium; install Debian's `chromium`.")
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        taken = []
        for one in PICTURES:
            context = browser.new_context(
                viewport={"width": one.size[0], "height": one.size[1]},
                locale=one.locale,
                color_scheme="dark" if one.dark else "light",
                reduced_motion="reduce",
            )
            page = context.new_page()
            page.set_default_timeout(_PATIENCE_MS)
            page.goto(base + one.path)
            _settled(page)
            one.prepare(page)
            _settled(page)
            path = folder / f"{one.name}.png"
            page.screenshot(path=path)
            context.close()
            taken.append(path)
        browser.close()
    return taken


def _settled(page: Page) -> None:
    page.wait_for_selector("main:not([aria-busy])")
    expect(page.locator(".waiting, .asking")).to_have_count(0)


@contextmanager
def serving() -> Iterator[str]:
    """The address of a server of the demonstration release, imported and indexed in a folder of its own."""
    enlace = Path(sys.executable).with_name("enlace")
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "ENLACE_HOME": home}
        subprocess.run([enlace, "demo"], env=environment, stdout=subprocess.DEVNULL, check=True)
        server = subprocess.Popen(
            [enlace, "serve", "--release", "demo", "--port", "0"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout
            told = server.stdout.readline()
            address = re.search(r"http://\S+/", told)
            if address is None:
                raise SystemExit(f"The server did not start: {told}")
            yield address[0]
        finally:
            server.terminate()
            server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="Pictures of every page of the terminology browser.")
    parser.add_argument("--url", help="a server of the demonstration release; one is started unless given")
    parser.add_argument("--output", type=Path, default=FOLDER, help="the folder to write to")
    given = parser.parse_args()
    if given.url:
        taken = take(given.url, given.output)
    else:
        with serving() as base:
            taken = take(base, given.output)
    for path in taken:
        size = path.stat().st_size
        print(f"{path.name}: {size:,} bytes")
        if size > MOST_BYTES:
            raise SystemExit(f"{path.name} has more than {MOST_BYTES:,} bytes; show less in it.")


if __name__ == "__main__":
    main()
