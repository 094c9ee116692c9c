"""How long one ontology takes to import from each format, and how much memory; beside rdflib, which only parses it.

    python -m benchmarks.ontologies --data ../shared/data [--axioms 6] [--json DIR]

The Human Phenotype Ontology is published as OBO Graphs JSON. Its records are written as OBO and as OWL: RDF/XML as
the OWL API writes it, and Turtle. `--axioms` is how often each text's annotation axiom is told, which brings RDF/XML
to the size that large ontologies have. The installed `enlace load` imports each file in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import cycle, islice
from pathlib import Path
from xml.sax.saxutils import escape

from rich.console import Console
from rich.table import Table

from benchmarks.measured_process import MIB, measure
from benchmarks.times import ENLACE
from graph.model import IS_A, Concept, Mapping, Record, Relation, Succession, SuccessionKind, Term, TermKind
from loaders import obograph
from loaders.files import SourceFile
from loaders.rejections import Rejections

HPO = Path("hpo") / "hp.v2024-04-26.json.gz"
_OBO = "http://purl.obolibrary.org/obo/"
_OIO = "http://www.geneontology.org/formats/oboInOwl#"
_OWL = "http://www.w3.org/2002/07/owl#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_PREFIXES = {"obo": _OBO, "oboInOwl": _OIO, "owl": _OWL, "rdfs": _RDFS}
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DEFINITION = "obo:IAO_0000115"
_RDFLIB = "import rdflib, sys; rdflib.Graph().parse(sys.argv[1], format=sys.argv[2])"


def properties(record: Record) -> Iterator[tuple[str, str, bool]]:
    """What a record says of its concept in OWL: property, value, and whether the value is an IRI."""
    match record:
        case Term(kind=TermKind.PREFERRED):
            yield "rdfs:label", record.text, False
        case Term(kind=TermKind.DEFINITION):
            yield _DEFINITION, record.text, False
        case Term():
            yield f"oboInOwl:has{record.scope.value.title()}Synonym", record.text, False
        case Mapping():
            yield "oboInOwl:hasDbXref", record.target, False
        case Relation() if record.type == IS_A:
            yield "rdfs:subClassOf", _iri(record.target), True
        case Succession(kind=SuccessionKind.REPLACED_BY):
            yield "obo:IAO_0100001", _iri(record.successor), True
        case Succession(kind=SuccessionKind.POSSIBLY_EQUIVALENT_TO):
            yield "oboInOwl:consider", record.successor, False
        case Concept(active=False):
            yield "owl:deprecated", "true", False
        case Concept(semantic_tag=tag) if tag:
            yield "oboInOwl:hasOBONamespace", tag, False


def write_rdf_xml(said: dict[str, list[tuple[str, str, bool]]], path: Path, axioms: int) -> None:
    """RDF/XML as the OWL API writes it: a class, then an annotation axiom for each of its texts."""
    spaces = "".join(f' xmlns:{prefix}="{iri}"' for prefix, iri in {"rdf": _RDF, **_PREFIXES}.items())
    with path.open("w", encoding="utf-8") as file:
        file.write(f'<?xml version="1.0"?>\n<rdf:RDF{spaces}>\n<owl:Ontology rdf:about="{_OBO}hp.owl"/>\n')
        for id, statements in said.items():
            file.write(f'    <!-- {_iri(id)} -->\n\n    <owl:Class rdf:about="{_iri(id)}">\n')
            for property, value, is_iri in statements:
                file.write(f"        <{property}{_object(property, value, is_iri)}\n")
            file.write("    </owl:Class>\n")
            texts = [(p, v) for p, v, _ in statements if p == _DEFINITION or p.endswith("Synonym")]
            for number, (property, text) in enumerate(islice(cycle(texts), axioms * len(texts))):
                prefix, _, name = property.partition(":")
                file.write(
                    f'    <owl:Axiom>\n        <owl:annotatedSource rdf:resource="{_iri(id)}"/>\n'
                    f'        <owl:annotatedProperty rdf:resource="{_PREFIXES[prefix]}{name}"/>\n'
                    f"        <owl:annotatedTarget>{escape(text)}</owl:annotatedTarget>\n"
                    f"        <oboInOwl:hasDbXref>PMID:{number}</oboInOwl:hasDbXref>\n    </owl:Axiom>\n"
                )
            file.write("\n\n\n")
        file.write("</rdf:RDF>\n")


def write_turtle(said: dict[str, list[tuple[str, str, bool]]], path: Path) -> None:
    """Turtle, without annotation axioms."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in _PREFIXES.items())
        for id, statements in said.items():
            file.write(f"<{_iri(id)}> a owl:Class")
            for property, value, is_iri in statements:
                file.write(
                    f" ;\n  {property} " + (f"<{value}>" if is_iri else json.dumps(value, ensure_ascii=False))
                )
            file.write(" .\n")


