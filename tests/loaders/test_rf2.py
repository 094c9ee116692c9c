from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.batches import one_by_one
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
from loaders import rf2
from loaders.errors import ColumnMissing, FormatMismatch, OptionMismatch, RowMalformed, SourceDamaged
from loaders.options import Base
from loaders.rejections import CUT_OFF, Rejections
from loaders.rf2.descriptions import semantic_tag
from loaders.rf2.modules import ABSENT, OLDER
from loaders.rf2.package import COLUMNS, Kind
from loaders.rf2.reader import NO_REFSET

MODULE = "449081005"
FSN, SYNONYM, DEFINITION = "900000000000003001", "900000000000013009", "900000000000550004"
PREFERRED, ACCEPTABLE = "900000000000548007", "900000000000549004"
SPAIN, LATIN_AMERICA, US = "448879004", "450828004", "900000000000509007"
INFERRED = "900000000000011006"
CASE = "900000000000448009"

NAMES = {
    Kind.CONCEPT: "sct2_Concept_Snapshot_INT_20260101.txt",
    Kind.DESCRIPTION: "sct2_Description_Snapshot-es_INT_20260101.txt",
    Kind.RELATIONSHIP: "sct2_Relationship_Snapshot_INT_20260101.txt",
    Kind.LANGUAGE: "der2_cRefset_LanguageSnapshot-es_INT_20260101.txt",
    Kind.CONCRETE_VALUE: "sct2_RelationshipConcreteValues_Snapshot_INT_20260101.txt",
    Kind.MODULE_DEPENDENCY: "der2_ssRefset_ModuleDependencySnapshot_INT_20260101.txt",
    Kind.SUBSET: "der2_scRefset_VMPSpainDrugSnapshot_es-ES_ES_20260101.txt",
    Kind.ASSOCIATION: "der2_scRefset_FullOfOddNamesSnapshot_es-ES_ES_20260101.txt",
    Kind.SIMPLE_MAP: "der2_sRefset_VTMSpainDrugSnapshot_es-ES_ES_20260101.txt",
    Kind.EXTENDED_MAP: "der2_iisssccRefset_ExtendedMapSnapshot_INT_20260101.txt",
}


def line(*fields: str) -> str:
    return "\t".join(fields) + "\r\n"


def concept(id: str, time: str = "20250101", active: str = "1", status: str = "900000000000074008") -> str:
    return line(id, time, active, MODULE, status)


def description(
    id: str,
    concept: str,
    text: str,
    type: str = SYNONYM,
    language: str = "es",
    time: str = "20250101",
    active: str = "1",
) -> str:
    return line(id, time, active, MODULE, concept, language, type, text, CASE)


def relationship(
    id: str, source: str, target: str, type: str = "116680003", group: str = "0", how: str = INFERRED
) -> str:
    return line(id, "20250101", "1", MODULE, source, target, group, type, how, "900000000000451002")


def member(id: str, refset: str, component: str, *more: str, active: str = "1") -> str:
    return line(id, "20250101", active, MODULE, refset, component, *more)


Build = Callable[..., Path]


def write(folder: Path, rows: dict[Kind, list[str]], names: dict[Kind, str] = NAMES) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for kind in (Kind.CONCEPT, Kind.DESCRIPTION):
        rows.setdefault(kind, [])
    for kind, lines in rows.items():
        text = line(*COLUMNS[kind]) + "".join(lines)
        (folder / names[kind]).write_bytes(text.encode())
    return folder


def read(
    path: Path | Sequence[Path], *languages: str, as_of: str = "", base: Base | None = None
) -> tuple[list[Record], Rejections]:
    rejections, paths = Rejections(), [path] if isinstance(path, Path) else path
    batches = rf2.read(paths, rejections, languages=languages or ("es", "en"), as_of=as_of, base=base)
    return list(one_by_one(batches)), rejections


def terms(records: list[Record]) -> list[tuple[str, str, TermKind]]:
    return [(r.text, r.language, r.kind) for r in records if isinstance(r, Term)]


