"""Small sound sources of every format, to be damaged by `benchmarks.damage`."""

from __future__ import annotations

import gzip
import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmarks.ontologies import said_of, write_obo, write_rdf_xml, write_turtle
from benchmarks.synthetic_rf2 import Shape, make_terminology, write
from benchmarks.synthetic_rrf import write_release
from graph.model import (
    IS_A,
    Concept,
    Mapping,
    Record,
    Relation,
    Succession,
    SuccessionKind,
    SynonymScope,
    Term,
)
from graph.model import TermKind as Kind
from loaders.rrf.columns import FILES

_CONCEPTS = 40
_RF2_CONCEPTS = 300
_RRF_CONCEPTS = 100


@dataclass(frozen=True, slots=True)
class Source:
    """What is loaded: paths, Babelon tables, and the options besides.

    `separator` parts the columns of those files that are tables; b"" where none is.
    """

    paths: tuple[Path, ...]
    separator: bytes = b""
    translations: tuple[Path, ...] = ()
    options: tuple[str, ...] = ()


def write_source(name: str, folder: Path, seed: int = 1) -> Source:
    """Write the source of that name into `folder`, which is made."""
    folder.mkdir(parents=True)
    return WRITERS[name](folder, list(small_ontology(seed)), seed)


def small_ontology(seed: int) -> Iterator[Record]:
    """Some classes of a made-up ontology with terms, a hierarchy, mappings and retired classes."""
    chance = random.Random(seed)
    syllables = ("do", "lor", "fie", "bre", "tos", "ne", "fri", "tis", "car", "dio", "ñu", "á")
    for number in range(1, _CONCEPTS + 1):
        id, retired = f"HP:{number:07}", number > _CONCEPTS - 4
        yield Concept(id, active=not retired, semantic_tag="phenotype")
        word = "".join(chance.choices(syllables, k=4))
        yield Term(id, word, "en", Kind.PREFERRED)
        yield Term(id, f"{word} aguda", "en", Kind.SYNONYM, chance.choice(list(SynonymScope)))
        yield Term(id, f"Un {word} que se nota.", "en", Kind.DEFINITION)
        yield Mapping(id, f"UMLS:C{number:07}")
        if retired:
            yield Succession(id, "HP:0000001", SuccessionKind.REPLACED_BY)
        elif number > 1:
            yield Relation(id, IS_A, f"HP:{chance.randrange(1, number):07}")


def _write_obo(folder: Path, records: list[Record], seed: int) -> Source:
    write_obo(records, folder / "o.obo")
    return Source((folder / "o.obo",))


def _write_owl(folder: Path, records: list[Record], seed: int) -> Source:
    write_rdf_xml(said_of(records), folder / "o.owl", 1)
    return Source((folder / "o.owl",))


def _write_turtle(folder: Path, records: list[Record], seed: int) -> Source:
    write_turtle(said_of(records), folder / "o.ttl")
    return Source((folder / "o.ttl",))


def _write_skos(folder: Path, records: list[Record], seed: int) -> Source:
    lines = ["@prefix skos: <http://www.w3.org/2004/02/skos/core#> .", "@prefix t: <http://example.org/t/> ."]
    for record in records:
        match record:
            case Concept(id=id):
                lines.append(f"t:{id[3:]} a skos:Concept .")
            case Term(concept=id):
                property = "prefLabel" if record.kind is Kind.PREFERRED else "altLabel"
                lines.append(f't:{id[3:]} skos:{property} "{record.text}"@es .')
            case Relation():
                lines.append(f"t:{record.source[3:]} skos:broader t:{record.target[3:]} .")
            case _:
                continue
    (folder / "t.ttl").write_text("\n".join((*lines, "")), "utf-8")
    return Source((folder / "t.ttl",))


def _write_obograph(folder: Path, records: list[Record], seed: int) -> Source:
    said = said_of(records)
    nodes, edges = [], []
    for id, statements in said.items():
        iri = f"http://purl.obolibrary.org/obo/{id.replace(':', '_')}"
        texts = {property: value for property, value, _ in statements}
        meta: dict[str, Any] = {
            "definition": {"val": texts["obo:IAO_0000115"]},
            "xrefs": [{"val": texts["oboInOwl:hasDbXref"]}],
            "synonyms": [
                {"pred": property.partition(":")[2], "val": value}
                for property, value, _ in statements
                if property.endswith("Synonym")
            ],
            "deprecated": "owl:deprecated" in texts,
        }
        nodes.append({"id": iri, "lbl": texts["rdfs:label"], "type": "CLASS", "meta": meta})
        edges += [{"sub": iri, "pred": "is_a", "obj": v} for p, v, _ in statements if p == "rdfs:subClassOf"]
    path = folder / "o.json.gz"
    text = json.dumps({"graphs": [{"nodes": nodes, "edges": edges}]}, indent=1, ensure_ascii=False)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return Source((path,))


