"""The SNOMED CT identifiers that RF2 itself is written with, and what they mean here.

Source: SNOMED CT Release File Specification, "Component Release Files Specification" and "Reference Set
Release Files Specification". All are SCTIDs, kept as text.
"""

from __future__ import annotations

from types import MappingProxyType

from graph.model import CURIE, SuccessionKind

PREFIX = "SNOMEDCT"

DEFINED = "900000000000073002"
FSN = "900000000000003001"
SYNONYM = "900000000000013009"
DEFINITION = "900000000000550004"
INFERRED = "900000000000011006"
IS_A = "116680003"
PREFERRED = "900000000000548007"
ACCEPTABLE = "900000000000549004"

#: Language refsets in order of preference, for a language (BCP 47, lower case) that may be asked for. Refsets
#: that are not listed come after these.
LANGUAGE_REFSETS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "es": ("448879004", "450828004", "5641000179103"),
        "es-es": ("448879004", "450828004", "5641000179103"),
        "es-419": ("450828004", "448879004", "5641000179103"),
        "es-uy": ("5641000179103", "450828004", "448879004"),
        "en": ("900000000000509007", "900000000000508004"),
        "en-us": ("900000000000509007", "900000000000508004"),
        "en-gb": ("900000000000508004", "900000000000509007"),
    }
)

#: Historical association refsets. What stands for what is as the file says: the referenced component first.
HISTORICAL: MappingProxyType[str, SuccessionKind] = MappingProxyType(
    {
        "900000000000527005": SuccessionKind.SAME_AS,
        "900000000000526001": SuccessionKind.REPLACED_BY,
        "900000000000523009": SuccessionKind.POSSIBLY_EQUIVALENT_TO,
        "900000000000528000": SuccessionKind.WAS_A,
        "900000000000529008": SuccessionKind.SIMILAR_TO,
        "900000000000530003": SuccessionKind.ALTERNATIVE,
        "900000000000524003": SuccessionKind.MOVED_TO,
        "900000000000525002": SuccessionKind.MOVED_FROM,
        "900000000000531004": SuccessionKind.REFERS_TO,
        "1186921001": SuccessionKind.POSSIBLY_REPLACED_BY,
        "1186924009": SuccessionKind.PARTIALLY_EQUIVALENT_TO,
    }
)

#: Map refset → the prefix of its targets. Another map's targets get `SCTMAP<refsetId>`.
MAP_SYSTEMS: MappingProxyType[str, str] = MappingProxyType(
    {
        "447562003": "ICD10",
        "446608001": "ICDO",
        "6011000124106": "ICD10CM",
        "447563008": "ICD9CM",
        "900000000000497000": "CTV3",
        "900000000000498005": "SNOMEDRT",
    }
)

#: A map row's correlationId → how its target compares with the concept.
CORRELATIONS: MappingProxyType[str, str] = MappingProxyType(
    {"447557004": "exact", "447558009": "broad", "447559001": "narrow"}
)


def curie(sctid: str) -> CURIE:
    """`SNOMEDCT:<sctid>`."""
    return f"{PREFIX}:{sctid}"
