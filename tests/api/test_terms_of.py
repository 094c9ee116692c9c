"""`enlace index --terms-of`: a release is linked by what other releases call its concepts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from demo_schema import RELEASE, Api

from graph.release import ReleaseHome

HEADER = "code\tlanguage\tterm\tsemantic_tag\tmainterm\tmaps\n"
HOSPITAL = HEADER + (
    "1\tes\tfracaso renal\ttrastorno\t1\tMESH:D051437\n"
    "2\tes\tasma\ttrastorno\t1\t\n"
    "3\tes\tinfarto\ttrastorno\t1\tICD10:I21\n"
)
ONTOLOGY = HEADER + (
    "N17\tes\tinsuficiencia renal\t\t1\tMESH:D051437\n"
    "N17\ten\tkidney failure\t\t1\tMESH:D051437\n"
    "N17\tes\tAsma\t\t0\tMESH:D051437\n"
    "J45\tes\tasma bronquial\t\t1\tX:2\n"
)


@pytest.fixture
def loaded(enlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ReleaseHome:
    """A home with both as releases `hospital` and `ontology`, and another that is served."""
    monkeypatch.setenv("ENLACE_HOME", str(tmp_path / "home"))
    for name, prefix, text in (
        ("hospital", "X", HOSPITAL),
        ("ontology", "Y", ONTOLOGY),
        (RELEASE, "X", HOSPITAL),
    ):
        (tmp_path / f"{name}.tsv").write_text(text, "utf-8")
        assert enlace("load", tmp_path / f"{name}.tsv", "--prefix", prefix, "--release", name).code == 0
    return ReleaseHome(tmp_path / "home")


@pytest.fixture
def index(loaded: ReleaseHome, enlace, tiny_bi_encoder: Path):
    """`enlace index --release hospital` with tiny models."""

    def run(*options: object):
        return enlace(
            *("index", "--release", "hospital", "--bi-encoder", tiny_bi_encoder, "--cross-encoder", "none"),
            *options,
        )

    return run


def test_what_another_release_calls_a_concept_finds_it(index, enlace, loaded: ReleaseHome) -> None:
    made = index("--terms-of", "ontology")
    assert (made.code, made.err) == (0, "")
    assert "5 distinct terms of 3 concepts, 2 terms of release ontology among them; bi-encoder" in made.out
    answers = enlace(
        "link", "insuficiencia renal", "Asma bronquial", "asma", "--release", "hospital", "--json"
    )
    first = [json.loads(line)["candidates"][0] for line in answers.out.splitlines()]
    assert [(one["id"], one["path"], one["preferredTerm"], one["matchedTerm"]) for one in first] == [
        ("X:1", "exact", "fracaso renal", "insuficiencia renal"),
        ("X:2", "folded", "asma", "asma bronquial"),
        ("X:2", "exact", "asma", "asma"),
    ]
    lent = [
        [each["concepts"] for each in one["evidence"] if each["kind"] == "term of another release"]
        for one in first
    ]
    assert lent == [[["Y:N17"]], [["Y:J45"]], []]


def test_the_index_tells_who_lent_what(index, enlace, loaded: ReleaseHome) -> None:
    assert index("--terms-of", "ontology").code == 0
    assert json.loads(enlace("releases", "hospital", "--json").out)["index"]["termsOf"] == {"ontology": 2}
    api = Api(loaded)
    found = api.ask('{ release(release: "hospital") { index { terms termsOf { release terms } } } }')[
        "release"
    ]["index"]
    api.close()
    assert found == {"terms": 5, "termsOf": [{"release": "ontology", "terms": 2}]}
    again = index()
    assert again.err == (
        "The former index had 2 terms of release ontology, which this one has not; "
        "give --terms-of to have them again.\n"
    )


def test_a_release_without_the_same_concepts_lends_nothing_and_is_told(
    index, enlace, loaded: ReleaseHome, tmp_path: Path
) -> None:
    (tmp_path / "far.tsv").write_text(HEADER + "9\tes\ttos\t\t1\tMESH:D1\n", "utf-8")
    assert enlace("load", tmp_path / "far.tsv", "--prefix", "Z", "--release", "far").code == 0
    made = index("--terms-of", "far")
    assert made.code == 0
    assert made.err.splitlines() == [
        "Release far lends no term: none of its concepts is, by its codes, the same as one of hospital, "
        "or what it calls them is in other languages or there already."
    ]


@pytest.mark.parametrize(
    ("lender", "told"),
    [
        ("hospital", "Release 'hospital' has its own terms already; name another with --terms-of."),
        ("nowhere", "'nowhere'"),
    ],
)
def test_a_release_that_cannot_lend_is_an_error_and_the_former_index_stays(
    index, enlace, lender: str, told: str
) -> None:
    assert index("--terms-of", "ontology").code == 0
    failed = index("--terms-of", lender)
    assert (failed.code, failed.out, len(failed.err.splitlines())) == (1, "", 1)
    assert told in failed.err
    assert enlace("link", "insuficiencia renal", "--release", "hospital", "--json").code == 0