def test_concepts_active_and_retired_with_their_tags(tmp_path: Path) -> None:
    rows = {
        Kind.CONCEPT: [
            concept("22298006", status="900000000000073002"),
            concept("404684003", active="0", time=""),
        ],
        Kind.DESCRIPTION: [
            description("101013", "22298006", "myocardial infarction (disorder)", FSN, "en"),
            description("102016", "22298006", 'infarto "agudo" (trastorno)', FSN),
            description("103014", "404684003", "finding (finding)", FSN, "en"),
            description("104015", "22298006", "apagado", active="0"),
            description("105019", "22298006", "Necrosis (muerte).", DEFINITION),
        ],
    }
    records, rejections = read(write(tmp_path, rows))
    module = f"SNOMEDCT:{MODULE}"
    assert records == [
        Concept("SNOMEDCT:22298006", True, "trastorno", "20250101", module, defined=True),
        Concept("SNOMEDCT:404684003", False, "finding", "", module),
        Term("SNOMEDCT:22298006", "myocardial infarction (disorder)", "en", TermKind.FSN, id="101013"),
        Term("SNOMEDCT:22298006", 'infarto "agudo" (trastorno)', "es", TermKind.FSN, id="102016"),
        Term("SNOMEDCT:404684003", "finding (finding)", "en", TermKind.FSN, id="103014"),
        Term("SNOMEDCT:22298006", "Necrosis (muerte).", "es", TermKind.DEFINITION, id="105019"),
    ]
    assert not rejections
    english, _ = read(tmp_path, "en")
    assert Concept("SNOMEDCT:22298006", True, "disorder", "20250101", module, defined=True) in english
    assert {language for _, language, _ in terms(english)} == {"en"}
    spanish, _ = read(tmp_path, "es")
    assert isinstance(spanish[1], Concept)
    assert spanish[1].semantic_tag == "finding"


def test_one_term_is_preferred_by_the_first_refset_that_prefers_one(tmp_path: Path) -> None:
    rows = {
        Kind.CONCEPT: [concept("1001"), concept("2002"), concept("3003")],
        Kind.DESCRIPTION: [
            description("11011", "1001", "americano"),
            description("12012", "1001", "español"),
            description("13013", "1001", "otro"),
            description("14014", "1001", "english", language="en"),
            description("21011", "2002", "de un conjunto sin nombre"),
            description("31011", "3003", "uno"),
            description("32012", "3003", "dos"),
        ],
        Kind.LANGUAGE: [
            member("a", LATIN_AMERICA, "11011", PREFERRED),
            member("b", SPAIN, "11011", ACCEPTABLE),
            member("c", SPAIN, "12012", PREFERRED),
            member("d", SPAIN, "13013", PREFERRED, active="0"),
            member("e", US, "14014", PREFERRED),
            member("f", "999", "21011", PREFERRED),
            member("g", SPAIN, "32012", PREFERRED),
            member("h", SPAIN, "31011", PREFERRED),
        ],
    }
    folder = write(tmp_path, rows)
    assert [text for text, _, kind in terms(read(folder)[0]) if kind is TermKind.PREFERRED] == [
        "español",
        "english",
        "de un conjunto sin nombre",
        "uno",
    ]
    latin = terms(read(folder, "es-419")[0])
    assert ("americano", "es", TermKind.PREFERRED) in latin
    assert ("español", "es", TermKind.SYNONYM) in latin
    by_text = {r.text: r.acceptability for r in read(folder)[0] if isinstance(r, Term)}
    spain, latin_america = f"SNOMEDCT:{SPAIN}", f"SNOMEDCT:{LATIN_AMERICA}"
    assert by_text["americano"] == (Acceptability(spain), Acceptability(latin_america, True))
    assert by_text["español"] == (Acceptability(spain, True),)
    assert by_text["otro"] == ()


