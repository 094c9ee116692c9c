"""Files of variables: both forms say the same, and what is wrong is told with its line and field."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.errors import VariablesError
from graph.variables import table_form, yaml_form
from graph.variables.definitions import Seed, ValueType, Variable, VariableSet
from graph.variables.files import read, render

TEXT = """\
title: Estudio
terminology: SNOMEDCT
release: demo
variables:
  - id: diabetes
    label: Diabetes mellitus
    ecl: << 73211009 |diabetes mellitus|
  - id: tipo-2
    label: Diabetes tipo 2
    parent: diabetes
    concepts:
      - 44054006 |diabetes; tipo 2|
      - HP:0005978
    exclude: [199230006]
  - id: glucosa
    ecl: |
      << 33747003 :
        370130000 = *
    value_type: quantity
    units: [mg/dL, mmol/L]
"""


def test_yaml() -> None:
    found = yaml_form.parse(TEXT, "v.yaml")
    assert (found.title, found.terminology, found.release, found.file) == (
        "Estudio",
        "SNOMEDCT",
        "demo",
        "v.yaml",
    )
    whole, part, glucose = found.variables
    assert whole == Variable("diabetes", "Diabetes mellitus", ecl="<< 73211009 |diabetes mellitus|")
    assert part.concepts == (Seed("SNOMEDCT:44054006", "diabetes; tipo 2"), Seed("HP:0005978"))
    assert (part.exclude, part.parent) == ((Seed("SNOMEDCT:199230006"),), "diabetes")
    assert [seed.line for seed in part.concepts] == [12, 13]
    assert (glucose.label, glucose.value_type, glucose.units) == (
        "glucosa",
        ValueType.QUANTITY,
        ("mg/dL", "mmol/L"),
    )
    assert (glucose.ecl, glucose.line_of("ecl"), glucose.line_of("parent")) == (
        "<< 33747003 :\n  370130000 = *",
        17,
        15,
    )
    assert found.parents() == [-1, 0, -1]


TABLE = """\
\ufeffid;label;concepts;units;value_type
tos;Tos;"49727002 |tos; seca|; 11833005";;
peso;Peso;27113001;"kg
g";quantity
"""


def test_a_table_as_a_spreadsheet_writes_it() -> None:
    cough, weight = table_form.parse(TABLE, "v.csv").variables
    assert cough.concepts == (Seed("SNOMEDCT:49727002", "tos; seca"), Seed("SNOMEDCT:11833005"))
    assert (weight.units, weight.line) == (("kg", "g"), 3)


IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,12}", fullmatch=True)
LINES = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="|"), min_size=1, max_size=12
).filter(lambda text: text == text.strip())
SEEDS = st.builds(
    Seed, st.from_regex(r"[A-Z]{2,8}:[0-9]{3,9}", fullmatch=True), st.one_of(st.just(""), LINES)
)


@st.composite
def sets(draw: st.DrawFn) -> VariableSet:
    ids = draw(st.lists(IDS, min_size=1, max_size=4, unique=True))
    variables = []
    for at, id in enumerate(ids):
        by_ecl = draw(st.booleans())
        quantity = draw(st.booleans())
        seeds = st.lists(SEEDS, min_size=1, max_size=3, unique_by=lambda seed: seed.id).map(tuple)
        variables.append(
            Variable(
                id,
                draw(LINES),
                ecl=draw(st.sampled_from(["<< 404684003", "* : R 1 = #2", ">> 22298006\nOR *"]))
                if by_ecl
                else "",
                concepts=() if by_ecl else draw(seeds),
                exclude=draw(st.one_of(st.just(()), seeds)),
                value_type=ValueType.QUANTITY if quantity else draw(st.sampled_from([None, ValueType.DATE])),
                units=("kg", "mg/dL") if quantity else (),
                parent=draw(st.sampled_from(["", *ids[:at]])),
            )
        )
    title = draw(st.one_of(st.just(""), LINES))
    return VariableSet(
        tuple(variables), title, draw(st.sampled_from(["", "HP"])), draw(st.sampled_from(["", "r"]))
    )


@settings(max_examples=30)
@given(sets())
def test_both_forms_give_back_what_was_written(variables: VariableSet) -> None:
    assert yaml_form.parse(yaml_form.render(variables), "v.yaml") == variables
    assert table_form.parse(table_form.render(variables), "v.csv") == variables


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "v.yaml:1: the file is empty"),
        ("just words", "v.yaml:1: the file is no set of variables"),
        ("title: x\n", "v.yaml:1: there is no `variables:` in it"),
        ("variables: []\n", "v.yaml:1: there is no variable in it"),
        ("variables:\n  - id: a\n    ecl: << 1 : 2 = 3\n", "v.yaml:3: this is no YAML"),
        ("variables:\n  - id: a\n    ecl: * AND b\n", "v.yaml:3: this is no YAML"),
        ("a: [b\n", "this is no YAML"),
        ("variables:\n  - id: a\n    ecl: '*'\n\x01", "(U+0001)"),
        ("variables:\n  - id: a\n    elc: '*'\n", "v.yaml:3: there is no field 'elc'; did you mean 'ecl'?"),
        ("variable:\n  - id: a\n", "v.yaml:1: there is no field 'variable'; did you mean 'variables'?"),
        ("variables:\n  - id: a\n    id: b\n", "v.yaml:3, field 'id': this field stands here twice"),
        ("variables:\n  - label: a\n    ecl: '*'\n", "v.yaml:2, field 'id': this variable has no id"),
        ("variables:\n  - id: a b\n    ecl: '*'\n", "v.yaml:2, field 'id': 'a b' is no id"),
        ("variables:\n  - id: a\n", "v.yaml:2, variable 'a': it says nothing of its concepts"),
        ("variables:\n  - id: a\n    ecl:\n", "v.yaml:3, variable 'a', field 'ecl': this is empty"),
        (
            "variables:\n  - id: a\n    ecl: 22298006\n    concepts: [1]\n",
            "v.yaml:4, variable 'a', field 'concepts': a variable has an expression or concepts, not both",
        ),
        (
            "variables:\n  - id: a\n    concepts:\n      - 22298006\n      - one two\n",
            "v.yaml:5, variable 'a', field 'concepts': 'one two' is no id",
        ),
        (
            "variables:\n  - id: a\n    concepts: [123456, SNOMEDCT:123456]\n",
            "v.yaml:3, variable 'a', field 'concepts': SNOMEDCT:123456 stands here twice",
        ),
        (
            "variables:\n  - id: a\n    ecl: '*'\n    value_type: colour\n",
            "v.yaml:4, variable 'a', field 'value_type': 'colour' is no type of values",
        ),
        (
            "variables:\n  - id: a\n    ecl: '*'\n    units: [kg]\n",
            "v.yaml:4, variable 'a', field 'units': only a variable with the value_type quantity has units",
        ),
        (
            "variables:\n  - id: a\n    ecl: '*'\n  - id: a\n    ecl: '*'\n",
            "v.yaml:4, field 'id': the id 'a' is that of the variable at line 2 too",
        ),
        (
            "variables:\n  - id: abc\n    ecl: '*'\n  - id: b\n    ecl: '*'\n    parent: abd\n",
            "v.yaml:6, variable 'b', field 'parent': there is no variable 'abd'; did you mean 'abc'?",
        ),
        (
            "variables:\n  - {id: a, ecl: '*', parent: b}\n  - {id: b, ecl: '*', parent: a}\n",
            "v.yaml:2, variable 'a', field 'parent': the parents go round: a → b → a",
        ),
        ("variables:\n  - id: a\n    label: [x]\n", "v.yaml:3, field 'label': this field takes one text"),
        ("variables:\n  - id: a\n    units: [[x]]\n", "v.yaml:3, field 'units': this is no text"),
        (
            "variables:\n  - id: a\n    units:\n      -\n",
            "v.yaml:4, field 'units': this line of the list is empty",
        ),
        ("variables:\n  - a\n", "v.yaml:2: this is no variable"),
        ("variables: a\n", "v.yaml:1, field 'variables': this is no list"),
        (
            "terminology: 'S N'\nvariables:\n  - {id: a, ecl: '*'}\n",
            "v.yaml:1, field 'terminology': 'S N' is no",
        ),
        ("[" * 1500, "nested too deeply"),
    ],
)
def test_what_is_wrong_in_yaml_is_one_sentence(text: str, told: str) -> None:
    with pytest.raises(VariablesError) as error:
        yaml_form.parse(text, "v.yaml")
    assert told in str(error.value)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith((".", "?"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "v.csv:1: the file is empty"),
        ("id,elc\n", "v.csv:1: there is no field 'elc'; did you mean 'ecl'?"),
        ("id,ecl,ecl\n", "v.csv:1, field 'ecl': this column stands there twice"),
        ("label,ecl\n", "v.csv:1, field 'id': there is no column 'id'"),
        ("id,ecl\n", "v.csv:1: there is no variable in it"),
        ("id,ecl\na,*\n\nb\n", "v.csv:4: the row has 1 cells and the header 2"),
        ('id,ecl\na,"*\n', "v.csv:2: the row cannot be read"),
        ("id,ecl,release\na,*,x\nb,*,y\n", "v.csv:3, field 'release': another row has 'x'"),
        ("id,ecl\na,*\na,*\n", "v.csv:3, field 'id': the id 'a' is that of the variable at line 2 too"),
    ],
)
def test_what_is_wrong_in_a_table_is_one_sentence(text: str, told: str) -> None:
    with pytest.raises(VariablesError) as error:
        table_form.parse(text, "v.csv")
    assert told in str(error.value)
    assert "\n" not in str(error.value)


@given(st.text(max_size=60))
def test_any_text_is_variables_or_a_sentence(text: str) -> None:
    for form in (yaml_form, table_form):
        with suppress(VariablesError):
            assert form.parse(text, "v").variables


def test_files(tmp_path: Path) -> None:
    (tmp_path / "v.yml").write_text(TEXT, "utf-8")
    found = read(tmp_path / "v.yml")
    (tmp_path / "v.tsv").write_text(render(found, tmp_path / "v.tsv"), "utf-8")
    assert read(tmp_path / "v.tsv") == found
    for name, content, told in (
        ("no.yaml", None, "cannot be read"),
        ("v.xlsx", b"", "its ending is none of .yaml, .yml, .csv, .tsv"),
        ("l1.csv", "id,label\na,a\nb,año\n".encode("latin-1"), "l1.csv:3: this is not UTF-8"),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(VariablesError) as error:
            read(tmp_path / name)
        assert told in str(error.value)