def write_obo(records: Iterable[Record], path: Path) -> None:
    """OBO 1.4."""
    frames: dict[str, list[str]] = defaultdict(list)
    for record in records:
        match record:
            case Concept():
                frames[record.id] += ["is_obsolete: true"] * (not record.active)
            case Term(kind=TermKind.PREFERRED):
                frames[record.concept].insert(0, f"name: {_escaped(record.text)}")
            case Term(kind=TermKind.DEFINITION):
                frames[record.concept].append(f'def: "{_escaped(record.text)}" []')
            case Term():
                frames[record.concept].append(f'synonym: "{_escaped(record.text)}" {record.scope.upper()} []')
            case Mapping():
                frames[record.concept].append(f"xref: {_escaped(record.target)}")
            case Relation():
                frames[record.source].append(f"is_a: {record.target}")
            case Succession(kind=SuccessionKind.SAME_AS):
                frames[record.successor].append(f"alt_id: {record.retired}")
            case Succession():
                tag = "replaced_by" if record.kind is SuccessionKind.REPLACED_BY else "consider"
                frames[record.retired].append(f"{tag}: {record.successor}")
    with path.open("w", encoding="utf-8") as file:
        file.write("format-version: 1.4\nontology: hp\n")
        for id, lines in frames.items():
            file.write("\n".join((f"\n[Term]\nid: {id}", *lines, "")))


def _object(property: str, value: str, is_iri: bool) -> str:
    return f' rdf:resource="{value}"/>' if is_iri else f">{escape(value)}</{property}>"


def _iri(id: str) -> str:
    return _OBO + id.replace(":", "_")


def _escaped(text: str) -> str:
    for mark in '\\"{!':
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", "\\n")


def said_of(records: Iterable[Record]) -> dict[str, list[tuple[str, str, bool]]]:
    """The statements of each concept, in OWL's words."""
    said: dict[str, list[tuple[str, str, bool]]] = {}
    for record in records:
        match record:
            case Concept(id=id) | Term(concept=id) | Mapping(concept=id) | Relation(source=id):
                subject = id
            case Succession(kind=SuccessionKind.SAME_AS):
                said.setdefault(record.successor, []).append(
                    ("oboInOwl:hasAlternativeId", record.retired, False)
                )
                continue
            case Succession():
                subject = record.retired
        said.setdefault(subject, []).extend(properties(record))
    return said


def figures(data: Path, axioms: int, scratch: Path) -> dict[str, dict[str, float]]:
    """Size, records and costs by format."""
    records = list(obograph.read(SourceFile(data / HPO), Rejections()))
    said = said_of(records)
    files = {
        "OBO Graphs JSON": data / HPO,
        "OBO": scratch / "hp.obo",
        "OWL, RDF/XML": scratch / "hp.owl",
        "OWL, Turtle": scratch / "hp.ttl",
    }
    write_obo(records, files["OBO"])
    write_rdf_xml(said, files["OWL, RDF/XML"], axioms)
    write_turtle(said, files["OWL, Turtle"])
    found: dict[str, dict[str, float]] = {}
    for name, path in files.items():
        home = scratch / name.replace("/", " ")
        cost = measure(
            [ENLACE, "load", str(path), "--release", "hpo"], environment={"ENLACE_HOME": str(home)}
        )
        manifest = json.loads((home / "releases" / "hpo" / "manifest.json").read_text("utf-8"))
        counts = manifest["release"]["counts"]
        found[name] = {
            "size, MiB": path.stat().st_size / MIB,
            "concepts": counts["concepts"],
            "terms": counts["terms"],
            "is-a": counts["is_a"],
            "mappings": counts["mappings"],
            "successions": counts["successions"],
            "import, s": cost.wall_s,
            "import, processor s": cost.cpu_s,
            "peak, MiB": cost.peak_mib,
        }
    cost = measure([sys.executable, "-c", _RDFLIB, str(files["OWL, RDF/XML"]), "xml"])
    found["rdflib, parsing RDF/XML alone"] = {
        "size, MiB": files["OWL, RDF/XML"].stat().st_size / MIB,
        "import, s": cost.wall_s,
        "import, processor s": cost.cpu_s,
        "peak, MiB": cost.peak_mib,
    }
    return found


def main() -> None:
    """Measure, print and, where asked, write the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of open data")
    parser.add_argument("--axioms", type=int, default=6, help="annotation axioms a text in RDF/XML")
    parser.add_argument("--json", type=Path, help="a folder to write the figures into")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = figures(options.data, options.axioms, Path(folder))
    columns = list(next(iter(found.values())))
    table = Table(title=f"{os.cpu_count()} cores", box=None)
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    for name, row in found.items():
        shown = (row.get(column) for column in columns)
        table.add_row(name, *("" if v is None else f"{v:,.0f}" if v == int(v) else f"{v:.1f}" for v in shown))
    Console(width=160).print(table)
    if options.json:
        options.json.mkdir(parents=True, exist_ok=True)
        (options.json / "ontologies.json").write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
