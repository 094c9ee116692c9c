"""What a check finds, over a real release."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from variable_graphs import BEFORE, opened

from graph.ecl.content import Content
from graph.variables.checking import Checked, Checker, Finding, Problem, Replacement
from graph.variables.yaml_form import parse


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checker]:
    with opened(tmp_path_factory.mktemp("home"), "before", BEFORE) as release:
        yield Checker(
            Content.of(release.store, release.hierarchy),
            release.store,
            lambda terms: next((term.text for term in terms), None),
        )


def check(checker: Checker, *variables: str) -> Checked:
    return checker.check(parse("variables:\n" + "\n".join(f"- {one}" for one in variables), "v.yaml"))


def problems(found: Checked) -> list[tuple[Problem, str, int, str]]:
    return [(one.problem, one.variable, one.line, one.concept or one.other) for one in found.findings]


def test_nothing_amiss(checker: Checker) -> None:
    found = check(
        checker,
        "{id: diabetes, ecl: '<< X:02 |Diabetes|'}",
        "{id: tipo1, concepts: ['X:03'], parent: diabetes}",
        "{id: catarata, concepts: ['X:07']}",
    )
    assert (found.findings, found.sizes, found.errors) == ((), (4, 1, 1), 0)


def test_unknown_retired_and_empty(checker: Checker) -> None:
    found = check(
        checker,
        "{id: a, concepts: ['X:03', 'X:99'], exclude: ['X:98']}",
        "{id: b, concepts: ['X:90', 'X:91']}",
        "{id: c, ecl: '< X:07'}",
        "{id: d, ecl: '<< X:02 AND'}",
        "{id: e, ecl: '^ X:01'}",
    )
    assert problems(found) == [
        (Problem.UNKNOWN, "a", 2, "X:98"),
        (Problem.UNKNOWN, "a", 2, "X:99"),
        (Problem.RETIRED, "b", 3, "X:90"),
        (Problem.RETIRED, "b", 3, "X:91"),
        (Problem.EMPTY, "c", 4, ""),
        (Problem.UNREADABLE, "d", 5, ""),
        (Problem.UNREADABLE, "e", 6, ""),
    ]
    juvenile, gone = found.findings[2:4]
    assert juvenile.replacements == (Replacement("X:03", "same-as", "diabetes tipo 1"),)
    assert "replace it by X:03 |diabetes tipo 1| (same-as)" in juvenile.message
    assert "names no replacement" in gone.message
    assert (found.sizes, found.errors) == ((None, 2, 0, None, None), 7)


def test_two_variables(checker: Checker) -> None:
    found = check(
        checker,
        "{id: diabetes, concepts: ['X:02']}",
        "{id: ojo, concepts: ['X:05']}",
        "{id: tipo2, concepts: ['X:04']}",
        "{id: tipo1, concepts: ['X:03'], parent: ojo}",
        "{id: otra, concepts: ['X:02']}",
    )
    assert problems(found) == [
        (Problem.OVERLAP, "diabetes", 2, "ojo"),
        (Problem.OVERLAP, "ojo", 3, "otra"),
        (Problem.CONTAINED, "tipo2", 4, "diabetes"),
        (Problem.CONTAINED, "tipo1", 5, "diabetes"),
        (Problem.OUTSIDE, "tipo1", 5, "ojo"),
        (Problem.CONTAINED, "otra", 6, "diabetes"),
    ]
    assert (
        "1 concept is assigned to it and to ojo alike, like X:06 |retinopatía diabética|"
        in found.findings[0].message
    )
    assert "it has the same concepts as diabetes" in found.findings[-1].message.lower()
    assert found.errors == 0


def test_a_part_declared_below_another_part_is_no_finding(checker: Checker) -> None:
    found = check(
        checker,
        "{id: todo, concepts: ['X:01']}",
        "{id: diabetes, concepts: ['X:02'], parent: todo}",
        "{id: tipo2, concepts: ['X:04'], parent: diabetes}",
    )
    assert found.findings == ()


def test_terms_in_pipes(checker: Checker) -> None:
    text = "variables:\n- id: a\n  ecl: |\n    << X:03 |diabetes tipo 1|\n    OR << X:04 |diabetes 2|\n"
    found = checker.check(parse(text, "v.yaml"))
    assert found.findings == (
        Finding(
            Problem.TERM,
            "a",
            5,
            "X:04 is called |diabetes tipo 2| and not |diabetes 2|; correct one of the two.",
            "X:04",
        ),
    )
