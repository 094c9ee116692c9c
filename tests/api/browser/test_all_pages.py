"""What holds for every page: nobody is kept out, nothing overflows, hostile text stays text."""

from __future__ import annotations

import re

import pytest
from browsed_site import HOSTILE_ID, NARROW, WIDE, Visiting
from playwright.sync_api import expect

from api.web.browser_files import FOLDER

AKI = "SNOMEDCT:29039999999107"

#: Every page in a state that shows most of it.
PAGES = {
    "search": "#/?q=insuf ren",
    "welcome": "#/",
    "concept": f"#/concept/{AKI}",
    "unknown concept": "#/concept/X:none",
    "expression": "#/ecl?e=<< 29029999999105",
    "broken expression": "#/ecl?e=<< 29029999999105 FOO",
    "linking": "#/link",
    "variables": "#/variables",
    "release": "#/about",
}


@pytest.mark.parametrize(
    ("size", "locale", "dark"),
    [(WIDE, "es-ES", False), (NARROW, "en-GB", True)],
    ids=["wide, light, Spanish", "narrow, dark, English"],
)
def test_nobody_is_kept_out_and_nothing_overflows(
    visit: Visiting, size: tuple[int, int], locale: str, dark: bool
) -> None:
    one = visit(size=size, locale=locale, dark=dark)
    hurdles = {}
    for name, path in PAGES.items():
        one.open(path)
        hurdles[name] = one.hurdles()
        assert one.overflow() <= 0, name
    assert hurdles == {name: [] for name in PAGES}


def test_narrow_windows_in_spanish_and_wide_ones_in_english(visit: Visiting) -> None:
    for options in ({"size": NARROW}, {"locale": "en-GB", "dark": True}):
        one = visit(**options)
        for name, path in PAGES.items():
            one.open(path)
            assert one.overflow() <= 0, name


@pytest.mark.parametrize("path", [f"#/concept/{HOSTILE_ID}", "#/?q=malicioso", f"#/ecl?e={HOSTILE_ID}"])
def test_hostile_text_is_shown_as_text(visit: Visiting, hostile_site: str, path: str) -> None:
    one = visit(hostile_site)
    page = one.open(path)
    assert "<img src=x onerror=" in page.locator("main").inner_text()
    assert page.evaluate("window.hurt") is None
    assert page.locator("main img, main script").count() == 0
    assert one.overflow() <= 0


def test_hostile_addresses_are_shown_as_text(visit: Visiting) -> None:
    one = visit()
    page = one.open("#/concept/%3Cimg%20src=x%20onerror=%22window.hurt=1%22%3E")
    assert "<img" in page.locator("h1").inner_text()
    one.open("#/no-such-page")
    assert page.locator("h1").inner_text() == "Encuentre un concepto"
    assert page.evaluate("window.hurt") is None


def test_language_and_theme_are_chosen_and_remembered(visit: Visiting) -> None:
    one = visit(locale="fr-FR")
    page = one.open()
    assert page.locator("html").get_attribute("lang") == "en", "neither language is asked for"
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("radio", name="Español").check()
    page.get_by_role("radio", name="Oscuro").check()
    assert one.hurdles() == []
    page.keyboard.press("Escape")
    assert page.locator("dialog").count() == 0
    one.open("#/about")
    page.reload()
    one.settled()
    assert page.locator("h1").inner_text() == "Versión"
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_the_keyboard_alone_leads_from_page_to_page(visit: Visiting) -> None:
    one = visit()
    page = one.open(f"#/concept/{AKI}")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Ir al contenido"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("/")
    assert page.locator(":focus").get_attribute("role") == "combobox"
    page.keyboard.insert_text("fibril auric")
    expect(page.locator(".top [role=option]").first).to_contain_text("fibrilación auricular")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    one.titled("fibrilación auricular")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    page.go_back()
    one.titled("insuficiencia renal aguda")


def test_a_server_that_asks_for_a_token_gets_it_until_the_tab_is_closed(
    visit: Visiting, guarded_site: tuple[str, str]
) -> None:
    base, token = guarded_site
    one = visit(base, locale="en-GB")
    page = one.open("#/concept/X:1")
    assert "The server asks for a token." in page.get_by_role("alert").inner_text()
    page.get_by_role("button", name="Enter a token").click()
    page.get_by_label("Access token").fill(token)
    page.get_by_role("button", name="Done").click()
    one.titled("uno")
    page.reload()
    one.titled("uno")
    assert page.evaluate("Object.keys(localStorage)") == []
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Access token").fill("")
    page.keyboard.press("Enter")
    page.get_by_text("The server asks for a token.").wait_for()
    one.wrong = [said for said in one.wrong if "401" not in said]


def test_a_server_that_is_away_is_told_and_asked_again(visit: Visiting) -> None:
    one = visit(locale="en-GB")
    one.page.route("**/graphql", lambda route: route.abort())
    page = one.open("#/about")
    assert "The server cannot be reached." in page.get_by_role("alert").inner_text()
    page.unroute("**/graphql")
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("heading", name="Sources").wait_for()
    one.wrong = [said for said in one.wrong if "ERR_FAILED" not in said]


def test_a_release_without_an_index_says_so(visit: Visiting, bare_site: str) -> None:
    one = visit(bare_site, locale="en-GB")
    page = one.open()
    assert "Release demo is not indexed" in page.locator("main").inner_text()
    one.box.fill("uno")
    page.locator("main .found-state").get_by_text("This release is not indexed").wait_for()
    one.open("#/concept/X:1")
    assert page.locator("h1").inner_text() == "uno"
    one.open("#/about")
    assert "is not indexed" in page.locator("main").inner_text()


def test_both_languages_say_the_same_things() -> None:
    keys = {}
    for language in ("en", "es"):
        text = (FOLDER / f"words-{language}.js").read_text("utf-8")
        words = dict(re.findall(r'^  "?([^":]+|[^"]+)"?: "(.*)",$', text, re.MULTILINE))
        keys[language] = {name: sorted(set(re.findall(r"\{\w+\}", said))) for name, said in words.items()}
        assert len(keys[language]) > 100
    assert keys["en"] == keys["es"]


def test_no_script_writes_markup() -> None:
    for module in FOLDER.glob("*.js"):
        text = module.read_text("utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
        )
