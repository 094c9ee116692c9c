"""What a release looks like as tables, as a network and as RDF: nothing is lost, added or cut at a page's end."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import networkx as nx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdflib import OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef

import graph.views.pages
import graph.views.tables
from graph.errors import ConceptNotFound
from graph.importing import import_release
from graph.model import (
    IS_A,
    Concept,
    Mapping,
    Membership,
    Record,
    Relation,
    Succession,
    SuccessionKind,
    SynonymScope,
    Term,
    TermKind,
)
from graph.namespaces import iri_of
from graph.release import OpenRelease, ReleaseHome
from graph.store import scan_batches
from graph.views.networks import neighbourhood, network
from graph.views.pages import pages
from graph.views.skos import RdfSyntax, write_skos
from graph.views.tables import TABLES, batches, write_tables

DISEASE, HEART, INFARCT = "SNOMEDCT:64572001", "SNOMEDCT:56265001", "SNOMEDCT:22298006"
RETIRED, SITE, DOSE = "SNOMEDCT:1", "SNOMEDCT:363698007", "SNOMEDCT:1142135004"
RECORDS: list[Record] = [
    Concept(DISEASE, semantic_tag="trastorno"),
    Concept(HEART),
    Concept(INFARCT, effective_time="20260101", defined=True),
    Concept(RETIRED, active=False),
    Concept(SITE),
    Term(DISEASE, "enfermedad (trastorno)", "es", TermKind.FSN),
    Term(INFARCT, "infarto de miocardio (trastorno)", "es", TermKind.FSN),
    Term(INFARCT, "infarto de miocardio", "es", TermKind.PREFERRED),
    Term(INFARCT, 'IAM "agudo"\n¡ñ!', "es"),
    Term(INFARCT, "ataque", "es", scope=SynonymScope.BROAD),
    Term(INFARCT, "heart attack", "en", scope=SynonymScope.RELATED),
    Term(INFARCT, "muerte del músculo", "es", TermKind.DEFINITION),
    Relation(HEART, IS_A, DISEASE),
    Relation(INFARCT, IS_A, HEART),
    Relation(INFARCT, SITE, HEART, group=1),
    Relation(INFARCT, DOSE, "#2.5"),
    Relation(INFARCT, DOSE, "#500"),
    Relation(INFARCT, DOSE, '"ml"'),
    Relation(INFARCT, DOSE, "true"),
    Mapping(INFARCT, "ICD10:I21.9", "exact"),
    Mapping(INFARCT, "ICD10:I21.0"),
    Succession(RETIRED, INFARCT, SuccessionKind.SAME_AS),
    Succession(RETIRED, HEART, SuccessionKind.WAS_A),
    Membership("SNOMEDCT:999", INFARCT),
]
IDS = [INFARCT, DISEASE, HEART, SITE, RETIRED]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenRelease]:
    home = ReleaseHome(tmp_path_factory.mktemp("home"))
    import_release(home, "small", RECORDS, sources=())
    with home.open("small") as opened:
        yield opened


@pytest.fixture(params=[1, 2, 1000])
def page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    size: int = request.param
    monkeypatch.setattr(graph.views.pages, "PAGE", size)
    monkeypatch.setattr(graph.views.tables, "_ROWS", size)
    monkeypatch.setattr(graph.views.tables, "_ROWS_A_GROUP", size)
    return size


# Pages ---------------------------------------------------------------------------------------------------


def test_pages_tell_all_of_every_concept(opened: OpenRelease, page: int) -> None:
    made = list(pages(opened))
    assert max(map(len, made)) == min(page, len(IDS))
    everything = [told for some in made for told in some]
    assert [told.concept.id for told in everything] == sorted(IDS)
    # Looking some up and reading all in step are two ways to the same.
    assert everything == [told for some in pages(opened, sorted(IDS)) for told in some]
    infarct = next(told for told in everything if told.concept.id == INFARCT)
    assert (len(infarct.terms), infarct.parents, len(infarct.relations)) == (6, (HEART,), 5)


def test_pages_of_some_ids_keep_their_order_and_pass_over_what_is_no_concept(opened: OpenRelease) -> None:
    (page,) = pages(opened, [RETIRED, "ICD10:I21.9", DISEASE])
    assert [told.concept.id for told in page] == [RETIRED, DISEASE]
    assert list(pages(opened, [])) == []


# Tables --------------------------------------------------------------------------------------------------


def test_tables_hold_every_record(opened: OpenRelease, page: int, tmp_path: Path) -> None:
    told = list(write_tables(opened, tmp_path))
    read = {path.stem: pq.read_table(path) for path in tmp_path.iterdir()}
    assert set(read) == set(TABLES)
    assert dict(told) == {name: table.num_rows for name, table in read.items()}
    assert {name: table.schema for name, table in read.items()} == dict(TABLES)
    for name, kind in (("terms", Term), ("relations", Relation), ("mappings", Mapping)):
        columns = [batch.columns for batch in scan_batches(opened.store, kind)]
        expected = pa.Table.from_batches(columns).to_pylist()
        assert sorted(map(str, read[name].to_pylist())) == sorted(map(str, expected))
    assert read["memberships"].to_pylist() == [{"refset": "SNOMEDCT:999", "member": INFARCT, "id": ""}]
    assert len(read["successions"]) == 2


def test_concepts_come_with_their_preferred_term(opened: OpenRelease, page: int) -> None:
    rows = pa.Table.from_batches(batches(opened, "concepts")).to_pylist()
    assert {row["id"]: row["preferred_term"] for row in rows} == {
        INFARCT: "infarto de miocardio",
        DISEASE: "enfermedad",
        **dict.fromkeys((HEART, SITE, RETIRED)),
    }
    assert [row["id"] for row in rows] == sorted(IDS)
    (infarct,) = (row for row in rows if row["id"] == INFARCT)
    assert (infarct["effective_time"], infarct["defined"], infarct["active"]) == ("20260101", True, True)


def test_the_closure_says_what_is_direct(opened: OpenRelease, page: int) -> None:
    rows = pa.Table.from_batches(batches(opened, "closure")).to_pylist()
    assert {(row["descendant"], row["ancestor"]): row["direct"] for row in rows} == {
        (HEART, DISEASE): True,
        (INFARCT, HEART): True,
        (INFARCT, DISEASE): False,
    }


# Networks ------------------------------------------------------------------------------------------------


def test_a_release_is_a_network(opened: OpenRelease, page: int) -> None:
    made = network(opened)
    assert set(made) == set(IDS) - {RETIRED}
    assert made.nodes[INFARCT] == {"label": "infarto de miocardio", "semantic_tag": "", "active": True}
    assert sorted((a, b, data["type"], data["group"]) for a, b, data in made.edges(data=True)) == sorted(
        [(HEART, DISEASE, IS_A, 0), (INFARCT, HEART, IS_A, 0), (INFARCT, HEART, SITE, 1)]
    )
    assert nx.is_directed_acyclic_graph(made)


def test_a_network_of_some_concepts_has_the_relations_among_them(opened: OpenRelease) -> None:
    made = network(opened, [INFARCT, DISEASE, RETIRED, "X:unknown"])
    assert set(made) == {INFARCT, DISEASE, RETIRED}
    assert made.nodes[RETIRED]["active"] is False
    assert made.number_of_edges() == 0


def test_a_neighbourhood_goes_so_many_steps(opened: OpenRelease) -> None:
    assert neighbourhood(opened, HEART) == [HEART, DISEASE, INFARCT]
    assert neighbourhood(opened, INFARCT, up=1, down=0) == [INFARCT, HEART]
    assert neighbourhood(opened, INFARCT, up=9) == [INFARCT, HEART, DISEASE]
    assert neighbourhood(opened, INFARCT, up=0) == [INFARCT]
    with pytest.raises(ConceptNotFound, match="no active concept 'SNOMEDCT:1'"):
        neighbourhood(opened, RETIRED)


# RDF -----------------------------------------------------------------------------------------------------


def triples(opened: OpenRelease, syntax: RdfSyntax, ids: list[str] | None = None) -> Graph:
    text = StringIO()
    assert list(write_skos(opened, text, syntax, ids))[-1] == len(IDS if ids is None else ids)
    return Graph().parse(data=text.getvalue(), format="turtle" if syntax is RdfSyntax.TURTLE else "nt")


def test_both_syntaxes_say_the_same_however_they_are_paged(opened: OpenRelease, page: int) -> None:
    turtle = triples(opened, RdfSyntax.TURTLE)
    assert set(turtle) == set(triples(opened, RdfSyntax.NTRIPLES))
    assert len(set(turtle.subjects(RDF.type, SKOS.Concept))) == len(IDS)


def test_a_concept_in_skos(opened: OpenRelease) -> None:
    found = triples(opened, RdfSyntax.TURTLE)
    it, site, dose = (URIRef(iri_of(id)) for id in (INFARCT, SITE, DOSE))
    assert it == URIRef("http://snomed.info/id/22298006")
    assert set(found.objects(it, SKOS.prefLabel)) == {Literal("infarto de miocardio", lang="es")}
    assert set(found.objects(it, SKOS.altLabel)) == {Literal('IAM "agudo"\n¡ñ!', lang="es")}
    assert set(found.objects(it, SKOS.hiddenLabel)) == {Literal("heart attack", lang="en")}
    assert set(found.objects(it, RDFS.label)) == {Literal("infarto de miocardio (trastorno)", lang="es")}
    assert set(found.objects(it, SKOS.definition)) == {Literal("muerte del músculo", lang="es")}
    assert set(found.objects(it, SKOS.broader)) == {URIRef(iri_of(HEART))}
    assert set(found.objects(it, site)) == {URIRef(iri_of(HEART))}
    assert {value.toPython() for value in found.objects(it, dose)} == {2.5, 500, "ml", True}
    assert {str(value) for value in found.objects(it, SKOS.exactMatch)} == {iri_of("ICD10:I21.9")}
    assert {str(value) for value in found.objects(it, SKOS.mappingRelation)} == {iri_of("ICD10:I21.0")}
    assert set(found.objects(URIRef(iri_of(DISEASE)), SKOS.prefLabel)) == {Literal("enfermedad", lang="es")}


def test_tops_and_retired_concepts_in_skos(opened: OpenRelease) -> None:
    found = triples(opened, RdfSyntax.NTRIPLES)
    scheme = URIRef("urn:enlace:release:small")
    assert (scheme, RDF.type, SKOS.ConceptScheme) in found
    assert set(found.subjects(SKOS.topConceptOf, scheme)) == {URIRef(iri_of(id)) for id in (DISEASE, SITE)}
    retired = URIRef(iri_of(RETIRED))
    assert set(found.subjects(OWL.deprecated, Literal(True))) == {retired}
    replaced = URIRef("http://purl.org/dc/terms/isReplacedBy")
    assert set(found.objects(retired, replaced)) == {URIRef(iri_of(INFARCT))}


def test_some_concepts_in_skos(opened: OpenRelease) -> None:
    found = triples(opened, RdfSyntax.TURTLE, [HEART])
    assert set(found.subjects(RDF.type, SKOS.Concept)) == {URIRef(iri_of(HEART))}
