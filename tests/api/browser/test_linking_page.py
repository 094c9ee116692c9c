"""The linking playground."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from browsed_site import HOSTILE, NARROW, Visit, Visiting
from playwright.sync_api import expect

from api.client import Enlace

HTA = "SNOMEDCT:21519999999108"


def link(one: Visit, text: str, *, clinical: bool = False) -> None:
    page = one.open("#/link")
    if clinical:
        page.get_by_role("radio", name="Un texto clínico").check()
    page.get_by_label("Texto", exact=True).fill(text)
    if not clinical:
        page.get_by_role("button", name="Enlazar", exact=True).click()
        page.get_by_role("button", name="Exportar CSV").wait_for()


def test_a_list_of_mentions(visit: Visiting, tmp_path: Path) -> None:
    one = visit()
    link(one, "HTA\n\nhipertensión arterial")
    page = one.page
    first = page.locator(".mention").first
    assert first.get_by_role("heading").first.inner_text() == "HTA"
    assert "letra por letra" in first.inner_text()
    assert first.get_by_role("radio", checked=True).get_attribute("value") == HTA
    drawn = first.locator(".way text")
    assert drawn.all_text_contents()[0] == "HTA"
    assert "hipertensión arterial" in " ".join(drawn.all_text_contents())
    assert one.hurdles() == []
    first.get_by_role("radio", name="Ninguno de estos").check()
    assert first.locator(".way").count() == 0

    with page.expect_download() as download:
        page.get_by_role("button", name="Exportar CSV").click()
    download.value.save_as(tmp_path / "choices.csv")
    with (tmp_path / "choices.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["mention"], row["id"], row["chosen_by"]) for row in rows] == [
        ("HTA", "", "person"),
        ("hipertensión arterial", HTA, "enlace"),
    ]


def test_mentions_of_a_clinical_text_are_marked_by_keyboard(visit: Visiting, tmp_path: Path) -> None:
    one = visit()
    link(one, "Varón con HTA y diabetes.", clinical=True)
    page = one.page
    area = page.get_by_label("Texto", exact=True)
    area.press("Control+Home")
    for _ in range(len("Varón con ")):
        area.press("ArrowRight")
    for _ in range(len("HTA ")):
        area.press("Shift+ArrowRight")
    page.get_by_role("button", name="Marcar la selección").click()
    expect(page.locator(".marked mark")).to_have_text(["HTA"])
    area.press("Control+Home")
    area.type("Un ")
    expect(page.locator(".marked mark")).to_have_text(["HTA"])
    page.get_by_role("button", name="Enlazar", exact=True).click()
    page.get_by_role("button", name="Exportar JSON").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Exportar JSON").click()
    download.value.save_as(tmp_path / "choices.json")
    (row,) = json.loads((tmp_path / "choices.json").read_text("utf-8"))
    assert (row["mention"], row["id"]) == ("HTA", HTA)
    assert "Un Varón con HTA"[row["start"] : row["end"]] == "HTA"


def test_mentions_are_found_in_a_text_with_what_it_says_of_them(visit: Visiting, tmp_path: Path) -> None:
    one = visit()
    # The second line begins with a character that JavaScript counts as two.
    text = "Padre con diabetes mellitus tipo 2.\n🙂 Varón con HTA. Niega dolor torácico."
    link(one, text, clinical=True)
    page = one.page
    page.get_by_role("button", name="Encontrar las menciones").click()
    page.get_by_role("button", name="Exportar JSON").wait_for()
    marks = page.locator(".marked mark")
    expect(marks).to_have_text(["diabetes mellitus tipo 2 familiar", "HTA", "dolor torácico negado"])
    pain = page.locator("article.mention").nth(2)
    assert pain.locator(".mention-context").inner_text().split("\n")[0].startswith("negado")
    assert "«Niega»" in pain.locator(".mention-context").inner_text()
    assert one.hurdles() == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Exportar JSON").click()
    download.value.save_as(tmp_path / "choices.json")
    rows = json.loads((tmp_path / "choices.json").read_text("utf-8"))
    assert [(row["mention"], row["context"]) for row in rows] == [
        ("diabetes mellitus tipo 2", "family"),
        ("HTA", ""),
        ("dolor torácico", "negated"),
    ]
    units = text.encode("utf-16-le")
    for row in rows:
        assert units[2 * row["start"] : 2 * row["end"]].decode("utf-16-le") == row["mention"]
    # What the text says of a mention may change with every letter.
    page.get_by_label("Texto", exact=True).press("Control+End")
    page.keyboard.type(" ")
    expect(marks).to_have_text(["diabetes mellitus tipo 2", "HTA", "dolor torácico"])


def test_words_that_are_found_twice_are_shown_once(visit: Visiting) -> None:
    one = visit()
    text = "Presenta microcefalia, cefalea e hipotonía."
    with Enlace(one.base) as enlace:
        found = enlace.query(
            "query ($text: String!) { annotate(text: $text, first: 20) { totalCount } }", text=text
        )
    assert found["annotate"]["totalCount"] > 3, "each is of one type alone: the text tests nothing"
    link(one, text, clinical=True)
    one.page.get_by_role("button", name="Encontrar las menciones").click()
    one.page.get_by_role("button", name="Exportar JSON").wait_for()
    for place in (".marked mark", ".chip", "article.mention h3"):
        shown = one.page.locator(place).all_inner_texts()
        assert [words.split("\n")[0] for words in shown] == ["microcefalia", "cefalea", "hipotonía"], place


def test_punctuation_splits_a_text_but_not_its_abbreviations(visit: Visiting) -> None:
    one = visit()
    link(one, "Ingresa por insuf. renal aguda, Hb 9,5. FA; HTA\nDM", clinical=True)
    one.page.get_by_role("button", name="Dividir por la puntuación").click()
    expect(one.page.locator(".marked mark")).to_have_text(
        ["Ingresa por insuf. renal aguda", "Hb 9,5", "FA", "HTA", "DM"]
    )
    one.page.get_by_role("button", name="Quitar HTA").click()
    expect(one.page.locator(".marked mark")).to_have_count(4)
    one.page.get_by_role("button", name="Quitar las marcas").click()
    expect(one.page.locator(".marked")).to_have_count(0)


def test_another_concept_is_chosen_and_nothing_is_lost_on_the_way(visit: Visiting) -> None:
    one = visit()
    link(one, "HTA")
    page = one.page
    box = page.get_by_role("combobox", name="Otro concepto para HTA")
    box.fill("fibrilación auric")
    page.locator(".mention [role=option]").first.wait_for()
    box.press("ArrowDown")
    box.press("Enter")
    chosen = page.locator(".mention").get_by_role("radio", checked=True)
    expect(chosen).to_have_attribute("value", "SNOMEDCT:21209999999108")
    page.locator(".mention").get_by_role("link", name="hipertensión arterial", exact=True).first.click()
    one.titled("hipertensión arterial")
    page.go_back()
    one.titled("Enlazar")
    expect(chosen).to_have_attribute("value", "SNOMEDCT:21209999999108")


def test_hostile_mentions_are_shown_as_text(visit: Visiting) -> None:
    one = visit(size=NARROW)
    link(one, HOSTILE)
    assert "<img src=x onerror=" in one.page.locator(".mention h3").inner_text()
    assert one.page.evaluate("window.hurt") is None
    assert one.page.locator("main img, main script").count() == 0
    assert one.overflow() <= 0


def test_without_an_index_linking_says_so(visit: Visiting, bare_site: str) -> None:
    one = visit(bare_site)
    page = one.open("#/link")
    assert "no está indexada" in page.locator("main").inner_text()
    assert page.get_by_role("button", name="Enlazar", exact=True).is_disabled()
