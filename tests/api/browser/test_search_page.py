"""Search as you type."""

from __future__ import annotations

import json

from browsed_site import Visiting
from playwright.sync_api import expect


def test_what_is_typed_is_found_and_marked(visit: Visiting) -> None:
    one = visit()
    page = one.open()
    page.keyboard.insert_text("FIBRIL auríc")
    page.wait_for_selector("[role=option]")
    first = one.options.first
    assert first.locator(".hit-term").inner_text() == "fibrilación auricular"
    assert first.locator("mark").all_inner_texts() == ["fibril", "auric"]
    assert first.locator(".tag").inner_text() == "trastorno"
    assert "q=FIBRIL" in page.url


def test_the_keyboard_opens_what_is_found_and_back_leads_back(visit: Visiting) -> None:
    one = visit()
    page = one.open("#/?q=insuf ren")
    box = one.box
    assert box.get_attribute("aria-expanded") == "true"
    box.press("ArrowDown")
    box.press("ArrowDown")
    active = box.get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    wanted = page.locator(f"#{active} .hit-term").inner_text()
    box.press("Enter")
    page.wait_for_selector(".concept-heading")
    assert page.locator("h1").inner_text() == wanted
    page.go_back()
    page.wait_for_selector("[role=option]")
    assert one.box.input_value() == "insuf ren"
    page.keyboard.press("Escape")
    assert one.options.count() == 0


def test_more_than_is_shown_is_told(visit: Visiting) -> None:
    one = visit()
    page = one.open("#/?q=a")
    told = page.get_by_text("Las 30 primeras coincidencias")
    expect(told).to_be_visible()
    page.keyboard.press("End")
    page.keyboard.insert_text("pendicitis")
    expect(told).to_be_hidden()


def test_terms_of_one_language(visit: Visiting) -> None:
    one = visit()
    page = one.open("#/?q=renal")
    page.get_by_label("Términos en").select_option("en")
    expect(page.locator(".hit-language", has_text="es")).to_have_count(0)
    assert one.options.count() > 0


def test_semantic_tags_of_what_was_found_narrow_it(visit: Visiting) -> None:
    one = visit()
    page = one.open("#/?q=dolor")
    tags = page.get_by_role("group", name="Etiquetas semánticas")
    tags.get_by_label("hallazgo").check()
    expect(page.locator("main [role=option] .tag", has_text="trastorno")).to_have_count(0)
    assert set(page.locator("main [role=option] .tag").all_inner_texts()) == {"hallazgo"}
    assert "tag=hallazgo" in page.url
    assert one.hurdles() == []
    page.reload()
    one.settled()
    expect(tags.get_by_label("hallazgo")).to_be_checked()
    assert set(page.locator("main [role=option] .tag").all_inner_texts()) == {"hallazgo"}
    tags.get_by_label("hallazgo").uncheck()
    expect(page.locator("main [role=option] .tag", has_text="trastorno").first).to_be_visible()


def test_a_search_within_an_expression(visit: Visiting) -> None:
    one = visit()
    page = one.open("#/?q=insuf&ecl=<< 29029999999105 MINUS 29029999999105")
    found = page.locator("main .hit-term").all_inner_texts()
    assert "insuficiencia renal aguda" in found
    assert not {"insuficiencia renal", "insuficiencia mitral"} & set(found)
    within = page.get_by_label("Dentro de")
    within.fill("<< 29029999999105 FOO")
    line, caret = page.locator(".under-position pre").inner_text().split("\n")
    assert line.index("FOO") == caret.index("▲")
    assert within.get_attribute("aria-invalid") == "true"
    assert one.hurdles() == []
    within.fill("")
    expect(page.locator(".under-position")).to_have_count(0)
    expect(page.locator("main .hit-term", has_text="insuficiencia mitral")).to_be_visible()


def test_nothing_found_is_told(visit: Visiting) -> None:
    one = visit()
    page = one.open("#/?q=zzzz")
    assert "Nada comienza como «zzzz»" in page.locator("main .found-state").inner_text()


def test_an_answer_that_comes_too_late_is_dropped(visit: Visiting) -> None:
    """The answer for `fibril` is held back until that for `asma` has been shown."""
    one = visit()
    page = one.open()
    held = []

    def hold(route: object) -> None:
        asked = json.loads(route.request.post_data or "{}")  # type: ignore[attr-defined]
        if asked.get("variables", {}).get("text") == "fibril":
            held.append(route)
        else:
            route.continue_()  # type: ignore[attr-defined]

    page.route("**/graphql", hold)
    box = one.box
    box.fill("fibril")
    page.wait_for_timeout(300)
    assert held
    box.fill("asma")
    page.wait_for_selector("[role=option]")
    for route in held:
        route.continue_()
    page.wait_for_timeout(200)
    assert "asma" in one.options.first.inner_text()
    one.wrong = [said for said in one.wrong if "ERR_FAILED" not in said]
