"""Is-a from MRREL.RRF and MRHIER.RRF: its direction, its sources, its roots, and what is dropped."""

from __future__ import annotations

from pathlib import Path

from metathesaurus import Release, is_a, read, relations

from loaders.rrf import columns

TOP, ORGAN, HEART, VALVE, OTHER = "C0000001", "C0000002", "C0000003", "C0000004", "C0000005"
AUIS = {TOP: "A0000001", ORGAN: "A0000002", HEART: "A0000003", VALVE: "A0000004"}


def release(source: str = "SNOMEDCT_US") -> Release:
    made = Release()
    for cui, name in ((TOP, "top"), (ORGAN, "organ"), (HEART, "heart"), (VALVE, "valve")):
        made.atom(cui, name, AUI=AUIS[cui], SAB=source)
    return made


def context(made: Release, cui: str, parent: str, source: str = "SNOMEDCT_US", **row: str) -> Release:
    return made.add(columns.CONTEXTS, CUI=cui, AUI=AUIS.get(cui, "A9999999"), PAUI=parent, SAB=source, **row)


def test_par_is_a_parent_and_chd_a_child(tmp_path: Path) -> None:
    made = (
        release()
        .relation(HEART, "PAR", ORGAN, "inverse_isa", SAB="SNOMEDCT_US")
        .relation(ORGAN, "CHD", HEART, "isa", SAB="SNOMEDCT_US")
        .relation(ORGAN, "CHD", VALVE, SAB="SNOMEDCT_US")
        .relation(ORGAN, "PAR", TOP, SAB="SNOMEDCT_US", SUPPRESS="O")
    )
    records, _ = read(made.write(tmp_path))
    assert is_a(records) == {(HEART, ORGAN), (VALVE, ORGAN)}
    assert relations(records) == set()


def test_parts_are_no_kinds(tmp_path: Path) -> None:
    made = release().relation(HEART, "CHD", VALVE, "part_of", SAB="SNOMEDCT_US")
    context(made, VALVE, AUIS[HEART], RELA="part_of")
    records, _ = read(made.write(tmp_path))
    assert is_a(records) == set()
    assert relations(records) == {(VALVE, "UMLS:part_of", HEART)}


def test_parents_of_other_sources_are_relations(tmp_path: Path) -> None:
    made = (
        release()
        .atom(OTHER, "other", SAB="MSH")
        .relation(HEART, "PAR", ORGAN, "inverse_isa", SAB="SNOMEDCT_US")
        .relation(HEART, "PAR", OTHER, SAB="MSH")
        .relation(OTHER, "CHD", HEART, SAB="MSH")
    )
    path = made.write(tmp_path)
    records, _ = read(path)
    assert is_a(records) == {(HEART, ORGAN)}
    assert relations(records) == {(OTHER, "UMLS:PAR", HEART), (HEART, "UMLS:CHD", OTHER)}
    records, _ = read(path, hierarchy=["MSH"])
    assert is_a(records) == {(HEART, OTHER)}
    assert relations(records) == {(ORGAN, "UMLS:inverse_isa", HEART)}
    assert is_a(read(path, hierarchy=["MSH", "SNOMEDCT_US"])[0]) == {(HEART, OTHER), (HEART, ORGAN)}


def test_without_snomed_every_source_counts(tmp_path: Path) -> None:
    made = release("MSH").atom(OTHER, "other", SAB="NCI")
    made.relation(HEART, "PAR", ORGAN, SAB="MSH").relation(HEART, "PAR", OTHER, SAB="NCI")
    assert is_a(read(made.write(tmp_path))[0]) == {(HEART, ORGAN), (HEART, OTHER)}


def test_the_source_filter_is_not_the_hierarchys(tmp_path: Path) -> None:
    made = release().relation(HEART, "PAR", ORGAN, SAB="SNOMEDCT_US")
    made.atom(HEART, "corazón", LAT="SPA", SAB="SCTSPA").atom(ORGAN, "órgano", LAT="SPA", SAB="SCTSPA")
    assert is_a(read(made.write(tmp_path), sources=["SCTSPA"])[0]) == {(HEART, ORGAN)}


def test_contexts_give_the_concept_of_the_atom_above(tmp_path: Path) -> None:
    made = release()
    context(made, TOP, "")
    context(made, ORGAN, AUIS[TOP], PTR=AUIS[TOP])
    context(made, HEART, AUIS[ORGAN], RELA="isa", PTR=f"{AUIS[TOP]}.{AUIS[ORGAN]}")
    context(made, HEART, AUIS[TOP], CXN="2")
    records, rejections = read(made.write(tmp_path))
    assert is_a(records) == {(ORGAN, TOP), (HEART, ORGAN), (HEART, TOP)}
    assert "MRHIER" not in str(list(rejections))


