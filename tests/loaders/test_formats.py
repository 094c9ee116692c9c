from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from graph.model import Concept, Term
from loaders.errors import (
    FormatMismatch,
    FormatUnknown,
    LoadError,
    OptionMismatch,
    SourceEmpty,
    SourceNotFound,
)
from loaders.formats import FORMATS, detect_format, load
from loaders.options import Base, Options, is_date

GAZETTEER = "code\tlanguage\tterm\tsemantic_tag\tmainterm\n1\tes\tfiebre\thallazgo\t1\n"
BABELON = "subject_id\tpredicate_id\ttranslation_language\ttranslation_value\nHP:1\trdfs:label\tes\tTodos\n"
RDF = """@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""
ONTOLOGY = {
    "graphs": [
        {
            "meta": {"version": "http://x.org/2024"},
            "nodes": [{"id": "http://purl.obolibrary.org/obo/HP_1", "lbl": "All", "type": "CLASS"}],
        }
    ]
}


@pytest.fixture
def gazetteer(tmp_path: Path) -> Path:
    path = tmp_path / "terms.txt"
    path.write_text(GAZETTEER)
    return path


@pytest.fixture
def ontology(tmp_path: Path) -> Path:
    path = tmp_path / "hp.json"
    path.write_text(json.dumps(ONTOLOGY))
    return path


def test_formats_are_told_by_content(tmp_path: Path, gazetteer: Path, ontology: Path) -> None:
    tables = tmp_path / "do"
    tables.mkdir()
    (tables / "HumanDO.tsv").write_text("id\tlabel\tsubClassOf\n")
    release = tmp_path / "release" / "Snapshot"
    release.mkdir(parents=True)
    (release / "sct2_Concept_Snapshot_INT_20260101.txt").write_text("id\n")
    flat = tmp_path / "x.1"
    flat.write_text("format-version: 1.4\n")
    rdf = [tmp_path / "x.2", tmp_path / "x.3"]
    for path, type in zip(rdf, ("owl:Class", "skos:Concept"), strict=True):
        path.write_text(RDF + f"<http://purl.obolibrary.org/obo/HP_1> a {type} .\n")
    meta = tmp_path / "umls" / "META"
    meta.mkdir(parents=True)
    (meta / "MRCONSO.RRF").write_text("")
    told = [
        detect_format(path) for path in (release.parent, meta.parent, ontology, flat, *rdf, tables, gazetteer)
    ]
    assert told == list(FORMATS)


def test_a_format_that_nothing_recognises(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"nodes": []}')
    for unknown in (path, tmp_path):
        with pytest.raises(
            FormatUnknown, match="name one of: rf2, rrf, obograph, obo, owl, skos, do-tables, gazetteer"
        ):
            detect_format(unknown)
    with pytest.raises(FormatUnknown, match="There is no format 'rdf'; name one of: rf2"):
        load(path, format="rdf")
    path.write_bytes(b"")
    with pytest.raises(SourceEmpty):
        detect_format(path)
    with pytest.raises(SourceNotFound):
        detect_format(tmp_path / "absent")
    with pytest.raises(SourceNotFound):
        load(tmp_path / "absent", format="rf2")


def test_an_ontology_and_its_translation(tmp_path: Path, ontology: Path) -> None:
    translation = tmp_path / "hp-es.tsv"
    translation.write_text(BABELON + "HP:2\trdfs:label\tes\tNada\n")
    loaded = load(ontology, translations=[translation])
    records = list(loaded.records)
    assert Concept("HP:1") in records
    assert [record.text for record in records if isinstance(record, Term)] == ["All", "Todos"]
    assert [(one.row, one.value) for one in loaded.rejected] == [(3, "HP:2 rdfs:label es ")]
    first, second = loaded.sources
    assert (first.name, first.format, first.version) == ("hp.json", "obograph", "http://x.org/2024")
    assert first.sha256 == hashlib.sha256(ontology.read_bytes()).hexdigest()
    assert first.size_bytes == ontology.stat().st_size
    assert (second.name, second.format) == ("hp-es.tsv", "babelon")


@pytest.mark.parametrize("format", ["obo", "owl", "skos"])
def test_translations_go_with_every_ontology(tmp_path: Path, format: str) -> None:
    iri = "<http://purl.obolibrary.org/obo/HP_1>"
    texts = {
        "obo": "format-version: 1.4\n\n[Term]\nid: HP:1\nname: All\n",
        "owl": f'{RDF}{iri} a owl:Class ; <http://www.w3.org/2000/01/rdf-schema#label> "All" .\n',
        "skos": f'{RDF}{iri} a skos:Concept ; skos:prefLabel "All" .\n',
    }
    path, translation = tmp_path / "ontology", tmp_path / "hp-es.tsv"
    path.write_text(texts[format])
    translation.write_text(BABELON)
    loaded = load(path, translations=[translation])
    texts_told = [record.text for record in loaded.records if isinstance(record, Term)]
    assert texts_told == ["All", "Todos"]
    assert [source.format for source in loaded.sources] == [format, "babelon"]


def test_a_table_of_translations_is_no_terminology(tmp_path: Path) -> None:
    path = tmp_path / "hp-es.tsv"
    path.write_text(BABELON)
    with pytest.raises(
        FormatMismatch, match="it is a Babelon table of translations; load its ontology, and give"
    ):
        load(path)


def test_a_gazetteer_gets_its_prefix(gazetteer: Path) -> None:
    loaded = load(gazetteer, prefix="SNOMEDCT", languages=["es"])
    assert next(loaded.records) == Concept("SNOMEDCT:1", semantic_tag="hallazgo")
    assert loaded.sources[0].format == "gazetteer"


def test_options_that_do_not_go_with_the_format(tmp_path: Path, gazetteer: Path, ontology: Path) -> None:
    (tmp_path / "HumanDO.tsv").write_text("id\tlabel\tsubClassOf\n")
    with pytest.raises(OptionMismatch, match="The format gazetteer needs a prefix"):
        load(gazetteer)
    with pytest.raises(OptionMismatch, match="Translations do not go with the format gazetteer"):
        load(gazetteer, prefix="X", translations=[gazetteer])
    with pytest.raises(OptionMismatch, match="A prefix does not go with the format do-tables"):
        load(tmp_path, prefix="DOID")
    with pytest.raises(OptionMismatch, match="The prefix 'a:b' cannot begin an id"):
        load(gazetteer, prefix="a:b")
    with pytest.raises(OptionMismatch, match="No language is named"):
        load(ontology, languages=())
    with pytest.raises(OptionMismatch, match="No language is named"):
        load(ontology, languages="es")
    with pytest.raises(FormatMismatch, match="is not a Babelon table"):
        load(ontology, translations=[gazetteer])


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_a_file_read_as_another_format_is_one_clear_error(tmp_path: Path, format: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Notas sueltas.\nNada más.\n")
    prefix = "X" if "prefix" in FORMATS[format].requires else None
    with pytest.raises(LoadError) as raised:
        list(load(path, format=format, prefix=prefix).records)
    assert str(path) in str(raised.value)
    assert str(raised.value).endswith(".")


def test_every_format_is_described() -> None:
    assert all(format.description for format in FORMATS.values())


def test_what_a_format_takes_is_an_option() -> None:
    known = {field.name for field in fields(Options)} - {"languages"} | {"translations"}
    for format in FORMATS.values():
        assert set(format.requires) <= set(format.takes) <= known


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"as_of": "20260131"}, "A date does not go with the format obograph"),
        ({"base": Base("R", (), lambda: iter(()))}, "The format obograph cannot be laid on a loaded release"),
        ({"sources": ["SCTSPA"]}, "Source vocabularies cannot be chosen in the format obograph"),
        (
            {"hierarchy_sources": ["SCTSPA"]},
            "The sources of the hierarchy cannot be chosen in the format obo",
        ),
    ],
)
def test_options_of_other_formats_are_refused(ontology: Path, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OptionMismatch, match=sentence):
        load(ontology, **given)


def test_several_paths(tmp_path: Path, ontology: Path, gazetteer: Path) -> None:
    with pytest.raises(OptionMismatch, match="The format obograph is read from one path and 2 are given"):
        load([ontology, ontology])
    with pytest.raises(FormatMismatch, match=r"terms.txt' is not of the format obograph.*it is gazetteer"):
        load([ontology, gazetteer])
    with pytest.raises(SourceNotFound, match="absent"):
        load([ontology, tmp_path / "absent"])
    with pytest.raises(OptionMismatch, match="No path is named"):
        load([])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("20260131", True),
        ("20240229", True),
        ("20260230", False),
        ("2026-1-1", False),
        ("２０２６０１３１", False),
    ],
)
def test_dates(text: str, told: bool) -> None:
    assert is_date(text) is told
