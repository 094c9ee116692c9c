"""The open terminologies, whole: the counts are those of the files themselves, taken by other means."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from graph.model import IS_A, Concept, Mapping, Record, Relation, Succession, Term, TermKind
from loaders.formats import LoadedSource, detect_format, load


def tally(records: list[Record]) -> Counter[str]:
    """Records by kind; terms by language and kind, those of active concepts only."""
    active = {record.id: record.active for record in records if isinstance(record, Concept)}
    counts: Counter[str] = Counter()
    for record in records:
        match record:
            case Concept():
                counts["active" if record.active else "retired"] += 1
            case Term() if active[record.concept]:
                counts[f"{record.language} {record.kind}"] += 1
            case Relation():
                counts["is-a" if record.type == IS_A else "relation"] += 1
            case Mapping():
                counts["mapping"] += 1
            case Succession():
                counts[record.kind] += 1
            case _:
                pass
    return counts


def consumed(loaded: LoadedSource) -> list[Record]:
    return list(loaded.records)


def test_the_human_phenotype_ontology_in_spanish(data_folder: Path) -> None:
    folder = data_folder / "hpo"
    loaded = load(folder / "hp.v2024-04-26.json.gz", translations=[folder / "hp-es.babelon.tsv"])
    records = consumed(loaded)
    assert tally(records) == {
        "active": 18_536,
        "retired": 425 + 3_445,
        "is-a": 22_932,
        "en preferred": 18_536,
        "en synonym": 23_063,
        "en definition": 15_929,
        "es preferred": 18_535,
        "mapping": 20_350,
        "same-as": 3_805,
        "replaced-by": 330,
        "possibly-equivalent-to": 82,
    }
    # The translation has 19,932 labels: 425 are of retired classes, and 972 of ids that are not in it.
    assert loaded.rejected.by_reason == {"the subject is not in the ontology": 972}
    assert loaded.sources[0].version == "http://purl.obolibrary.org/obo/hp/releases/2024-04-26/hp.json"
    terms = {(r.concept, r.text, r.kind) for r in records if isinstance(r, Term) and r.language == "es"}
    assert ("HP:0000907", 'Costillas con extremos anteriores "en copa"', TermKind.PREFERRED) in terms


def test_the_disease_ontology(data_folder: Path) -> None:
    folder = data_folder / "do"
    assert detect_format(folder) == "do-tables"
    loaded = load(folder)
    records = consumed(loaded)
    assert tally(records) == {
        # 12,246 have a row in HumanDO.tsv; the root has none.
        "active": 12_247,
        "is-a": 12_296,
        "en preferred": 12_247,
        "en synonym": 4_865,
        "en definition": 4_981,
        "es preferred": 937,
        "es synonym": 4_745,
        "es definition": 4_981,
        "mapping": 39_264,
    }
    assert loaded.rejected.count == 9
    assert Relation("DOID:7", IS_A, "DOID:4") in records
    assert [source.version for source in loaded.sources] == ["", "", "2026-05", "2025-08", "2025-03"]