@pytest.mark.parametrize(
    ("languages", "preferred"),
    [
        (["es-ES", "es", "en"], "español"),
        (["es-419", "es-ES"], "americano"),
        (["es-UY"], "uruguayo"),
        (["es-x-999", "es"], "de un conjunto propio"),
        (["ES"], "español"),
    ],
)
def test_dialects_decide_the_preferred_term_in_their_order(
    tmp_path: Path, languages: list[str], preferred: str
) -> None:
    held = {"11011": LATIN_AMERICA, "12012": SPAIN, "13013": "5641000179103", "14014": "999"}
    texts = ["americano", "español", "uruguayo", "de un conjunto propio"]
    rows = {
        Kind.CONCEPT: [concept("1001")],
        Kind.DESCRIPTION: [description(id, "1001", text) for id, text in zip(held, texts, strict=True)],
        Kind.LANGUAGE: [member(id, refset, id, PREFERRED) for id, refset in held.items()],
    }
    records, _ = read(write(tmp_path, rows), *languages)
    assert [text for text, _, kind in terms(records) if kind is TermKind.PREFERRED] == [preferred]


def test_relationships(tmp_path: Path) -> None:
    rows = {
        Kind.CONCEPT: [concept("1001"), concept("2002")],
        Kind.RELATIONSHIP: [
            relationship("1", "1001", "2002"),
            relationship("2", "1001", "2002", "363698007", "2"),
            relationship("3", "1001", "2002", how="900000000000010007"),
            relationship("4", "1001", "9009"),
            relationship("5", "9009", "2002"),
        ],
    }
    records, rejections = read(write(tmp_path, rows))
    assert records[2:] == [
        Relation("SNOMEDCT:1001", IS_A, "SNOMEDCT:2002", 0, "1"),
        Relation("SNOMEDCT:1001", "SNOMEDCT:363698007", "SNOMEDCT:2002", 2, "2"),
    ]
    assert [(one.row, one.value) for one in rejections] == [(5, "9009"), (6, "9009")]


def test_concrete_values(tmp_path: Path) -> None:
    rows = {
        Kind.CONCEPT: [concept("1001")],
        Kind.CONCRETE_VALUE: [
            relationship(str(number), "1001", value, "1142135004", "1")
            for number, value in enumerate(
                ["#500", "#-0.25", '"a "quoted" text"', "true", "500", ""], start=1
            )
        ]
        + [relationship("9", "9009", "#1", "1142135004")],
    }
    records, rejections = read(write(tmp_path, rows))
    strength = "SNOMEDCT:1142135004"
    assert records[1:] == [
        Relation("SNOMEDCT:1001", strength, value, 1, id)
        for id, value in (("1", "#500"), ("2", "#-0.25"), ("3", '"a "quoted" text"'), ("4", "true"))
    ]
    assert [(one.row, one.value) for one in rejections] == [(6, "500"), (7, ""), (8, "9009")]


def test_members_of_refsets_whatever_else_these_say(tmp_path: Path) -> None:
    rows = {
        Kind.CONCEPT: [concept("1001"), concept("2002", active="0")],
        Kind.SUBSET: [
            member("a", "733073007", "1001", "vmp", "7"),
            member("b", "733073007", "2002", "", ""),
            member("c", "733073007", "11011"),
            member("d", "733073007", "1021"),
            member("e", "733073007", "9009"),
            member("f", "733073007", "1001", active="0"),
        ],
    }
    folder = write(tmp_path, rows)
    odd = folder / NAMES[Kind.SUBSET]
    odd.write_text(
        odd.read_text().replace("referencedComponentId", "referencedComponentId\tvmpCode\tvtmId", 1)
    )
    (folder / "der2_cRefset_AttributeValueSnapshot_INT_20260101.txt").write_text(
        line(*COLUMNS[Kind.SUBSET], "valueId")
        + member("g", "900000000000489007", "2002", "900000000000484002")
    )
    records, rejections = read(folder)
    assert records[2:] == [
        Membership("SNOMEDCT:733073007", "SNOMEDCT:1001", "a"),
        Membership("SNOMEDCT:733073007", "SNOMEDCT:2002", "b"),
    ]
    assert [(one.row, one.value) for one in rejections] == [(6, "9009")]


