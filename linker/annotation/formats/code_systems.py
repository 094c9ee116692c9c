"""The addresses by which FHIR names terminologies, and how it writes their codes."""

from __future__ import annotations

from types import MappingProxyType

from graph.model import CURIE
from graph.namespaces import LOCAL, OBO_PREFIXES

_SYSTEMS: MappingProxyType[str, str] = MappingProxyType(
    {
        "SNOMEDCT": "http://snomed.info/sct",
        "UMLS": "http://www.nlm.nih.gov/research/umls",
        "LOINC": "http://loinc.org",
        "ICD10": "http://hl7.org/fhir/sid/icd-10",
        "ICD10CM": "http://hl7.org/fhir/sid/icd-10-cm",
        "ICDO": "http://terminology.hl7.org/CodeSystem/icd-o-3",
        "MESH": "http://terminology.hl7.org/CodeSystem/MSH",
        "MEDDRA": "http://terminology.hl7.org/CodeSystem/mdr",
        "OMIM": "http://www.omim.org",
        "ORPHA": "http://www.orpha.net",
        "EFO": "http://www.ebi.ac.uk/efo/efo.owl",
    }
)
#: Whose codes are CURIEs with their prefix, besides the OBO ontologies.
_WITH_PREFIX = frozenset({"EFO"})


def system_and_code(id: CURIE) -> tuple[str, str]:
    """The system of a concept and its code there. What has no address of its own gets one that begins `urn:enlace:`.

    >>> system_and_code("SNOMEDCT:22298006"), system_and_code("HP:0001658")
    (('http://snomed.info/sct', '22298006'), ('http://purl.obolibrary.org/obo/hp.owl', 'HP:0001658'))
    """
    prefix, _, code = id.partition(":")
    if prefix in OBO_PREFIXES:
        return f"http://purl.obolibrary.org/obo/{prefix.lower()}.owl", id
    system = _SYSTEMS.get(prefix) or LOCAL + (prefix or "codes")
    return system, id if prefix in _WITH_PREFIX else code or id
