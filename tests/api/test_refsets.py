"""What the schema says of reference sets: those of languages, and those that concepts are members of."""

from __future__ import annotations

from pathlib import Path

from demo_schema import RELEASE, Api

from graph.importing import import_release
from graph.model import Acceptability, Concept, Membership, Term, TermKind
from graph.release import ReleaseHome

SPAIN, LATIN_AMERICA = "SNOMEDCT:448879004", "SNOMEDCT:450828004"
QUERY = """{ concepts(ids: ["X:1", "X:2"]) {
    terms(first: 9) { nodes { text acceptability { refsetId preferred } } }
    refsets(first: 2) { totalCount nodes { refsetId refset { preferredTerm } } }
} }"""
MEMBERS = """query($id: ID!, $first: Int! = 9, $after: String) { concept(id: $id) {
    members(first: $first, after: $after) { totalCount nodes { id preferredTerm } pageInfo { endCursor } }
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
        Membership("X:set", "X:2"),
    ]
    import_release(home, RELEASE, records, sources=())
    api = Api(home)
    one, two = api.ask(QUERY)["concepts"]
    assert one["refsets"].pop("totalCount") == 3
    one, two = ({name: said["nodes"] for name, said in concept.items()} for concept in (one, two))
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
    assert two == {"terms": [], "refsets": [{"refsetId": "X:set", "refset": {"preferredTerm": "conjunto"}}]}
    assert api.store.calls == {"concepts": 2, "terms": 2, "memberships": 1}

    members = api.ask(MEMBERS, id="X:set")["concept"]["members"]
    assert members["nodes"] == [
        {"id": "X:1", "preferredTerm": "a"},
        {"id": "X:2", "preferredTerm": "X:2"},
    ]
    page = api.ask(MEMBERS, id="X:set", first=1)["concept"]["members"]
    rest = api.ask(MEMBERS, id="X:set", after=page["pageInfo"]["endCursor"])["concept"]["members"]
    assert page["totalCount"] == rest["totalCount"] == 2
    assert page["nodes"] + rest["nodes"] == members["nodes"]
    assert api.ask(MEMBERS, id="X:1")["concept"]["members"]["totalCount"] == 0
    api.close()