def _write_translated(folder: Path, records: list[Record], seed: int) -> Source:
    ontology = _write_obo(folder, records, seed)
    header = (
        "source_language\ttranslation_language\tsubject_id\tpredicate_id\tsource_value\ttranslation_value"
    )
    rows = [f"{header}\ttranslation_status"]
    rows += [
        f"en\tes\t{record.concept}\trdfs:label\t{record.text}\t{record.text} es\tOFFICIAL"
        for record in records
        if isinstance(record, Term) and record.kind is Kind.PREFERRED
    ]
    (folder / "o-es.babelon.tsv").write_text("\n".join((*rows, "")), "utf-8")
    return Source(ontology.paths, b"\t", (folder / "o-es.babelon.tsv",))


def _write_gazetteer(folder: Path, records: list[Record], seed: int) -> Source:
    rows = ["code\tlanguage\tterm\tsemantic_tag\tmainterm"]
    rows += [
        f"{record.concept[3:]}\tes\t{record.text}\thallazgo\t{int(record.kind is Kind.PREFERRED)}"
        for record in records
        if isinstance(record, Term)
    ]
    (folder / "g.tsv").write_text("\n".join((*rows, "")), "utf-8")
    return Source((folder / "g.tsv",), b"\t", (), ("--prefix", "X"))


def _write_disease_ontology(folder: Path, records: list[Record], seed: int) -> Source:
    labels = {r.concept: r.text for r in records if isinstance(r, Term) and r.kind is Kind.PREFERRED}
    classes, xrefs, translations = [("id", "label", "subClassOf")], [("id", "label", "xref")], [_DO_COLUMNS]
    for record in records:
        match record:
            case Relation(source=child, target=parent):
                classes.append((_doid(child), labels[child], labels[parent]))
            case Mapping(concept=id, target=code):
                xrefs.append((_doid(id), labels[id], code.replace("UMLS", "UMLS_CUI")))
            case Term(concept=id, kind=Kind.PREFERRED, text=text):
                row = (_doid(id), "label", text, f"{text} es", "en", "es", "Final", "")
                translations.append(row)
    for name, rows in (("HumanDO", classes), ("allXREFinDO", xrefs), ("doid-es", translations)):
        text = "".join("\t".join(f'"{field}"' for field in row) + "\n" for row in rows)
        (folder / f"{name}.tsv").write_text(text, "utf-8")
    return Source((folder,), b"\t")


_DO_COLUMNS = (
    "source_id",
    "predicate",
    "source_text",
    "translation_text",
    "source_lang",
    "translation_lang",
    "status",
    "notes",
)


def _doid(id: str) -> str:
    return id.replace("HP:", "DOID:")


def _write_rf2(folder: Path, records: list[Record], seed: int) -> Source:
    return Source(tuple(write(make_terminology(Shape(_RF2_CONCEPTS, seed)), folder)), b"\t")


def _write_rf2_zips(folder: Path, records: list[Record], seed: int) -> Source:
    return Source(tuple(write(make_terminology(Shape(_RF2_CONCEPTS, seed)), folder, zipped=True)))


def _write_rrf(folder: Path, records: list[Record], seed: int) -> Source:
    write_release(folder, _RRF_CONCEPTS, seed)
    return Source((folder,), b"|")


def _write_unlisted_rrf(folder: Path, records: list[Record], seed: int) -> Source:
    source = _write_rrf(folder, records, seed)
    (folder / "META" / FILES).unlink()
    return source


def _write_rrf_zip(folder: Path, records: list[Record], seed: int) -> Source:
    meta = write_release(folder, _RRF_CONCEPTS, seed)
    path = shutil.make_archive(str(folder / "umls"), "zip", folder, meta.name)
    shutil.rmtree(meta)
    return Source((Path(path),))


WRITERS: MappingProxyType[str, Callable[[Path, list[Record], int], Source]] = MappingProxyType(
    {
        "RF2 folders": _write_rf2,
        "RF2 zips": _write_rf2_zips,
        "RRF": _write_rrf,
        "RRF without MRFILES": _write_unlisted_rrf,
        "RRF zip": _write_rrf_zip,
        "OBO": _write_obo,
        "OWL, RDF/XML": _write_owl,
        "OWL, Turtle": _write_turtle,
        "SKOS": _write_skos,
        "OBO Graphs, gzip": _write_obograph,
        "OBO with Babelon": _write_translated,
        "Disease Ontology's tables": _write_disease_ontology,
        "gazetteer": _write_gazetteer,
    }
)