def test_history_and_maps_whatever_their_files_are_called(tmp_path: Path) -> None:
    rows = {
        Kind.CONCEPT: [concept("1001", active="0"), concept("2002")],
        Kind.ASSOCIATION: [
            member("a", "900000000000526001", "1001", "2002"),
            member("b", "1186921001", "1001", "2002"),
            member("c", "900000000000531004", "11011", "2002"),
            member("d", "734138000", "1001", "2002"),
            member("e", "900000000000527005", "1001", "9009"),
        ],
        Kind.SIMPLE_MAP: [
            member("f", "446608001", "2002", "8000/3"),
            member("g", "123", "2002", "X1"),
            member("h", "123", "9009", "X2"),
            member("i", "123", "11011", "X3"),
        ],
        Kind.EXTENDED_MAP: [
            member("j", "447562003", "2002", "1", "2", "TRUE", "ALWAYS I21.9", "I21.9", "447558009"),
            member("k", "447562003", "2002", "2", "1", "OTHERWISE TRUE", "NOT CLASSIFIED", "", "447556008"),
        ],
    }
    records, rejections = read(write(tmp_path, rows))
    assert records[2:] == [
        Succession("SNOMEDCT:1001", "SNOMEDCT:2002", SuccessionKind.REPLACED_BY, "a"),
        Succession("SNOMEDCT:1001", "SNOMEDCT:2002", SuccessionKind.POSSIBLY_REPLACED_BY, "b"),
        Mapping("SNOMEDCT:2002", "ICDO:8000/3", id="f"),
        Mapping("SNOMEDCT:2002", "SCTMAP123:X1", id="g"),
        Mapping("SNOMEDCT:2002", "ICD10:I21.9", "broad", 1, 2, "TRUE", "ALWAYS I21.9", "j"),
    ]
    assert [one.reason for one in rejections] == [
        "a concept of the association is not in the package",
        "the mapped concept is not in the package",
        "the map gives the concept no code",
    ]


def test_the_greatest_effective_time_wins_across_packages(tmp_path: Path) -> None:
    write(
        tmp_path / "International" / "Snapshot",
        {
            Kind.CONCEPT: [concept("1001", "20240101"), concept("2002", "20250101")],
            Kind.DESCRIPTION: [
                description("11011", "1001", "nuevo", time="20260101"),
                description("21011", "2002", "publicado", time="20260101"),
            ],
        },
    )
    write(
        tmp_path / "Spain" / "Snapshot",
        {
            Kind.CONCEPT: [concept("1001", "20260101", active="0"), concept("2002", "20250101", active="0")],
            Kind.DESCRIPTION: [
                description("11011", "1001", "viejo", time="20250101"),
                description("21011", "2002", "por publicar", time=""),
            ],
        },
    )
    records, _ = read(tmp_path)
    assert [(r.id, r.active) for r in records if isinstance(r, Concept)] == [
        ("SNOMEDCT:1001", False),
        ("SNOMEDCT:2002", False),
    ]
    assert [text for text, _, _ in terms(records)] == ["nuevo", "por publicar"]


def test_full_and_delta_files_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "Snapshot", {Kind.CONCEPT: [concept("1001")]})
    full = {kind: name.replace("Snapshot", "Full") for kind, name in NAMES.items()}
    write(tmp_path / "Full", {Kind.CONCEPT: [concept("2002")]}, full)
    bare = {kind: name.replace("Snapshot", "") for kind, name in NAMES.items()}
    write(tmp_path / "Delta", {Kind.CONCEPT: [concept("3003")]}, bare)
    assert [r.id for r in read(tmp_path)[0] if isinstance(r, Concept)] == ["SNOMEDCT:1001"]
    assert [path.name for path, _ in rf2.loaded_files([tmp_path])] == [
        NAMES[k] for k in (Kind.CONCEPT, Kind.DESCRIPTION)
    ]
    assert {version for _, version in rf2.loaded_files([tmp_path])} == {"20260101"}


def test_several_paths_are_one_import(tmp_path: Path) -> None:
    write(
        tmp_path / "INT" / "Snapshot",
        {
            Kind.CONCEPT: [concept("1001"), concept("2002")],
            Kind.DESCRIPTION: [description("11011", "1001", "one", language="en")],
        },
    )
    write(
        tmp_path / "ES" / "Snapshot",
        {
            Kind.CONCEPT: [concept("3003")],
            Kind.RELATIONSHIP: [relationship("1", "3003", "1001")],
            Kind.LANGUAGE: [member("a", US, "11011", PREFERRED)],
        },
    )
    records, rejections = read([tmp_path / "INT", tmp_path / "ES"])
    assert not rejections
    assert terms(records) == [("one", "en", TermKind.PREFERRED)]
    assert [r.source for r in records if isinstance(r, Relation)] == ["SNOMEDCT:3003"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        FormatMismatch, match=r"empty' is not a SNOMED CT RF2 snapshot: it holds no snapshot file"
    ):
        read([tmp_path / "INT", tmp_path / "empty"])


