"""What the schema says of reference sets: those of languages, and those that concepts are members of."""

from __future__ import annotations

from pathlib import Path

from demo_schema import RELEASE, Api

from graph.importing import import_release
from graph.model import Acceptability, Concept, Membership, Term, TermKind
from graph.release import ReleaseHome

SPAIN, LATIN_AMERICA = "SNOMEDCT:448879004", "SNOMEDCT:450828004"
QUERY = """{ concepts(ids: ["X:1", "X:2"]) {
    terms { text acceptability { refsetId preferred } }
    refsets(first: 2) { refsetId refset { preferredTerm } }
} }"""


def test_terms_tell_their_dialects_and_concepts_their_refsets(tmp_path: Path) -> None:
    home = ReleaseHome(tmp_path)
    held_by = (Acceptability(SPAIN), Acceptability(LATIN_AMERICA, True))
    records = [
        *(Concept(id) for id in ("X:1", "X:2", "X:set")),
        Term("X:1", "a", "es", TermKind.PREFERRED, acceptability=held_by),
        Term("X:1", "b", "es"),
        Term("X:set", "conjunto", "es"),
        *(Membership(refset, "X:1") for refset in ("X:set", "Y:set", "Z:set")),
    ]
    import_release(home, RELEASE, records, sources=())
    api = Api(home)
    one, two = api.ask(QUERY)["concepts"]
    assert one == {
        "terms": [
            {
                "text": "a",
                "acceptability": [
                    {"refsetId": SPAIN, "preferred": False},
                    {"refsetId": LATIN_AMERICA, "preferred": True},
                ],
            },
            {"text": "b", "acceptability": []},
        ],
        "refsets": [
            {"refsetId": "X:set", "refset": {"preferredTerm": "conjunto"}},
            {"refsetId": "Y:set", "refset": None},
        ],
    }
    assert two == {"terms": [], "refsets": []}
    assert api.store.calls == {"concepts": 2, "terms": 2, "memberships": 1}
    api.close()
