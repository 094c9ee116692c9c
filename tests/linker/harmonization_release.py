"""A small release and variables on it, for tests of harmonisation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from graph.importing import import_release
from graph.model import IS_A, Concept, Mapping, Record, Relation, Succession, SuccessionKind, Term, TermKind
from graph.release import OpenRelease, ReleaseHome
from graph.variables.yaml_form import parse
from linker.model import Candidate, Decision, Linking, Reason, StageScores
from linker.model import Path as Way


def called(id: str, name: str) -> list[Record]:
    return [Concept(id), Term(id, name, "es", TermKind.PREFERRED)]


#: X:06 is a diabetes and an eye disease. Of the retired, X:90 was X:03; X:91 is now X:90, so X:03 too; X:92 and
#: X:93 go round; X:94 was split in X:04 and X:07; X:95 has no successor but one that only the widest profile follows.
RECORDS: list[Record] = [
    *called("X:01", "enfermedad"),
    *called("X:02", "diabetes"),
    *called("X:03", "diabetes tipo 1"),
    *called("X:04", "diabetes tipo 2"),
    *called("X:05", "enfermedad del ojo"),
    *called("X:06", "retinopatía diabética"),
    *called("X:07", "catarata"),
    *called("X:08", "fractura"),
    Relation("X:02", IS_A, "X:01"),
    Relation("X:03", IS_A, "X:02"),
    Relation("X:04", IS_A, "X:02"),
    Relation("X:05", IS_A, "X:01"),
    Relation("X:06", IS_A, "X:02"),
    Relation("X:06", IS_A, "X:05"),
    Relation("X:07", IS_A, "X:05"),
    Relation("X:08", IS_A, "X:01"),
    *(Concept(f"X:9{n}", active=False) for n in range(7)),
    Succession("X:90", "X:03", SuccessionKind.SAME_AS),
    Succession("X:90", "X:01", SuccessionKind.WAS_A),
    Succession("X:91", "X:90", SuccessionKind.REPLACED_BY),
    Succession("X:92", "X:93", SuccessionKind.SAME_AS),
    Succession("X:93", "X:92", SuccessionKind.SAME_AS),
    Succession("X:94", "X:04", SuccessionKind.REPLACED_BY),
    Succession("X:94", "X:07", SuccessionKind.REPLACED_BY),
    Succession("X:95", "X:08", SuccessionKind.POSSIBLY_EQUIVALENT_TO),
    Mapping("X:03", "ICD10:E10.9", "exact"),
    Mapping("X:04", "ICD10:E11.9", "exact"),
    Mapping("X:02", "ICD10:E14", "broad"),
    Mapping("X:03", "ICD10:E14", "broad"),
    Mapping("X:02", "ICD10:Z99", "broad"),
    Mapping("X:08", "ICD10:Z99", "broad"),
    Mapping("X:91", "ICD10:E98", "exact"),
    Mapping("X:92", "ICD10:E99", "exact"),
]

TEXT = """\
title: Prueba
terminology: X
release: small
variables:
  - {id: diabetes, label: Diabetes, concepts: [02]}
  - {id: tipo1, label: Diabetes tipo 1, concepts: [03], parent: diabetes}
  - {id: ojo, label: Ojo, concepts: [05]}
  - {id: antigua, label: Un concepto retirado, ecl: "X:96"}
"""
VARIABLES = parse(TEXT, "v.yaml")


def opened(folder: Path) -> OpenRelease:
    home = ReleaseHome(folder)
    import_release(home, "small", RECORDS, sources=())
    return home.open("small")


class ByName:
    """Links a text to the concept whose name it is, and `name ~0.3` to it with that score; counts what it is asked.

    `a/b` is both concepts, equally.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._ids = {record.text: record.concept for record in RECORDS if isinstance(record, Term)}

    def link(self, mentions: Sequence[str], *, top_k: int) -> list[Linking]:
        self.asked += mentions
        return [self._linking(mention) for mention in mentions]

    def _linking(self, mention: str) -> Linking:
        names, _, score = mention.partition(" ~")
        candidates = tuple(
            Candidate(self._ids[name], name, name, mention, float(score or 1), StageScores(), Way.EXACT)
            for name in names.split("/")
            if name in self._ids
        )
        if not candidates:
            return Linking(mention, (), Decision(None, Way.NONE, Reason.NOTHING_CLOSE, 0.0))
        return Linking(mention, candidates, Decision(candidates[0].id, Way.EXACT, Reason.CHOSEN, 1.0))
