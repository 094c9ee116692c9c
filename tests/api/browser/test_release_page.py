"""What is served."""

from __future__ import annotations

from browsed_site import Visiting
from playwright.sync_api import expect


def test_the_release_and_its_index(visit: Visiting) -> None:
    one = visit()
    page = one.open("#/about")
    shown = page.locator("main").inner_text()
    for text in (
        "demo",
        "enlace 0.1.0",
        "sct2_Concept_Snapshot",
        "inglés, español",
        "Cadenas distintas",
        "torch, en float32",
    ):
        assert text in shown
    assert page.get_by_role("link", name="GraphiQL").get_attribute("href") == "graphql"


def test_what_other_releases_lend_to_the_index_is_told(visit: Visiting, site_of_two: str) -> None:
    page = visit(site_of_two).open("#/about")
    lent = page.locator("main dl div", has_text="Términos de antes")
    assert lent.locator("dd").inner_text() == "1"


def test_another_release_is_asked_and_stands_in_the_address(visit: Visiting, site_of_two: str) -> None:
    one = visit(site_of_two)
    page = one.open("#/concept/X:0")
    assert page.locator("h1").inner_text() == "dolor"
    picker = page.get_by_label("Versión", exact=True)
    expect(picker.locator("option:checked")).to_have_text("demo (actual)")
    picker.select_option("antes")
    one.titled("algia")
    assert "release=antes" in page.url
    page.get_by_role("link", name="Expresiones").click()
    one.titled("Expresiones")
    page.get_by_label("Expresión", exact=True).fill("*")
    page.get_by_role("link", name="algia").click()
    one.titled("algia")
    assert "release=antes" in page.url
    assert one.hurdles() == []
    picker.select_option("")
    one.titled("dolor")
    assert "release" not in page.url
    page.go_back()
    one.titled("algia")
    expect(picker.locator("option:checked")).to_have_text("antes")


def test_a_release_that_is_not_there_is_told(visit: Visiting, site_of_two: str) -> None:
    one = visit(site_of_two)
    page = one.open("#/concept/X:0?release=nunca")
    assert "nunca" in page.get_by_role("alert").inner_text()
    page.get_by_label("Versión", exact=True).select_option("")
    one.titled("dolor")


def test_one_release_leaves_no_choice(visit: Visiting) -> None:
    page = visit().open()
    expect(page.locator(".release-picker")).to_be_hidden()
