"""Clinical variables: checks, expansion, overlap, harmonisation."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from browsed_site import HOSTILE, NARROW, Visiting
from playwright.sync_api import expect

AKI = "29039999999107"
VARIABLES = f"""variables:
  - {{id: renal, label: Insuficiencia renal, concepts: [29029999999105]}}
  - {{id: acute, label: Aguda, ecl: << {AKI}}}
"""


def test_definitions_are_checked_expanded_and_compared(visit: Visiting) -> None:
    one = visit()
    page = one.open("#/variables")
    page.get_by_label("Definiciones").fill(VARIABLES)
    finding = page.locator(".findings li")
    expect(finding).to_contain_text("contenida")
    finding.get_by_role("button", name="Línea 3").click()
    selected = page.evaluate("(a => a.value.slice(a.selectionStart, a.selectionEnd))(document.activeElement)")
    assert selected.strip().startswith("- {id: acute")
    page.locator("summary", has_text="Insuficiencia renal").click()
    card = page.locator(".variable").first
    card.get_by_role("link", name="necrosis tubular aguda").wait_for()
    assert "3 de sus 7" in card.inner_text()
    assert one.hurdles() == []
    card.get_by_role("link", name="<< 29029999999105").click()
    one.titled("Expresiones")
    page.get_by_text("7 conceptos").wait_for()
    page.go_back()
    expect(page.get_by_label("Definiciones")).to_have_value(VARIABLES)


def test_a_file_that_is_no_yaml_is_told_with_its_line(visit: Visiting, tmp_path: Path) -> None:
    one = visit()
    (tmp_path / "study.yaml").write_text("variables:\n  - id: [\n", encoding="utf-8")
    page = one.open("#/variables")
    page.get_by_label("Abrir un archivo").set_input_files(tmp_path / "study.yaml")
    expect(page.locator(".findings li")).to_contain_text("ilegible")
    assert page.get_by_label("Definiciones").get_attribute("aria-invalid") == "true"


def test_an_example_of_the_release_is_offered(visit: Visiting) -> None:
    one = visit()
    page = one.open("#/variables")
    page.get_by_role("button", name="Comenzar con un ejemplo").click()
    expect(page.locator(".variable")).to_have_count(2)
    expect(page.locator(".findings")).to_contain_text("No hay nada que objetar.")


@pytest.mark.parametrize(("encoding", "separator"), [("utf-8-sig", ";"), ("latin-1", ","), ("utf-8", "\t")])
def test_a_table_is_harmonised(visit: Visiting, tmp_path: Path, encoding: str, separator: str) -> None:
    one = visit()
    rows = [
        ["paciente", "código", "nota"],
        ["1", AKI, f'una "cita"{separator} y\notra línea'],
        ["2", "29029999999105", "años"],
        ["3", "999", HOSTILE.encode("ascii", "ignore").decode()],
        ["4", AKI, ""],
    ]
    with (tmp_path / "north.csv").open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=separator).writerows(rows)
    asked: list[Any] = []
    one.page.on("request", lambda request: asked.append(json.loads(request.post_data or "{}")))
    page = one.open("#/variables")
    page.get_by_label("Definiciones").fill(VARIABLES)
    page.get_by_label("Tabla (CSV").set_input_files(tmp_path / "north.csv")
    assert page.get_by_label("Columna de códigos").input_value() == "1"
    page.get_by_role("button", name="Armonizar").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Descargar el resultado").click()
    expect(page.locator(".tally")).to_have_text("3 asignadas1 sin variable")
    shown = page.locator(".outcome tbody tr")
    expect(shown.nth(0).locator("td").nth(3)).to_have_text("asignada")
    expect(shown.nth(2).locator("td").last).to_have_text("código desconocido")
    (request,) = [one for one in asked if "rows" in one.get("variables", {})]
    assert len(request["variables"]["rows"]) == 3, "a code that two rows have is asked once"
    assert download.value.suggested_filename == "north.harmonized.csv"
    download.value.save_as(tmp_path / "harmonized.csv")
    with (tmp_path / "harmonized.csv").open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.reader(file, delimiter=";" if separator == ";" else ","))
    assert [row[:3] for row in found] == rows
    assert [row[3:6] for row in found[1:]] == [
        ["assigned", "acute", f"SNOMEDCT:{AKI}"],
        ["assigned", "renal", "SNOMEDCT:29029999999105"],
        ["unmatched", "", ""],
        ["assigned", "acute", f"SNOMEDCT:{AKI}"],
    ]


def test_a_large_table_goes_in_batches_past_a_busy_server(visit: Visiting, tmp_path: Path) -> None:
    one = visit(size=NARROW, locale="en-GB")
    codes = "\n".join(f"{n}" for n in range(100, 350))
    (tmp_path / "codes.csv").write_text(f"code\n{codes}\n", encoding="utf-8")
    page = one.open("#/variables")
    page.get_by_label("Definitions").fill(VARIABLES)
    page.get_by_label("Table (CSV").set_input_files(tmp_path / "codes.csv")
    sizes: list[int] = []

    def once_busy(route: Any) -> None:
        rows = json.loads(route.request.post_data)["variables"].get("rows")
        if rows is None:
            return route.fallback()
        sizes.append(len(rows))
        if len(sizes) == 2:
            return route.fulfill(status=429, headers={"Retry-After": "0.1"}, body="{}")
        return route.fallback()

    page.route("**/graphql", once_busy)
    page.get_by_role("button", name="Harmonise").click()
    expect(page.locator(".tally")).to_have_text("250 unmatched")
    assert sizes == [100, 100, 100, 50]
    assert one.overflow() <= 0
    one.wrong = [said for said in one.wrong if "429" not in said]


TABLES = [
    ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
    ("\ufeffa;b\r\n1;2", [["a", "b"], ["1", "2"]]),
    ("a\tb\r1\t2\r", [["a", "b"], ["1", "2"]]),
    ('a,b\n"1,""x""\ny",\n\n', [["a", "b"], ['1,"x"\ny', ""]]),
    ('a\n""\n"b"c\n', [["a"], [""], ["bc"]]),
    ('a,b\n5" tube,x', [["a", "b"], ['5" tube', "x"]]),
    ("", []),
]


def test_tables_are_read_as_they_are_written(visit: Visiting) -> None:
    one = visit()
    page = one.open("#/about")
    # What a page imports itself is held to the policy of pages, so that this runs as they do.
    for text, rows in TABLES:
        found = page.evaluate(
            "async text => (await import(new URL('browser/delimited.js', document.baseURI))).parse(text)",
            text,
        )
        assert found == rows
    written = page.evaluate(
        "async rows => { const {csv, parse} = await import(new URL('browser/delimited.js', document.baseURI));"
        " return parse(csv(rows)); }",
        [["a", "b"], [' "x",\r\n', "ñ;"], ["", " "]],
    )
    assert written == [["a", "b"], [' "x",\r\n', "ñ;"], ["", " "]]
