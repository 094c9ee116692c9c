"""What a release upgrade does to variables."""

from __future__ import annotations

from pathlib import Path

from variable_graphs import AFTER, BEFORE, opened

from graph.ecl.content import Content
from graph.variables.differences import Gain, Reason, Side, VariableDifference, differences
from graph.variables.yaml_form import parse

VARIABLES = parse(
    """
variables:
  - {id: diabetes, concepts: [X:02]}
  - {id: ojo, concepts: [X:05]}
  - {id: opacidad, concepts: [X:08]}
  - {id: juvenil, ecl: "X:03 {{ + HISTORY-MIN }}"}
""",
    "v.yaml",
)


def test_differences(tmp_path: Path) -> None:
    with opened(tmp_path, "before", BEFORE) as old, opened(tmp_path, "after", AFTER) as new:
        sides = [Side(Content.of(one.store, one.hierarchy), one.store) for one in (old, new)]
        found = differences(VARIABLES, sides[0], sides[1], lambda terms: next((t.text for t in terms), None))
        back = differences(VARIABLES, sides[1], sides[0], lambda terms: None)
    assert found[0] == VariableDifference(
        "diabetes",
        4,
        4,
        (
            Gain("diabetes", "X:03", "diabetes tipo 1", False, Reason.MOVED),
            Gain("diabetes", "X:09", "diabetes gestacional", True, Reason.NEW),
        ),
    )
    assert found[1].gains == (
        Gain("ojo", "X:07", "catarata", False, Reason.RETIRED, ("X:08",), kept=True),
        Gain("ojo", "X:08", "opacidad del cristalino", True, Reason.NEW),
    )
    assert (found[2].before, found[2].after, found[2].gains) == (None, 1, ())
    assert "In before: the release has no concept 'X:08'" in found[2].problems[0]
    assert (found[3].before, found[3].after, found[3].gains) == (2, 2, ())
    assert [(gain.concept, gain.added, gain.reason) for gain in back[1].gains] == [
        ("X:07", True, Reason.ACTIVE_AGAIN),
        ("X:08", False, Reason.ABSENT),
    ]
    assert (back[0].added, back[0].taken) == (1, 1)
