"""What a release holds can be read back and imported again: nothing is lost."""

from __future__ import annotations

from pathlib import Path

from graph.importing import import_release
from graph.model import (
    IS_A,
    Acceptability,
    Concept,
    Mapping,
    Membership,
    Record,
    Relation,
    Succession,
    SuccessionKind,
    Term,
    TermKind,
)
from graph.release import ReleaseHome
from graph.release_records import release_records

RECORDS: list[Record] = [
    Concept("X:1", semantic_tag="hallazgo"),
    Concept("X:2", effective_time="20260131", module="X:9", defined=True),
    Concept("X:3", active=False),
    Term("X:1", "uno (hallazgo)", "es", TermKind.FSN, id="11"),
    Term("X:2", "dos", "es", TermKind.PREFERRED, acceptability=(Acceptability("X:8", True),)),
    Relation("X:2", IS_A, "X:1", id="12"),
    Relation("X:2", "X:7", "X:1", group=2, id="13"),
    Mapping("X:2", "ICD10:A01", "exact", 1, 2, "TRUE", "ALWAYS A01", "14"),
    Succession("X:3", "X:2", SuccessionKind.SAME_AS, "15"),
    Membership("X:8", "X:2", "16"),
]


def test_a_release_is_read_back_whole(tmp_path: Path) -> None:
    home = ReleaseHome(tmp_path)
    first = import_release(home, "first", RECORDS, sources=())
    with home.open("first") as opened:
        assert sorted(map(repr, release_records(opened.store))) == sorted(map(repr, RECORDS))
        again = import_release(home, "again", release_records(opened.store), sources=())
    assert again.counts == first.counts