FULL = {kind: name.replace("Snapshot", "Full") for kind, name in NAMES.items()}
DELTA = {kind: name.replace("Snapshot", "Delta") for kind, name in NAMES.items()}


def test_a_package_that_has_no_snapshot_is_read_from_its_full_files(tmp_path: Path) -> None:
    write(tmp_path / "INT" / "Snapshot", {Kind.CONCEPT: [concept("1001")]})
    write(tmp_path / "INT" / "Full", {Kind.CONCEPT: [concept("9009")]}, FULL)
    versions = [concept("2002", "20240101", status="900000000000073002"), concept("2002", active="0")]
    write(tmp_path / "ES" / "Full", {Kind.CONCEPT: versions}, FULL)
    (tmp_path / "ES" / "Readme_es_20260101.txt").write_text("Léame\n")
    for paths in ([tmp_path], [tmp_path / "ES", tmp_path / "INT"]):
        found = [(r.id, r.active) for r in read(paths)[0] if isinstance(r, Concept)]
        assert sorted(found) == [("SNOMEDCT:1001", True), ("SNOMEDCT:2002", False)]


def test_full_files_as_of_a_date(tmp_path: Path) -> None:
    write(tmp_path / "Snapshot", {Kind.CONCEPT: [concept("9009")]})
    write(
        tmp_path / "Full",
        {
            Kind.CONCEPT: [
                concept("1001", "20240101"),
                concept("1001", "20250101", active="0"),
                concept("1001", "", status="900000000000073002"),
                concept("2002", "20250102"),
            ],
            Kind.DESCRIPTION: [description("11011", "2002", "dos", time="20240101")],
        },
        FULL,
    )

    def concepts(as_of: str) -> list[tuple[str, bool]]:
        return [(r.id, r.active) for r in read(tmp_path, as_of=as_of)[0] if isinstance(r, Concept)]

    assert concepts("20231231") == []
    assert concepts("20241231") == [("SNOMEDCT:1001", True)]
    assert concepts("20250101") == [("SNOMEDCT:1001", False)]
    assert concepts("20260101") == [("SNOMEDCT:1001", False), ("SNOMEDCT:2002", True)]
    with pytest.raises(
        FormatMismatch, match="is not a SNOMED CT RF2 Full release: it holds no Concept Full file"
    ):
        read(tmp_path / "Snapshot", as_of="20250101")


def based_on(*records: Record) -> Base:
    return Base("old", (), lambda: iter(records))


