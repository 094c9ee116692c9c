"""Any small release is read as a reader that is plain to check reads it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st
from metathesaurus import Release, concepts, cui, is_a, read, relations
from naive_rrf import expected, parse

from graph.model import Mapping, Term
from loaders.rrf import columns

CUIS = st.sampled_from([f"C{number * 131_071:07}" for number in range(5)])
STRAYS = CUIS | st.just("C9999999")
SOURCES = st.sampled_from(["SNOMEDCT_US", "MSH", "SRC", "HPO"])
SUPPRESS = st.sampled_from(["N", "N", "N", "O", "E", "Y"])
AUIS = st.sampled_from([f"A{number:07}" for number in (*range(8), 9_999_999, 10_000_000, 10_000_001)])
CODES = st.sampled_from(["", "NOCODE", "1", "HP:1", "D1", "SNOMEDCT:7"])
TEXTS = st.sampled_from(['a "', "b", "Á", "á", "x'|".replace("|", ""), "\u2028c", "d\te"])
RELA = st.sampled_from(["", "isa", "inverse_isa", "part_of"])

atoms = st.lists(
    st.fixed_dictionaries(
        {
            "CUI": CUIS,
            # A source has one language.
            "source": st.sampled_from(
                [
                    ("SNOMEDCT_US", "ENG"),
                    ("SCTSPA", "SPA"),
                    ("MSH", "ENG"),
                    ("MSHFRE", "FRE"),
                    ("HPO", "ENG"),
                    ("SRC", "ENG"),
                ]
            ),
            "TTY": st.sampled_from(["PT", "SY"]),
            "TS": st.sampled_from("PS"),
            "STT": st.sampled_from(["PF", "VO"]),
            "ISPREF": st.sampled_from("YN"),
            "AUI": AUIS,
            "SCUI": CODES,
            "CODE": CODES,
            "STR": TEXTS,
            "SUPPRESS": SUPPRESS,
        }
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda row: row["AUI"],
)
definitions = st.fixed_dictionaries(
    {
        "CUI": STRAYS,
        "ATUI": st.sampled_from(["AT1", "AT2", "AT3"]),
        "SAB": SOURCES,
        "DEF": TEXTS,
        "SUPPRESS": SUPPRESS,
    }
)
types = st.sampled_from([("T001", "One"), ("T002", "Two"), ("T203", "Three")])
rels = st.fixed_dictionaries(
    {
        "CUI1": STRAYS,
        "CUI2": STRAYS,
        "REL": st.sampled_from(["PAR", "CHD", "RO", "SY"]),
        "RELA": RELA,
        "SAB": SOURCES,
        "SUPPRESS": SUPPRESS,
    }
)
contexts = st.fixed_dictionaries(
    {"CUI": STRAYS, "AUI": AUIS, "PAUI": AUIS | st.just(""), "SAB": SOURCES, "RELA": RELA}
)
ranks = st.lists(
    st.tuples(st.sampled_from(["SNOMEDCT_US", "SCTSPA", "MSH"]), st.sampled_from(["PT", "SY"])), unique=True
)


@st.composite
def releases(draw: st.DrawFn) -> Release:
    made = Release().rank(*draw(ranks))
    for row in draw(atoms):
        source, language = row.pop("source")
        made.add(columns.CONCEPTS, **row, SAB=source, LAT=language)
    for row in draw(st.lists(definitions, max_size=4)):
        made.add(columns.DEFINITIONS, **row)
    for owner, (tui, name) in draw(st.lists(st.tuples(STRAYS, types), max_size=6)):
        made.add(columns.TYPES, CUI=owner, TUI=tui, STY=name)
    for row in draw(st.lists(rels, max_size=12)):
        made.add(columns.RELATIONS, **row)
    for row in draw(st.lists(contexts, max_size=6)):
        made.add(columns.CONTEXTS, **row)
    return made


@given(
    releases(),
    st.sampled_from([("es", "en"), ("es",), ("fr",)]),
    st.sampled_from([(), ("MSH",), ("SCTSPA", "HPO")]),
)
@settings(max_examples=80)
def test_as_the_plain_reader(made: Release, languages: tuple[str, ...], sources: tuple[str, ...]) -> None:
    rows = parse(made.contents(listed=False))
    there = {row["SAB"] for row in rows[columns.CONCEPTS]}
    sources = tuple(source for source in sources if source in there)
    if "SNOMEDCT_US" not in there:
        made.atom("C9999998", "root", SAB="SNOMEDCT_US", AUI="A99999999")
        rows = parse(made.contents(listed=False))
    with tempfile.TemporaryDirectory() as folder:
        records, rejections = read(made.write(Path(folder)), *languages, sources=sources)
    right = expected(rows, languages, sources)
    assert concepts(records) == right.tags
    found = [(cui(r.concept), r.language, r.kind.value, r.text, r.id) for r in records if isinstance(r, Term)]
    assert sorted(found) == sorted(right.terms)
    codes = [(cui(r.concept), r.target) for r in records if isinstance(r, Mapping)]
    assert sorted(codes) == sorted(right.codes)
    assert relations(records) == right.relations
    tree = is_a(records)
    assert nx.is_directed_acyclic_graph(nx.DiGraph([*tree]))
    lost = [tuple(map(cui, r.value.split(" is-a "))) for r in rejections if "cycle" in r.reason]
    assert len(lost) == len(set(lost))
    assert tree | set(lost) == right.is_a
    assert tree.isdisjoint(lost)
