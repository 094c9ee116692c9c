"""The table of docs/ecl.md says what the parser and the evaluator do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from graph.ecl.syntax import Constraint, HistoryProfile, MemberField
from graph.errors import EclNotSupported
from graph.importing import import_release
from graph.model import (
    IS_A,
    Acceptability,
    Concept,
    Membership,
    Record,
    Relation,
    Succession,
    SuccessionKind,
    Term,
    TermKind,
)
from graph.release import ReleaseHome
from graph.value_sets import ValueSets

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "ecl.md").read_text("utf-8")
ROWS = re.findall(r"^\| (.+?) \| `(.+)` \| (Core|Extended) \| (yes|refused) \|$", PAGE, re.MULTILINE)

ROOT, FINDING, HEART_DISEASE, INFARCTION = "138875005", "404684003", "56265001", "22298006"
HEART, INFARCT, DRUG, RETIRED = "80891009", "55641003", "774587000", "155304006"
ATTRIBUTE, SITE, MORPHOLOGY, CAUSE = "246061005", "363698007", "116676008", "246075003"
STRENGTH, FORM, SUGAR = "1142135004", "763032000", "859591000"
SETS, SIMPLE, LANGUAGES, PROBLEMS = "900000000000455006", "446609009", "900000000000506000", "700043003"
MODULE = "SNOMEDCT:900000000000207008"
HYPERTENSION = "HP:0001658"

IS_AS = [
    *((id, ROOT) for id in (FINDING, HEART, INFARCT, DRUG, ATTRIBUTE, SETS)),
    (HEART_DISEASE, FINDING),
    (INFARCTION, HEART_DISEASE),
    *((id, ATTRIBUTE) for id in (SITE, MORPHOLOGY, CAUSE, STRENGTH, FORM, SUGAR)),
    *((id, SETS) for id in (SIMPLE, LANGUAGES)),
    (PROBLEMS, SIMPLE),
    ("900000000000508004", LANGUAGES),
]
ATTRIBUTES = [
    (INFARCTION, SITE, HEART, 1),
    (INFARCTION, SITE, FINDING, 2),
    (INFARCTION, MORPHOLOGY, INFARCT, 1),
    (HEART_DISEASE, CAUSE, INFARCTION, 1),
    (DRUG, STRENGTH, "#500", 1),
    (DRUG, FORM, '"comprimido"', 1),
    (DRUG, SUGAR, "true", 1),
]


def id_of(target: str) -> str:
    return f"SNOMEDCT:{target}" if target.isdigit() else target


def records() -> list[Record]:
    ids = sorted({ROOT, *(child for child, _ in IS_AS)})
    spain = (Acceptability("SNOMEDCT:448879004", True),)
    return [
        *(Concept(id_of(id), True, "", "20240131", MODULE, id == INFARCTION) for id in ids),
        Concept(id_of(RETIRED), active=False),
        Concept(HYPERTENSION),
        *(Relation(id_of(child), IS_A, id_of(parent)) for child, parent in IS_AS),
        *(Relation(id_of(s), id_of(t), id_of(target), group) for s, t, target, group in ATTRIBUTES),
        Relation(HYPERTENSION, "UMLS:STY", "STY:T047"),
        *(Membership(id_of(PROBLEMS), id_of(id)) for id in (INFARCTION, RETIRED)),
        Succession(id_of(RETIRED), id_of(INFARCTION), SuccessionKind.SAME_AS),
        Term(id_of(INFARCTION), "infarto de miocardio (trastorno)", "es", TermKind.FSN),
        Term(id_of(INFARCTION), "infarto de miocardio", "es", TermKind.PREFERRED, acceptability=spain),
        Term(id_of(INFARCTION), "myocardial infarction", "en"),
        Term(id_of(HEART_DISEASE), "heart disease", "en"),
        Term(id_of(FINDING), "informe", "es"),
    ]


@pytest.fixture(scope="module")
def value_sets(tmp_path_factory: pytest.TempPathFactory) -> ValueSets:
    home = ReleaseHome(tmp_path_factory.mktemp("home"))
    import_release(home, "profile", records(), sources=())
    return ValueSets.open(home.open("profile"))


@pytest.mark.parametrize(("feature", "example", "profile", "answered"), ROWS)
def test_every_row_is_as_it_says(
    value_sets: ValueSets, feature: str, example: str, profile: str, answered: str
) -> None:
    expression = example.replace("\\|", "|")
    if answered == "yes":
        assert value_sets.expand(expression).total > 0
        return
    with pytest.raises(EclNotSupported, match=r"^Line 1, column \d+ of the expression: .*\.$"):
        value_sets.expand(expression)


def test_the_table_is_read_whole() -> None:
    assert len(ROWS) == len([line for line in PAGE.splitlines() if line.startswith("|")]) - 2


def test_the_table_has_every_operator_filter_and_profile() -> None:
    answered = " ".join(example for _, example, _, answer in ROWS if answer == "yes")
    operators = [f"{constraint.value} " for constraint in Constraint]
    assert [sign for sign in operators if sign not in answered] == []
    grammar = (Path(__file__).resolve().parents[1] / "graph/ecl/grammar.lark").read_text("utf-8")
    fields = set(re.findall(r"^[A-Z_]+_FIELD\.2: /(\w+)", grammar, re.MULTILINE)) - {"id"}
    assert len(fields) == 11
    assert [field for field in {*fields, *MemberField} if f"{field} " not in answered] == []
    assert [profile for profile in HistoryProfile if f"+ {profile.value} " not in answered] == []