def test_a_delta_changes_a_loaded_release(tmp_path: Path) -> None:
    module, spain, latin = f"SNOMEDCT:{MODULE}", f"SNOMEDCT:{SPAIN}", f"SNOMEDCT:{LATIN_AMERICA}"
    one, two, three = (f"SNOMEDCT:{id}" for id in ("1001", "2002", "3003"))
    loaded: list[Record] = [
        Concept(one, True, "hallazgo", "20240101", module),
        Concept(two, True, "trastorno", "20240101", module),
        Term(one, "uno (hallazgo)", "es", TermKind.FSN, id="11011"),
        Term(one, "uno", "es", TermKind.PREFERRED, id="12012", acceptability=(Acceptability(spain, True),)),
        Term(one, "único", "es", id="13013", acceptability=(Acceptability(latin, True),)),
        Relation(two, IS_A, one, 0, "1"),
        Relation(two, "SNOMEDCT:363698007", one, 1, "2"),
        Mapping(one, "ICD10:A", id="a"),
        Mapping(one, "ICD10:B", id="b"),
        Succession(two, one, SuccessionKind.WAS_A, "c"),
        Membership(three, one, "d"),
    ]
    delta = write(
        tmp_path,
        {
            Kind.CONCEPT: [concept("3003", "20260101")],
            Kind.DESCRIPTION: [description("11011", "1001", "uno (trastorno)", FSN)],
            Kind.LANGUAGE: [
                member("e", SPAIN, "12012", ACCEPTABLE),
                member("f", SPAIN, "13013", PREFERRED),
                member("g", LATIN_AMERICA, "13013", PREFERRED, active="0"),
            ],
            Kind.RELATIONSHIP: [
                relationship("2", "2002", "3003", "363698007", "1"),
                relationship("3", "3003", "1001"),
            ],
            Kind.SIMPLE_MAP: [member("a", "446608001", "1001", "8000/3", active="0")],
            Kind.ASSOCIATION: [member("c", "900000000000528000", "2002", "3003")],
            Kind.SUBSET: [member("d", "3003", "1001", active="0")],
        },
        DELTA,
    )
    records, rejections = read(delta, "es", base=based_on(*loaded))
    assert not rejections
    expected = [
        Concept(one, True, "trastorno", "20240101", module),
        Concept(two, True, "trastorno", "20240101", module),
        Concept(three, True, "", "20260101", module),
        Term(one, "uno (trastorno)", "es", TermKind.FSN, id="11011"),
        Term(one, "uno", "es", id="12012", acceptability=(Acceptability(spain),)),
        Term(one, "único", "es", TermKind.PREFERRED, id="13013", acceptability=(Acceptability(spain, True),)),
        Relation(two, IS_A, one, 0, "1"),
        Relation(two, "SNOMEDCT:363698007", three, 1, "2"),
        Relation(three, IS_A, one, 0, "3"),
        Mapping(one, "ICD10:B", id="b"),
        Succession(two, three, SuccessionKind.WAS_A, "c"),
    ]
    assert sorted(map(repr, records)) == sorted(map(repr, expected))


def test_a_delta_is_refused_where_it_cannot_be_laid(tmp_path: Path) -> None:
    delta = write(tmp_path / "delta", {Kind.CONCEPT: [concept("1001", "20250101")]}, DELTA)
    loaded = Concept("SNOMEDCT:1001", effective_time="20240101")
    assert read(delta, base=based_on(loaded))[0]
    for records, told in (
        ([Concept("HP:0000001")], "a concept has the id 'HP:0000001'"),
        ([loaded, Term(loaded.id, "uno", "es")], "a term has the id ''"),
        ([loaded, Relation(loaded.id, IS_A, loaded.id)], "a relation has the id ''"),
        (
            [Concept(loaded.id, effective_time="20260101")],
            "concept 1001 changed there on 20260101 and in the Delta on 20250101; name a release that is older",
        ),
    ):
        with pytest.raises(OptionMismatch, match="cannot be laid on release 'old': ") as raised:
            read(delta, base=based_on(*records))
        assert told in str(raised.value)
    snapshot = write(tmp_path / "snapshot", {Kind.CONCEPT: [concept("1001")]})
    with pytest.raises(FormatMismatch, match="is not a SNOMED CT RF2 Delta: it holds no Delta file"):
        read(snapshot, base=based_on(loaded))
    with pytest.raises(OptionMismatch, match="give only one of them"):
        read(delta, base=based_on(loaded), as_of="20250101")


def test_module_dependencies_that_are_not_met_are_told(tmp_path: Path) -> None:
    core, model, spain = "900000000000207008", "900000000000012004", "900000001000122104"
    dependency = "900000000000534007"

    def depends(id: str, module: str, on: str, source: str, target: str, active: str = "1") -> str:
        return line(id, source, active, module, dependency, on, source, target)

    concepts = [line(f"{n}001", time, "1", module, "900000000000074008") for n, (module, time) in
                enumerate([(core, "20250101"), (model, "20020131"), (spain, "20251001")], start=1)]  # fmt: skip
    rows = {
        Kind.CONCEPT: concepts,
        Kind.MODULE_DEPENDENCY: [
            depends("a", spain, core, "20251001", "20260101"),
            # Nothing of the model changed since 2002, but the file of 2026 has its rows.
            depends("b", core, model, "20260101", "20260101"),
            depends("c", spain, core, "20251001", "20260201"),
            depends("d", spain, "449081005", "20251001", "20250930"),
            depends("e", spain, "11000221109", "20251001", "20250930", active="0"),
        ],
    }
    folder = write(tmp_path, rows)
    records, rejections = read(folder)
    assert len(records) == 3
    file = str(folder / NAMES[Kind.MODULE_DEPENDENCY])
    assert [(one.file, one.row, one.reason, one.value) for one in rejections] == [
        (file, 4, OLDER, f"{spain} of 20251001 needs {core} of 20260201, not 20260101"),
        (file, 5, ABSENT, f"{spain} of 20251001 needs 449081005 of 20250930"),
    ]


