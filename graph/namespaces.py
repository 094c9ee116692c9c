"""The IRIs of terminologies: how a CURIE's prefix is written out, and where an IRI's identifier begins."""

from __future__ import annotations

from types import MappingProxyType
from urllib.parse import quote

from graph.model import CURIE

#: IRI beginning → prefix. The rest of the IRI is the identifier. Of several beginnings of one prefix, the first
#: is the one that is written.
NAMESPACES: MappingProxyType[str, str] = MappingProxyType(
    {
        "http://snomed.info/id/": "SNOMEDCT",
        "http://snomed.info/sct/": "SNOMEDCT",
        "http://identifiers.org/snomedct/": "SNOMEDCT",
        "http://linkedlifedata.com/resource/umls/id/": "UMLS",
        "http://identifiers.org/umls/": "UMLS",
        "http://id.nlm.nih.gov/mesh/": "MESH",
        "http://identifiers.org/mesh/": "MESH",
        "http://identifiers.org/medgen/": "MEDGEN",
        "http://identifiers.org/meddra/": "MEDDRA",
        "http://identifiers.org/hgnc/": "HGNC",
        "http://identifiers.org/omim/": "OMIM",
        "http://omim.org/entry/": "OMIM",
        "http://omim.org/phenotypicSeries/": "OMIMPS",
        "http://www.orpha.net/ORDO/Orphanet_": "ORPHA",
        "http://www.orphadata.org/cgi-bin/ORDO/Orphanet_": "ORPHA",
        "http://www.ebi.ac.uk/efo/EFO_": "EFO",
        "http://purl.bioontology.org/ontology/ICD10CM/": "ICD10CM",
        "http://purl.bioontology.org/ontology/ICD10/": "ICD10",
        "http://apps.who.int/classifications/icd10/browse/2010/en#/": "ICD10",
        "http://id.who.int/icd/entity/": "ICD11",
        "http://www.geneontology.org/formats/oboInOwl#": "oboInOwl",
        "http://www.w3.org/2000/01/rdf-schema#": "rdfs",
        "http://www.w3.org/2004/02/skos/core#": "skos",
        "http://www.w3.org/2002/07/owl#": "owl",
        "http://purl.org/dc/elements/1.1/": "dc",
        "http://purl.org/dc/terms/": "dcterms",
    }
)

_OBO_NAMES = (
    "BFO BTO CHEBI CL CLO DOID ECO ENVO FMA FOODON GENO GO HANCESTRO HP HSAPDV IAO MA MAXO MONDO MP MPATH NBO "
    "NCBITaxon NCIT OBA OBI OGMS OMO PATO PR RO SO SYMP TRANS UBERON UO UPHENO VO XAO ZFA"
)
#: The prefixes whose IRIs are OBO PURLs, `http://purl.obolibrary.org/obo/HP_0001658`.
OBO_PREFIXES = frozenset(_OBO_NAMES.split())
_OBO = "http://purl.obolibrary.org/obo/"
#: The beginning of the IRIs of what has none of its own, as the codes of a table that somebody made.
LOCAL = "urn:enlace:"

_BEGINNINGS = {prefix: beginning for beginning, prefix in reversed(list(NAMESPACES.items()))}
# What an IRI may hold as it is (RFC 3987), but for what Turtle and N-Triples escape.
_SAFE = "/:@!$&()*+,;=~.-_'#?%"


def beginning_of(prefix: str) -> str:
    """What the IRIs of a prefix begin with.

    >>> beginning_of("SNOMEDCT"), beginning_of("HP"), beginning_of("ECIEO")
    ('http://snomed.info/id/', 'http://purl.obolibrary.org/obo/HP_', 'urn:enlace:ECIEO:')
    """
    if prefix in OBO_PREFIXES:
        return f"{_OBO}{prefix}_"
    return _BEGINNINGS.get(prefix) or f"{LOCAL}{quote(prefix, safe='')}:"


def iri_of(id: CURIE) -> str:
    """The IRI of a concept or code.

    >>> iri_of("HP:0001658"), iri_of("ECIEO:8000/3"), iri_of("RO:part of")
    ('http://purl.obolibrary.org/obo/HP_0001658', 'urn:enlace:ECIEO:8000/3', 'http://purl.obolibrary.org/obo/RO_part%20of')
    """
    prefix, _, local = id.partition(":")
    return beginning_of(prefix) + quote(local, safe=_SAFE)
