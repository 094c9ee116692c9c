"""The page of a concept."""

from __future__ import annotations

from browsed_site import Visiting
from playwright.sync_api import expect

AKI = "SNOMEDCT:29039999999107"
FAILURE = "SNOMEDCT:29029999999105"


def test_everything_about_a_concept(visit: Visiting) -> None:
    one = visit()
    page = one.open(f"#/concept/{AKI}")
    shown = page.locator("main").inner_text()
    for text in ("insuficiencia renal aguda", "trastorno", AKI, "Caída de la función renal", "ICD10:N17.9"):
        assert text in shown
    assert page.locator(".terms .preferred").first.inner_text().startswith("insuficiencia renal aguda")
    assert page.locator(".attributes").get_by_role("link", name="riñón").count() == 1
    assert page.locator(".history").get_by_role("link", name="uremia").count() == 1
    page.get_by_text("español · idioma español de España").wait_for()
    trail = page.get_by_role("navigation", name="Lugar en la jerarquía").get_by_role("link")
    assert trail.all_inner_texts()[-1] == "enfermedad aguda"


def test_a_retired_concept_says_what_stands_for_it(visit: Visiting) -> None:
    one = visit()
    page = one.open(f"#/concept/{AKI}")
    page.locator(".history").get_by_role("link", name="uremia").click()
    notice = page.get_by_role("note")
    notice.wait_for()
    assert "Este concepto está retirado" in notice.inner_text()
    notice.get_by_role("link", name="insuficiencia renal aguda").click()
    one.titled("insuficiencia renal aguda")


def test_the_tree_opens_lazily_by_keyboard(visit: Visiting) -> None:
    one = visit()
    page = one.open(f"#/concept/{AKI}")
    here = page.locator("[role=treeitem][tabindex='0']")
    assert "insuficiencia renal aguda" in (here.get_attribute("aria-label") or "")
    here.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.locator(":focus").get_attribute("aria-label") == "necrosis tubular aguda"
    assert page.locator(":focus").get_attribute("aria-level") == "3"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.locator(":focus").get_attribute("aria-expanded") == "false"
    page.keyboard.press("End")
    assert "insuficiencia renal" in (page.locator(":focus").get_attribute("aria-label") or "")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(":focus > [role=group] > [role=treeitem]")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    one.titled("enfermedad aguda")


def test_the_siblings_are_fetched_when_asked_for(visit: Visiting) -> None:
    one = visit()
    page = one.open(f"#/concept/{AKI}")
    page.get_by_role("treeitem", name="20 más").click()
    page.get_by_role("treeitem", name="insuficiencia cardíaca aguda").wait_for()
    assert page.get_by_role("treeitem", name="insuficiencia renal aguda,").count() == 1
    assert page.locator(".tree .more").count() == 0


def test_descendants_by_page(visit: Visiting) -> None:
    one = visit()
    page = one.open("#/concept/SNOMEDCT:1019999999106")
    first = page.locator(".subsumes .concepts a").first.inner_text()
    page.locator(".subsumes").get_by_role("link", name="Página siguiente").click()
    page.get_by_text("Página 2").wait_for()
    assert "page=2" in page.url
    assert page.locator(".subsumes .concepts a").first.inner_text() != first
    page.go_back()
    expect(page.locator(".subsumes .concepts a").first).to_have_text(first)
    assert "page=" not in page.url


def test_names_are_copied(visit: Visiting) -> None:
    one = visit(permissions=["clipboard-read", "clipboard-write"])
    page = one.open(f"#/concept/{AKI}")
    expected = {
        "CURIE": AKI,
        "URI": "http://snomed.info/id/29039999999107",
        "ECL": "<< 29039999999107 |insuficiencia renal aguda|",
    }
    for name, text in expected.items():
        page.get_by_role("button", name=f"Copiar {name}").click()
        page.get_by_text(f"{name} copiado").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == text
    page.get_by_role("button", name="Copiar GraphQL").click()
    page.get_by_text("GraphQL copiado").wait_for()
    query = page.evaluate("navigator.clipboard.readText()")
    answer = page.request.post(f"{one.base}graphql", data={"query": query}).json()
    assert answer["data"]["concept"]["id"] == AKI


def test_the_picture_has_links_and_words(visit: Visiting) -> None:
    one = visit()
    page = one.open(f"#/concept/{FAILURE}")
    picture = page.locator(".neighbourhood")
    assert "Tipos de él: " in picture.locator("figcaption").inner_text()
    picture.get_by_role("link", name="insuficiencia renal aguda", exact=True).focus()
    page.keyboard.press("Enter")
    one.titled("insuficiencia renal aguda")
