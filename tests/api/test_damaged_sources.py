"""Damaged copies of sources of every format: one clear sentence or a whole release, and nothing in between.

`python -m benchmarks.damage` does the same a hundred times a source.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.damage import (
    RELEASE,
    Attempt,
    Outcome,
    attempts,
    counted,
    cut_out,
    cut_short,
    flip_bytes,
    is_one_sentence,
    lose_column,
)
from benchmarks.damage_sources import WRITERS, write_source
from benchmarks.killed_imports import answers_of
from graph.release import ReleaseHome

#: Files of lines in which a cut within a line can be seen.
TELLS_A_CUT_LINE = ("RF2 folders", "OBO", "OBO with Babelon", "Disease Ontology's tables")
#: Ways to ruin a text so that it cannot be read.
FLAWS: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda content: content[: len(content) // 2 - 1],
    "no text": lambda content: content.replace(b"definit", b"\xff\xfe") + b"\xff",
    "another bracket": lambda content: content.replace(b">", b"<", 40),
    "empty": lambda content: b"",
    "zeros": lambda content: bytes(len(content)),
    "another format": lambda content: b"PK\x03\x04" + content,
}


@pytest.mark.parametrize("name", WRITERS)
def test_damage_is_told_and_the_earlier_release_stays(tmp_path: Path, name: str) -> None:
    found = list(attempts(name, range(3), 1, tmp_path))
    assert len({attempt.damage for attempt in found}) == 3
    for attempt in found:
        assert attempt.outcome is not Outcome.WRONG, attempt
        if attempt.damage == "column lost":
            assert attempt.outcome not in (Outcome.FEWER, Outcome.ALTERED), attempt
        if attempt.damage == "cut short" and name in TELLS_A_CUT_LINE and not attempt.ends_a_line:
            assert attempt.outcome not in (Outcome.FEWER, Outcome.ALTERED), attempt


@pytest.mark.parametrize("flaw", FLAWS)
def test_the_command_line_says_one_sentence(
    enlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flaw: str
) -> None:
    home = ReleaseHome(tmp_path / "home")
    monkeypatch.setenv("ENLACE_HOME", str(home.path))
    (path,) = write_source("OWL, Turtle", tmp_path / "source").paths
    assert enlace("load", path, "--release", RELEASE).code == 0
    with home.open(RELEASE) as opened:
        before = answers_of(opened)
    path.write_bytes(FLAWS[flaw](path.read_bytes()))
    ran = enlace("load", path, "--release", RELEASE)
    assert (ran.code, ran.out) == (1, "")
    assert is_one_sentence(ran.err.removesuffix("\n"))
    assert str(path) in ran.err
    with home.open(RELEASE) as opened:
        assert answers_of(opened) == before


def test_damage_is_what_it_is_called() -> None:
    content = b"a|b|c\r\n1|2|3\r\n4|5|6\r\n"
    for seed in range(20):
        chance = random.Random(seed)
        assert content.startswith(cut_short(content, b"|", chance))
        flipped = flip_bytes(content, b"|", chance)
        assert len(flipped) == len(content)
        assert len(cut_out(content, b"|", chance)) < len(content)
        lost = lose_column(content, b"|", chance)
        assert content.count(b"|") - lost.count(b"|") in (1, 3)
        assert lost.count(b"\r\n") == 3


def test_outcomes_are_counted_by_source_and_damage() -> None:
    def attempt(damage: str, outcome: Outcome) -> Attempt:
        return Attempt("OBO", damage, "o.obo", outcome, "", True)

    cut, flipped = attempt("cut short", Outcome.REFUSED), attempt("bytes flipped", Outcome.SAME)
    rows = counted([cut, flipped, cut])
    assert [(row["source"], row["damage"], row["refused"], row["the same"]) for row in rows] == [
        ("OBO", "cut short", 2, 0),
        ("OBO", "bytes flipped", 0, 1),
        ("all", "", 2, 1),
    ]
