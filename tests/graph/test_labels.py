"""How concepts are called."""

from __future__ import annotations

import pytest

from graph.labels import fully_specified_name, preferred_term, without_tag
from graph.model import Term, TermKind

FSN_ES = Term("X:1", "asma (trastorno)", "es", TermKind.FSN)
PREFERRED_ES = Term("X:1", "asma bronquial", "es", TermKind.PREFERRED)
PREFERRED_EN = Term("X:1", "asthma", "en", TermKind.PREFERRED)
SYNONYM_ES = Term("X:1", "bronquitis asmática", "es")
DEFINITION = Term("X:1", "Una enfermedad.", "es", TermKind.DEFINITION)


@pytest.mark.parametrize(
    ("terms", "languages", "expected"),
    [
        ([SYNONYM_ES, FSN_ES, PREFERRED_ES, PREFERRED_EN], ("es", "en"), "asma bronquial"),
        ([FSN_ES, PREFERRED_EN], ("es", "en"), "asma"),
        ([FSN_ES, PREFERRED_EN], ("en", "es"), "asthma"),
        ([SYNONYM_ES, PREFERRED_EN], ("es", "en"), "asthma"),
        ([SYNONYM_ES, DEFINITION], ("en",), "bronquitis asmática"),
        ([PREFERRED_EN], ("fr",), "asthma"),
        ([DEFINITION], ("es",), None),
        ([], ("es",), None),
    ],
)
def test_preferred_term(terms: list[Term], languages: tuple[str, ...], expected: str | None) -> None:
    assert preferred_term(terms, languages) == expected
    assert preferred_term(reversed(terms), languages) == expected


def test_fully_specified_name() -> None:
    assert fully_specified_name([PREFERRED_EN, FSN_ES], ("en",)) == "asma (trastorno)"
    assert fully_specified_name([PREFERRED_EN]) is None


@pytest.mark.parametrize(
    ("fsn", "expected"),
    [
        ("asma (trastorno)", "asma"),
        ("asma", "asma"),
        ("(a)", "(a)"),
        ("a (b) (c)", "a (b)"),
        ("a (b) c", "a (b) c"),
    ],
)
def test_without_tag(fsn: str, expected: str) -> None:
    assert without_tag(fsn) == expected
