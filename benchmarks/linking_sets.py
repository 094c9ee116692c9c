"""The sets that linking is measured on: their terminology, gold mentions and training mentions, from the open data.

The documents that CodiEsp calls dev are gold in every set made from its clinical cases, and in nothing else:
neither in an index, nor in the shipped models' training.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.corpora import (
    cantemist,
    codiesp,
    codiesp_dev_documents,
    distemist_files,
    distemist_hpo,
    medprocner_file,
    named,
    single,
)
from graph.batches import RecordOrBatch
from graph.model import CURIE, IS_A, Concept, Record, Relation, Term, TermKind
from graph.model import Mapping as CodeMapping
from linker.mentions import GoldMention, read_mentions
from loaders.formats import load

Mentions = list[GoldMention]

ECIEO_AXES = r"(\d{4})/(\d)(\d)?(/H)?"
"""Morphology, behaviour, grade or differentiation, and whether the mention says more than the code."""


@dataclass(frozen=True, slots=True)
class LinkingSet:
    """One row of figures: `name` is its file's, `files` are what its gold is read from, within the data's folder.

    `training` are the mentions that tell what is unseen; with `indexed` they are in the index too. The mentions of
    `scope` have the codes that a caller names who knows of what kind the gold mentions are. `lenders` are releases
    whose terms for the same concepts are in the index (`linker.mapped_terms`).
    """

    name: str
    release: str
    records: Callable[[Path], Iterable[RecordOrBatch]]
    gold: Callable[[Path], Mentions]
    training: Callable[[Path], Mentions]
    indexed: bool
    files: tuple[str, ...]
    code_axes: str = ""
    scope: Callable[[Path], Mentions] | None = None
    lenders: Mapping[str, Callable[[Path], Iterable[RecordOrBatch]]] = field(default_factory=dict)


def hpo(data: Path) -> Iterable[RecordOrBatch]:
    """HPO with its Spanish labels."""
    folder = data / "hpo"
    return load(folder / "hp.v2024-04-26.json.gz", translations=[folder / "hp-es.babelon.tsv"]).records


def ecieo(data: Path) -> Iterator[Record]:
    """The valid codes of eCIE-O, their names where they have them, and is-a read off the codes.

    A code is a kind of the longest code that it begins with: `8140/31/H` of `8140/31`, and that of `8140/3`,
    which begins with no other code and is a root. Most codes have no name; those that a training mention bears can
    be found by it, and the others cannot.
    """
    with gzip.open(data / "cantemist" / "valid-codes.tsv.gz", "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    codes = {row[0] for row in rows}
    for code, *names in rows:
        id = f"ECIEO:{code}"
        yield Concept(id)
        for place, name in enumerate(dict.fromkeys(filter(None, map(str.strip, names)))):
            yield Term(id, name, "es", TermKind.SYNONYM if place else TermKind.PREFERRED)
        parent = code_above(code, codes)
        if parent:
            yield Relation(id, IS_A, f"ECIEO:{parent}")


def code_above(code: str, codes: Collection[str]) -> str | None:
    """The longest of `codes` that `code` begins with and is not; a slash at its end is no part of a code."""
    beginnings = (code[:length].rstrip("/") for length in range(len(code) - 1, 0, -1))
    return next((beginning for beginning in beginnings if beginning in codes), None)


def snomed_mentions(data: Path) -> Iterator[Record]:
    """The SNOMED CT codes of the training documents' DisTEMIST and MedProcNER mentions, named by these mentions."""
    return named_by(snomed_training(data))


def snomed_mapped(data: Path) -> Iterator[Record]:
    """The same, with the MeSH, OMIM, ICD-10 and HPO codes that the training documents' DisTEMIST mentions bear too."""
    yield from snomed_mentions(data)
    yield from dict.fromkeys(
        CodeMapping(code, f"{prefix}{other.partition(':')[2]}")
        for path in distemist_files(data)
        for column, prefix in _ALSO_CODED.items()
        for mention, also in zip(
            _training(data, read_mentions(path)),
            _training(data, read_mentions(path, code_column=column)),
            strict=True,
        )
        if single(mention)
        for code in mention.codes
        for other in also.codes
        if also.coded
    )


