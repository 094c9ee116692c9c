"""The workbench of expressions."""

from __future__ import annotations

import csv
from pathlib import Path

from browsed_site import Visiting


def test_an_expression_is_answered_as_it_is_typed(visit: Visiting) -> None:
    one = visit()
    page = one.open("#/ecl")
    page.get_by_label("Expresión", exact=True).fill("<< 29029999999105")
    page.get_by_text("7 conceptos").wait_for()
    assert "e=%3C%3C" in page.url
    page.get_by_label("Solo nombres con").fill("aguda")
    page.get_by_text("3 conceptos").wait_for()
    page.get_by_role("link", name="insuficiencia renal aguda", exact=True).click()
    page.wait_for_selector(".concept-heading")
    page.go_back()
    page.get_by_text("3 conceptos").wait_for()
    assert page.get_by_label("Expresión", exact=True).input_value() == "<< 29029999999105"


def test_an_error_stands_under_its_position(visit: Visiting) -> None:
    one = visit()
    page = one.open("#/ecl?e=<< 29029999999105 FOO")
    line, caret = page.locator(".under-position pre").inner_text().split("\n")
    assert line.index("FOO") == caret.index("▲")
    own, server = page.locator(".under-position p").all()
    assert own.inner_text() == "La expresión no se entiende a partir de aquí."
    assert (server.get_attribute("lang"), "there is 'FOO'" in server.inner_text()) == ("en", True)
    assert page.get_by_label("Expresión", exact=True).get_attribute("aria-invalid") == "true"
    page.get_by_label("Expresión", exact=True).fill("<< 29029999999105")
    page.get_by_text("7 conceptos").wait_for()
    assert page.locator(".under-position").count() == 0


def test_an_expression_without_concepts_says_so(visit: Visiting) -> None:
    page = visit().open("#/ecl?e=29029999999105 MINUS 29029999999105")
    page.get_by_text("0 conceptos").wait_for()
    assert page.locator(".results").inner_text() == "Ningún concepto."


def test_pages_and_export(visit: Visiting, tmp_path: Path) -> None:
    one = visit()
    page = one.open("#/ecl?e=*")
    page.get_by_role("link", name="Página siguiente").click()
    page.get_by_text("Página 2").wait_for()
    total = int(page.locator(".total").inner_text().split()[0].replace(".", ""))
    with page.expect_download() as download:
        page.get_by_role("button", name="Exportar CSV").click()
    download.value.save_as(tmp_path / "all.csv")
    with (tmp_path / "all.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == total == len({row["id"] for row in rows})
    assert {row["preferred_term"] for row in rows} >= {"insuficiencia renal aguda"}


def test_concepts_and_operators_are_inserted(visit: Visiting) -> None:
    one = visit()
    page = one.open("#/ecl")
    page.get_by_role("button", name="<<: el concepto").click()
    box = page.get_by_role("combobox", name="Insertar un concepto")
    box.fill("insuficiencia renal")
    page.wait_for_selector("main [role=option]")
    box.press("ArrowDown")
    box.press("Enter")
    area = page.get_by_label("Expresión", exact=True)
    assert area.input_value().strip() == "<< 29029999999105 |insuficiencia renal|"
    page.get_by_text("7 conceptos").wait_for()