def test_a_zip_gives_what_its_folder_gives(tmp_path: Path) -> None:
    rows = {
        Kind.CONCEPT: [concept("1001"), concept("2002")],
        Kind.DESCRIPTION: [description("11011", "1001", "uno")],
        Kind.RELATIONSHIP: [relationship("1", "1001", "2002")],
        Kind.LANGUAGE: [member("a", SPAIN, "11011", PREFERRED)],
    }
    folder = write(tmp_path / "SnomedCT_INT" / "Snapshot", rows)
    path = tmp_path / "SnomedCT_INT_PRODUCTION_20260101T120000Z.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/._sct2_Concept_Snapshot_INT_20260101.txt", b"\x00")
        for file in folder.iterdir():
            archive.write(file, f"SnomedCT_INT/Snapshot/{file.name}")
    assert rf2.recognises(path)
    assert read(path)[0] == read(folder)[0]
    assert rf2.loaded_files([path]) == [(path, "20260101")]
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(SourceDamaged, match="cannot be unpacked"):
        read(path)


def test_trailing_blanks_and_line_feeds(tmp_path: Path) -> None:
    folder = write(tmp_path, {})
    header = "\t".join(COLUMNS[Kind.CONCEPT])
    text = (
        f"{header}\n" + concept("1001").replace("\r\n", "\t\t\n") + "\n" + concept("2002").replace("\r", "")
    )
    (folder / NAMES[Kind.CONCEPT]).write_text(text)
    assert [r.id for r in read(folder)[0] if isinstance(r, Concept)] == ["SNOMEDCT:1001", "SNOMEDCT:2002"]


def test_a_refset_without_the_columns_that_its_name_tells_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, {Kind.CONCEPT: [concept("1001")]})
    path = folder / "der2_cRefset_AssociationReferenceSnapshot_INT_20260101.txt"
    path.write_text("id\teffectiveTime\tactive\tmoduleId\trefsetId\treferencedComponentId\r\n")
    with pytest.raises(ColumnMissing, match="lacks the column targetComponentId") as raised:
        read(folder)
    assert raised.value.file == str(path)


def test_a_refset_without_the_columns_of_all_is_told(tmp_path: Path) -> None:
    folder = write(tmp_path, {Kind.CONCEPT: [concept("1001")]})
    path = folder / "der2_Refset_OwnSnapshot_ES_20260101.txt"
    path.write_text("id\teffectiveTime\tactive\tmoduleId\trefset\treferencedComponentId\r\n")
    (folder / "der2_sRefset_OtherSnapshot_ES_20260101.txt").write_text(
        "id\teffectiveTime\tactive\tmoduleId\trefsetId\treferencedComponentId\tquery\r\n"
    )
    records, rejections = read(folder)
    assert Concept("SNOMEDCT:1001") in [Concept(r.id) for r in records if isinstance(r, Concept)]
    assert [(one.place, one.reason) for one in rejections] == [(f"{path}:1", NO_REFSET)]


def test_a_last_row_without_its_end_is_rejected_once(tmp_path: Path) -> None:
    folder = write(tmp_path, {})
    path = folder / NAMES[Kind.CONCEPT]
    header = "\t".join(COLUMNS[Kind.CONCEPT])
    path.write_text(f"{header}\r\n{concept('1001')}\r\n{concept('2002').rstrip()}")
    records, rejections = read(folder)
    assert [r.id for r in records if isinstance(r, Concept)] == ["SNOMEDCT:1001"]
    assert [(one.place, one.reason) for one in rejections] == [(f"{path}:4", CUT_OFF)]