def test_roots_and_foreign_rows_get_no_parent_from_the_row_before(tmp_path: Path) -> None:
    """The trap: a parent that is not found must not be filled forward."""
    made = release().atom(OTHER, "the source itself", AUI="A0000099", SAB="SRC", TTY="RPT")
    made.atom("C0000006", "foreign", AUI="A0000006", SAB="MSH")
    context(made, HEART, AUIS[ORGAN])
    context(made, TOP, "A0000099", PTR="A0000099")
    context(made, HEART, AUIS[ORGAN])
    context(made, TOP, "")
    context(made, HEART, AUIS[ORGAN])
    context(made, VALVE, "A0000006", source="MSH")
    context(made, HEART, AUIS[ORGAN])
    context(made, VALVE, "A0000006")
    context(made, HEART, AUIS[ORGAN])
    context(made, VALVE, "A7777777")
    records, rejections = read(made.write(tmp_path))
    assert is_a(records) == {(HEART, ORGAN)}
    stray = [
        (r.row, r.value) for r in rejections if r.reason == "the atom above is none of the sources asked for"
    ]
    assert stray == [(8, "A0000006"), (10, "A7777777")]


def test_the_atom_above_may_be_one_that_is_left_out(tmp_path: Path) -> None:
    made = release().atom(ORGAN, "obsolete organ", AUI="A0000050", SAB="SNOMEDCT_US", SUPPRESS="O")
    made.atom(ORGAN, "臓器", AUI="A0000051", SAB="SNOMEDCT_US", LAT="JPN")
    context(made, HEART, "A0000050")
    context(made, VALVE, "A0000051")
    assert is_a(read(made.write(tmp_path))[0]) == {(HEART, ORGAN), (VALVE, ORGAN)}


def test_a_concept_that_is_its_own_parent_is_named(tmp_path: Path) -> None:
    made = release().relation(HEART, "CHD", HEART, SAB="SNOMEDCT_US")
    made.atom(HEART, "heart, again", AUI="A0000060", SAB="SNOMEDCT_US")
    context(made, HEART, "A0000060")
    records, rejections = read(made.write(tmp_path))
    assert is_a(records) == set()
    loops = [(Path(r.file).name, r.row, r.value) for r in rejections if "its own parent" in r.reason]
    assert loops == [("MRREL.RRF", 1, f"UMLS:{HEART}"), ("MRHIER.RRF", 1, f"UMLS:{HEART}")]


def test_what_closes_a_cycle_is_left_out_and_named(tmp_path: Path) -> None:
    made = (
        release()
        .relation(ORGAN, "PAR", TOP, SAB="SNOMEDCT_US")
        .relation(HEART, "PAR", ORGAN, SAB="SNOMEDCT_US")
        .relation(VALVE, "PAR", HEART, SAB="SNOMEDCT_US")
        .relation(VALVE, "CHD", ORGAN, SAB="SNOMEDCT_US")
        .relation(ORGAN, "PAR", VALVE, SAB="SNOMEDCT_US")
    )
    records, rejections = read(made.write(tmp_path))
    assert is_a(records) == {(ORGAN, TOP), (HEART, ORGAN), (VALVE, HEART)}
    (dropped,) = [r for r in rejections if "cycle" in r.reason]
    assert dropped.row == 4
    assert dropped.value == f"UMLS:{ORGAN} is-a UMLS:{VALVE}"


def test_the_source_named_first_wins_a_contradiction(tmp_path: Path) -> None:
    made = release().atom(OTHER, "other", SAB="MSH")
    made.relation(HEART, "PAR", ORGAN, SAB="SNOMEDCT_US").relation(ORGAN, "PAR", HEART, SAB="MSH")
    path = made.write(tmp_path)
    assert is_a(read(path, hierarchy=["SNOMEDCT_US", "MSH"])[0]) == {(HEART, ORGAN)}
    assert is_a(read(path, hierarchy=["MSH", "SNOMEDCT_US"])[0]) == {(ORGAN, HEART)}


def test_without_names_the_source_of_the_greatest_rank_wins(tmp_path: Path) -> None:
    made = release("MSH").rank(("NCI", "PT"), ("MSH", "PN")).atom(OTHER, "other", SAB="NCI")
    made.relation(HEART, "PAR", ORGAN, SAB="MSH").relation(ORGAN, "PAR", HEART, SAB="NCI")
    assert is_a(read(made.write(tmp_path))[0]) == {(ORGAN, HEART)}


def test_a_parent_without_a_term_asked_for_is_told_of_and_dangles(tmp_path: Path) -> None:
    made = release().atom(OTHER, "他", LAT="JPN", SAB="SNOMEDCT_US")
    made.relation(HEART, "PAR", OTHER, SAB="SNOMEDCT_US").relation(OTHER, "PAR", ORGAN, SAB="SNOMEDCT_US")
    records, rejections = read(made.write(tmp_path))
    assert is_a(records) == {(HEART, OTHER)}
    assert rejections.left_out["the concept has no term that was asked for"] == 1