_ALSO_CODED = {
    "mesh_code": "MESH:",
    "omim_code": "OMIM:",
    "hpo_code": "HP:",
    # CIE-10-ES, which CodiEsp has, is ICD-10-CM, and that keeps the codes of ICD-10 that it has.
    "icd10_code": "ICD10CM:",
}


def codiesp_diagnoses(data: Path) -> Iterator[Record]:
    """The ICD-10-CM codes of the evidence in CodiEsp's training documents, named by it."""
    return named_by(
        replace(mention, codes=tuple(code for code in mention.codes if code.startswith("ICD10CM:")))
        for mention in codiesp(data)
    )


def disease_ontology(data: Path) -> Iterable[RecordOrBatch]:
    """The Disease Ontology with its Spanish names."""
    return load(data / "do").records


def named_by(mentions: Iterable[GoldMention]) -> Iterator[Record]:
    """The codes of mentions as concepts, and the mentions as their terms, the most frequent first."""
    spans: dict[CURIE, Counter[str]] = {}
    for mention in mentions:
        for code in mention.codes:
            spans.setdefault(code, Counter())[mention.span] += 1
    for code, counted in spans.items():
        yield Concept(code)
        for span, _ in counted.most_common():
            yield Term(code, span, "es")


def snomed_training(data: Path) -> Mentions:
    """DisTEMIST and MedProcNER mentions with one code, of the documents that are not CodiEsp's dev."""
    return [m for path in _snomed_files(data) for m in _training(data, read_mentions(path)) if single(m)]


def _snomed_files(data: Path) -> tuple[Path, ...]:
    return (*distemist_files(data), medprocner_file(data))


def _dev(data: Path, mentions: Iterable[GoldMention]) -> Mentions:
    held_apart = codiesp_dev_documents(data)
    return [mention for mention in map(named, mentions) if mention.document in held_apart]


def _training(data: Path, mentions: Iterable[GoldMention]) -> Mentions:
    held_apart = codiesp_dev_documents(data)
    return [mention for mention in map(named, mentions) if mention.document not in held_apart]


def _hpo_set(name: str, indexed: bool) -> LinkingSet:
    return LinkingSet(
        name,
        "hpo-2024-04",
        hpo,
        gold=lambda data: _dev(data, distemist_hpo(data)),
        training=lambda data: _training(data, distemist_hpo(data)),
        indexed=indexed,
        files=("distemist-hpo/distemist.hpo.tsv",),
    )


def _relative(paths: Callable[[Path], Iterable[Path]]) -> tuple[str, ...]:
    return tuple(path.as_posix() for path in paths(Path()))


_OWN_TERMS = (
    _hpo_set("distemist-hpo-terms", indexed=False),
    _hpo_set("distemist-hpo-terms-and-mentions", indexed=True),
    LinkingSet(
        "cantemist",
        "ecieo",
        ecieo,
        gold=lambda data: list(read_mentions(data / "cantemist" / "dev-set2.tsv")),
        training=lambda data: list(cantemist(data)),
        indexed=True,
        files=("cantemist/dev-set2.tsv",),
        code_axes=ECIEO_AXES,
    ),
    LinkingSet(
        "distemist",
        "snomed-mentions",
        snomed_mentions,
        gold=lambda data: _dev(data, (m for path in distemist_files(data) for m in read_mentions(path))),
        training=snomed_training,
        indexed=True,
        files=_relative(distemist_files),
        scope=lambda data: _training(
            data, (m for path in distemist_files(data) for m in read_mentions(path))
        ),
    ),
    LinkingSet(
        "medprocner",
        "snomed-mentions",
        snomed_mentions,
        gold=lambda data: _dev(data, read_mentions(medprocner_file(data))),
        training=snomed_training,
        indexed=True,
        files=_relative(lambda data: [medprocner_file(data)]),
        scope=lambda data: _training(data, read_mentions(medprocner_file(data))),
    ),
)
_LENDERS = {"hpo": hpo, "do": disease_ontology, "codiesp": codiesp_diagnoses}
SETS = (
    *_OWN_TERMS,
    *(
        replace(
            one, name=f"{one.name}-mapped", release="snomed-mapped", records=snomed_mapped, lenders=_LENDERS
        )
        for one in _OWN_TERMS
        if one.release == "snomed-mentions"
    ),
)
"""In an order in which sets over one index follow each other."""