@pytest.mark.parametrize(
    ("kind", "row", "told"),
    [
        (Kind.CONCEPT, concept("abc"), "has 'abc' in its column id, which is no SCTID"),
        (Kind.CONCEPT, concept("1001", active="yes"), "has 'yes' in its column active"),
        (Kind.CONCEPT, line("1001", "20250101", "1"), "has 3 fields of 5 and ends before its column"),
        (Kind.DESCRIPTION, description("11011", "x1", "uno"), "'x1' in its column conceptId"),
        (Kind.RELATIONSHIP, relationship("1", "1001", "1001", group="-"), "column relationshipGroup"),
        (
            Kind.EXTENDED_MAP,
            member("j", "447562003", "1001", "one", "2", "", "", "I21.9", ""),
            "'one' in its column mapGroup, which is no number",
        ),
    ],
)
def test_malformed_rows_are_named(tmp_path: Path, kind: Kind, row: str, told: str) -> None:
    rows: dict[Kind, list[str]] = {Kind.CONCEPT: [concept("1001")]}
    rows.setdefault(kind, []).append(row)
    with pytest.raises(RowMalformed) as raised:
        read(write(tmp_path, rows))
    assert told in str(raised.value)
    assert raised.value.row == len(rows[kind]) + 1
    assert NAMES[kind] in raised.value.file


def test_descriptions_of_unknown_concepts_and_types_are_rejected(tmp_path: Path) -> None:
    rows = {
        Kind.CONCEPT: [concept("1001")],
        Kind.DESCRIPTION: [
            description("11011", "9009", "ajeno"),
            description("12012", "1001", "raro", "7007"),
            description("13013", "1001", ""),
            description("14014", "1001", "uno"),
        ],
    }
    records, rejections = read(write(tmp_path, rows))
    assert [text for text, _, _ in terms(records)] == ["uno"]
    assert [one.row for one in rejections] == [2, 3, 4]


def test_what_is_no_snapshot(tmp_path: Path) -> None:
    assert not rf2.recognises(tmp_path)
    with pytest.raises(FormatMismatch, match="it holds no Concept snapshot file"):
        read(tmp_path)
    folder = write(tmp_path, {})
    (folder / NAMES[Kind.CONCEPT]).write_text("id\teffectiveTime\tactive\r\n")
    with pytest.raises(ColumnMissing, match="lacks the columns moduleId, definitionStatusId"):
        read(folder)
    (folder / NAMES[Kind.DESCRIPTION]).unlink()
    with pytest.raises(FormatMismatch, match="it holds no Description snapshot file"):
        read(folder)


@pytest.mark.parametrize(
    ("fsn", "tag"),
    [
        ("infarto de miocardio (trastorno)", "trastorno"),
        ("dolor (agudo) (hallazgo) ", "hallazgo"),
        ("sin etiqueta", ""),
        ("(a) b", ""),
    ],
)
def test_semantic_tags(fsn: str, tag: str) -> None:
    assert semantic_tag(fsn) == tag


times = st.sampled_from(["", "20240101", "20250101", "20260101"])


@given(st.lists(st.tuples(st.sampled_from(["1001", "2002", "3003"]), times), max_size=12), st.integers(0, 12))
def test_latest_versions_against_a_plain_reading(
    tmp_path_factory: pytest.TempPathFactory, found: list[tuple[str, str]], cut: int
) -> None:
    folder = tmp_path_factory.getbasetemp() / "versions"
    for place, part in (("a", found[:cut]), ("b", found[cut:])):
        write(folder / place, {Kind.CONCEPT: [concept(id, time) for id, time in part]})
    expected: dict[str, str] = {}
    for id, time in found:
        if (time or "9") >= (expected.get(id, "0") or "9"):
            expected[id] = time
    records, _ = read(folder)
    got = [(r.id, r.effective_time) for r in records if isinstance(r, Concept)]
    assert sorted(got) == sorted((f"SNOMEDCT:{id}", time) for id, time in expected.items())
