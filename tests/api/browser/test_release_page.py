"""What is served."""

from __future__ import annotations

from browsed_site import Visiting


def test_the_release_and_its_index(visit: Visiting) -> None:
    one = visit()
    page = one.open("#/about")
    shown = page.locator("main").inner_text()
    for text in ("demo", "enlace 0.1.0", "sct2_Concept_Snapshot", "inglés, español", "Cadenas distintas"):
        assert text in shown
    assert page.get_by_role("link", name="GraphiQL").get_attribute("href") == "graphql"
