"""Search as you type over a release's terms."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linker.errors import IndexDamaged
from linker.search import Narrowing, TermSearch, write_search

TERMS = [
    ("insuficiencia renal crónica", "es", "X:1"),
    ("insuficiencia renal", "es", "X:2"),
    ("chronic renal failure", "en", "X:1"),
    ("asma", "es", "X:3"),
    ("Asma", "es", "X:4"),
    ("asma bronquial", "es", "X:3"),
    ("crisis de asma", "es", "X:5"),
    ("asmática, bronquitis", "es", "X:6"),
    ("año", "es", "X:7"),
    ("ano", "es", "X:8"),
    ("COVID-19", "es", "X:9"),
    ("NEAR OR AND NOT", "en", "X:10"),
]


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TermSearch]:
    path = tmp_path_factory.mktemp("search") / "search.sqlite"
    write_search(path, TERMS)
    search = TermSearch.open(path)
    yield search
    search.close()


def found(search: TermSearch, text: str, first: int = 10, language: str | None = None) -> list[str]:
    return [hit.id for hit in search.find(text, first, Narrowing(language))]


def test_every_word_is_a_prefix_in_any_order(search: TermSearch) -> None:
    assert found(search, "insuf ren") == found(search, "ren insuf") == ["X:2", "X:1"]
    assert found(search, "cron renal") == ["X:1"]
    assert found(search, "renal asma") == []
    assert found(search, "enal") == [], "no word begins so"


def test_accents_and_case_do_not_hide_a_term(search: TermSearch) -> None:
    assert found(search, "CRONICA") == found(search, "crónica") == found(search, "cro\u0301nica") == ["X:1"]


def test_the_text_as_typed_comes_first(search: TermSearch) -> None:
    assert found(search, "asma")[:2] == ["X:3", "X:4"]
    assert found(search, "Asma")[:2] == ["X:4", "X:3"]


def test_then_terms_that_begin_so_and_the_shorter_before_the_longer(search: TermSearch) -> None:
    assert found(search, "asma") == ["X:3", "X:4", "X:6", "X:5"]
    assert found(search, "insuficiencia") == ["X:2", "X:1"]


def test_enye_is_a_letter(search: TermSearch) -> None:
    assert found(search, "ano") == ["X:8"]
    assert found(search, "AÑO") == ["X:7"]
    assert "X:7" not in found(search, "an")


def test_marks_part_words(search: TermSearch) -> None:
    assert found(search, "covid19") == []
    assert found(search, "covid 19") == found(search, "covid-1") == ["X:9"]


def test_one_language_can_be_asked_for(search: TermSearch) -> None:
    hits = search.find("renal", 10, Narrowing("en"))
    assert [(hit.id, hit.term, hit.language) for hit in hits] == [("X:1", "chronic renal failure", "en")]
    assert found(search, "asma", language="fr") == []


def test_a_concept_is_found_once_by_its_best_term(search: TermSearch) -> None:
    hits = search.find("asma", 10)
    assert len({hit.id for hit in hits}) == len(hits)
    assert hits[0].term == "asma"
    assert found(search, "asma", first=2) == ["X:3", "X:4"]
    assert found(search, "asma", first=0) == []


def test_as_many_concepts_as_asked_for_though_one_has_many_terms(tmp_path: Path) -> None:
    many = [(f"tos {i}", "es", "X:1") for i in range(300)]
    write_search(
        tmp_path / "s", [*many, ("tos ferina larga", "es", "X:2"), ("tos seca y larga", "es", "X:3")]
    )
    search = TermSearch.open(tmp_path / "s")
    assert found(search, "tos", first=3) == ["X:1", "X:2", "X:3"]
    search.close()


def test_scores_are_1_for_the_text_itself_and_fall_with_what_a_term_has_besides(search: TermSearch) -> None:
    scores = [hit.score for hit in search.find("asma", 10)]
    assert scores[:2] == [1.0, 0.99]
    assert scores[2] > 0.5 > scores[3], "one begins with the text, the other does not"
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


@pytest.mark.parametrize("empty", ["", "   ", "¿?", '"', "*", "()", "-", "\x00", "\ud800"])
def test_what_has_no_letters_finds_nothing(empty: str, search: TermSearch) -> None:
    assert search.find(empty, 5) == []


@pytest.mark.parametrize(
    "hostile",
    [
        '"asma"',
        'asma"',
        "asma*",
        "^asma",
        "(asma",
        "asma)",
        "asma OR",
        "asma NEAR",
        "NEAR(asma renal, 2)",
        "NOT asma",
        "folded:asma",
        "{folded} : asma",
        "asma + bronquial",
        "asma -bronquial",
        "asma\x00bronquial",
        "asma'; DROP TABLE term; --",
        "asma \ud800",
        "a\U0001e900b",
        "asma " * 20_000,
    ],
)
def test_a_hostile_query_is_only_words(hostile: str, search: TermSearch) -> None:
    search.find(hostile, 5)
    assert found(search, "asma") == ["X:3", "X:4", "X:6", "X:5"]


def test_the_words_of_the_query_language_are_words(search: TermSearch) -> None:
    assert found(search, "OR") == found(search, "near not") == ["X:10"]


@settings(derandomize=True, deadline=None)
@given(st.text(st.characters(), max_size=20) | st.text('as"*()^:{}-+ NEAROT\x00', max_size=20))
def test_no_text_is_an_error(search: TermSearch, text: str) -> None:
    for hit in search.find(text, 3):
        assert 0 < hit.score <= 1


def test_threads_search_at_once(search: TermSearch) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: found(search, "asma"), range(40)))
    assert set(map(tuple, answers)) == {("X:3", "X:4", "X:6", "X:5")}


def test_the_file_cannot_be_written_to(search: TermSearch) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        search._connection().execute("DELETE FROM term")


@pytest.mark.parametrize("content", [b"", b"not a database, whatever its size", None])
def test_a_file_of_another_kind_is_damage(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "search.sqlite").write_bytes(content)
    with pytest.raises(IndexDamaged, match="cannot be read"):
        TermSearch.open(tmp_path / "search.sqlite")


class Held:
    """A set of concepts, as `Scope` has it."""

    def __init__(self, *ids: str, size: int | None = None) -> None:
        self._ids, self.size = ids, len(ids) if size is None else size

    def ids(self) -> tuple[str, ...]:
        return self._ids

    def holds(self, ids: list[str]) -> np.ndarray:
        return np.isin(np.array(ids), np.array(self._ids))


@pytest.mark.parametrize("size", [None, 1_000_000], ids=["by concept", "by word"])
def test_a_scope_leaves_out_the_others_and_keeps_the_order(search: TermSearch, size: int | None) -> None:
    scope = Held("X:5", "X:3", "X:1", "X:99", size=size)
    assert [hit.id for hit in search.find("asma", 9, Narrowing(scope=scope))] == ["X:3", "X:5"]
    assert [hit.id for hit in search.find("asma", 1, Narrowing(scope=scope))] == ["X:3"]
    assert [hit.id for hit in search.find("ren cron", 9, Narrowing(scope=scope))] == ["X:1"]
    assert search.find("asma", 9, Narrowing(scope=Held(size=size or 0))) == []


def test_semantic_tags(tmp_path: Path) -> None:
    write_search(tmp_path / "s", TERMS, {"X:3": "trastorno", "X:5": "evento"})
    search = TermSearch.open(tmp_path / "s")
    tagged = Narrowing(tags=frozenset({"trastorno"}))
    assert [hit.id for hit in search.find("asma", 9, tagged)] == ["X:3"]
    assert search.find("asma", 9, Narrowing(tags=frozenset())) == []
    search.close()


def test_the_order_is_the_same_however_many_terms_match(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few terms that begin with the text are sorted, and many are met in the order of the rows."""
    made = random.Random(7)
    words = ["ana", "anemia", "anexo", "bazo", "beta", "an"]
    terms = [
        (" ".join(made.choices(words, k=made.randint(1, 4))), "es", f"X:{number}") for number in range(400)
    ]
    write_search(tmp_path / "s", terms)
    search = TermSearch.open(tmp_path / "s")
    asked = ["an", "ane", "anemia", "bazo an", "an an", "b", "beta b"]
    few = [search.find(text, 1000) for text in asked]
    monkeypatch.setattr("linker.search._FEW_ROWS", 3)
    assert [{hit.id for hit in search.find(text, 1000)} for text in asked] == [
        {hit.id for hit in hits} for hits in few
    ]
    for text, hits in zip(asked, few, strict=True):
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert hits[:20] == sorted(hits, key=lambda hit: -hit.score)[:20]
        expected = {
            id
            for term, _, id in terms
            if all(any(w.startswith(q) for w in term.split()) for q in text.split())
        }
        assert {hit.id for hit in hits} == expected
    search.close()


def test_a_file_of_an_earlier_version_says_so(tmp_path: Path) -> None:
    write_search(tmp_path / "s", TERMS)
    with sqlite3.connect(tmp_path / "s") as connection:
        connection.execute("PRAGMA user_version = 0")
    connection.close()
    search = TermSearch.open(tmp_path / "s")
    with pytest.raises(IndexDamaged, match="earlier version"):
        search.find("asma", 1)
    search.close()
