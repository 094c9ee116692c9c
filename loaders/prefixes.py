"""One spelling for each terminology, so that a graph of several can be walked across.

Ontologies spell the same system in many ways (`SNOMEDCT_US_2020_03_01:`, `SCTID:`, `SNOMED_CT:`). `PREFIXES`
lists the spelling used here and the others met in OBO ontologies, UMLS source abbreviations and Spanish
corpora; `graph.namespaces` gives the prefix of IRIs that are not OBO PURLs. What is in neither is kept as written;
`DeclaredPrefixes` adds what a file itself declares.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from graph.model import CURIE
from graph.namespaces import NAMESPACES

#: Canonical prefix → other spellings, compared without case and after a version suffix is cut.
PREFIXES: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "SNOMEDCT": ("SNOMEDCT_US", "SNOMED_CT", "SNOMED", "SNOMED-CT", "SCTID", "SCT", "SCTSPA"),
        "UMLS": ("UMLS_CUI", "CUI"),
        "MESH": ("MSH", "MSHSPA"),
        "OMIM": ("MIM",),
        "OMIMPS": ("MIMPS", "OMIM_PS"),
        "ICD9": ("ICD-9", "ICD_9", "ICD9WHO"),
        "ICD9CM": ("ICD-9-CM", "ICD-9CM", "ICD9_CM"),
        "ICD10": ("ICD-10", "ICD_10", "ICD10WHO", "CIE10", "CIE-10"),
        "ICD10CM": ("ICD-10-CM", "ICD-10CM", "ICD10_CM", "CIE10MC", "CIE10ES", "CIE-10-ES"),
        "ICD10PCS": ("ICD-10-PCS", "CIE10PCS"),
        "ICD11": ("ICD-11", "ICD11.FOUNDATION", "CIE11", "CIE-11"),
        "ICDO": ("ICD-O", "ICD-O-3", "ICDO3", "CIE-O", "ECIE-O"),
        "NCIT": ("NCI", "NCI_THESAURUS", "NCITHESAURUS"),
        "ORPHA": ("ORPHANET", "ORDO"),
        "MEDDRA": ("MDR", "MDRSPA"),
        "LOINC": ("LNC",),
        "RXNORM": ("RXCUI",),
        "DOID": ("DO",),
        "HP": ("HPO",),
        "MONDO": (),
        "EFO": (),
        "GARD": (),
        "KEGG": ("KEGG.DISEASE",),
        "FYLER": (),
        "PMID": ("PUBMED",),
        "WIKIPEDIA": ("WIKIPEDIA.EN",),
        "oboInOwl": ("OIO",),
    }
)  # fmt: skip

_OBO = re.compile(r"https?://purl\.obolibrary\.org/obo/([A-Za-z][A-Za-z0-9_]*)_([A-Za-z0-9.-]+)")
# What an ontology names by a word instead of a number: http://purl.obolibrary.org/obo/hp#part_of.
_OBO_WORD = re.compile(
    r"https?://purl\.obolibrary\.org/obo/([A-Za-z][A-Za-z0-9_.-]*)(?:/[\w.-]+)?#([^\s/#]+)"
)
# SNOMEDCT_US_2020_03_01, ICD10CM_2024, UMLS_CUI_2023AA: the release that the source was made with.
_VERSION = re.compile(r"_(?:19|20)\d\d(?:[A-Z]{2}|(?:_\d\d){0,2})$")
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
_LOCAL = re.compile(r"[^\s/#]+")
_CURIE = re.compile(r"([A-Za-z][A-Za-z0-9._-]*):\s*([^\s]+)")
_CANONICAL: MappingProxyType[str, str] = MappingProxyType(
    {
        spelling.upper(): prefix
        for prefix, others in PREFIXES.items()
        for spelling in (prefix, *others)
    }
)  # fmt: skip
_BEGINNINGS = tuple(sorted(NAMESPACES.items(), key=lambda item: -len(item[0])))


def canonical_prefix(prefix: str) -> str:
    """The one spelling of a terminology's prefix; one that is not known is kept as written.

    >>> canonical_prefix("SNOMEDCT_US_2020_03_01")
    'SNOMEDCT'
    """
    known = _CANONICAL.get(prefix.upper())
    return known or _CANONICAL.get(_VERSION.sub("", prefix.upper()), prefix)


def canonical_curie(reference: str) -> CURIE | None:
    """A CURIE or IRI as a CURIE with the canonical prefix; None if it is neither.

    >>> canonical_curie("MSH:D021782"), canonical_curie("http://snomed.info/id/22298006")
    ('MESH:D021782', 'SNOMEDCT:22298006')
    """
    reference = reference.strip()
    if reference.startswith(("http://", "https://")):
        return canonical_iri(reference)
    found = _CURIE.fullmatch(reference)
    if found is None or found[2].startswith("//"):
        return None
    return _joined(canonical_prefix(found[1]), found[2])


class DeclaredPrefixes:
    """Makes CURIEs as `canonical_curie` does, and beyond it with the prefixes that a file declares."""

    def __init__(self, declared: Mapping[str, str]) -> None:
        """`declared` gives the IRI beginning of each prefix; blank and unusable prefixes are passed over."""
        usable = {prefix: beginning for prefix, beginning in declared.items() if _PREFIX.fullmatch(prefix)}
        self._expansions = {
            prefix: beginning for prefix, beginning in usable.items() if _contracted(f"{beginning}1")
        }
        self._beginnings = sorted(usable.items(), key=lambda item: -len(item[1]))

    def curie(self, reference: str) -> CURIE | None:
        """A CURIE or IRI as a CURIE; None if it is neither.

        >>> DeclaredPrefixes({"sct": "http://snomed.info/id/", "ex": "http://x.org/"}).curie("http://x.org/a")
        'ex:a'
        """
        reference = reference.strip()
        prefix, _, local = reference.partition(":")
        if prefix in self._expansions and not local.startswith("//"):
            return canonical_curie(self._expansions[prefix] + local)
        if "://" in reference or prefix == "urn":
            return canonical_iri(reference) or self._declared(reference) or canonical_curie(reference)
        return canonical_curie(reference)

    def _declared(self, iri: str) -> CURIE | None:
        for prefix, beginning in self._beginnings:
            local = iri.removeprefix(beginning)
            if local != iri and _LOCAL.fullmatch(local):
                return _joined(canonical_prefix(prefix), local)
        return None


def canonical_iri(iri: str) -> CURIE | None:
    """An IRI as a CURIE; None if no known beginning is its own.

    >>> canonical_iri("http://snomed.info/id/22298006")
    'SNOMEDCT:22298006'
    """
    return _contracted(iri) if iri.startswith(("http://", "https://")) else None


def _contracted(iri: str) -> CURIE | None:
    found = _OBO.fullmatch(iri) or _OBO_WORD.fullmatch(iri)
    if found:
        return _joined(canonical_prefix(found[1]), found[2])
    plain = iri.replace("https://", "http://", 1)
    for beginning, prefix in _BEGINNINGS:
        local = plain.removeprefix(beginning)
        if local != plain and local and " " not in local:
            return _joined(prefix, local)
    return None


def _joined(prefix: str, local: str) -> CURIE:
    # OMIM's phenotypic series are written MIM:PS123456 by some and OMIMPS:123456 by others.
    if prefix == "OMIM" and local.startswith("PS"):
        return f"OMIMPS:{local[2:]}"
    return f"{prefix}:{local}"
