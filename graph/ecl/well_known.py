"""The SNOMED CT identifiers that the Expression Constraint Language itself gives a meaning.

Sources: SNOMED International, "Expression Constraint Language - Specification and Guide", 6.8 (types,
acceptability), 6.9 (definition status), 6.11 (history profiles) and Appendix C (dialect aliases).
"""

from __future__ import annotations

from types import MappingProxyType

from graph.ecl.syntax import HistoryProfile
from graph.model import CURIE, SuccessionKind, TermKind

PREFIX = "SNOMEDCT"


def curie(sctid: str) -> CURIE:
    """`SNOMEDCT:<sctid>`."""
    return f"{PREFIX}:{sctid}"


def id_of_code(code: str) -> CURIE:
    """The id of a code as people write it: `73211009`, `HP:0001658` and `HP#0001658` are all well understood."""
    if code.isdigit():
        return curie(code)
    return code if ":" in code else code.replace("#", ":", 1)


ROOT = curie("138875005")
#: How SNOMED CT names the relation type `graph.model.IS_A`.
IS_A = curie("116680003")

DEFINED, PRIMITIVE = curie("900000000000073002"), curie("900000000000074008")
PREFERRED, ACCEPTABLE = curie("900000000000548007"), curie("900000000000549004")

#: All reference sets are below the first; of them, those below the second are simple: members and no more.
REFERENCE_SET, SIMPLE_REFERENCE_SET = curie("900000000000455006"), curie("446609009")

#: The kinds of terms of each description type.
DESCRIPTION_TYPES: MappingProxyType[CURIE, frozenset[TermKind]] = MappingProxyType(
    {
        curie("900000000000003001"): frozenset({TermKind.FSN}),
        curie("900000000000013009"): frozenset({TermKind.PREFERRED, TermKind.SYNONYM}),
        curie("900000000000550004"): frozenset({TermKind.DEFINITION}),
    }
)

#: The historical association refset of each kind of succession.
ASSOCIATIONS: MappingProxyType[SuccessionKind, CURIE] = MappingProxyType(
    {
        SuccessionKind.SAME_AS: curie("900000000000527005"),
        SuccessionKind.REPLACED_BY: curie("900000000000526001"),
        SuccessionKind.POSSIBLY_REPLACED_BY: curie("1186921001"),
        SuccessionKind.POSSIBLY_EQUIVALENT_TO: curie("900000000000523009"),
        SuccessionKind.PARTIALLY_EQUIVALENT_TO: curie("1186924009"),
        SuccessionKind.ALTERNATIVE: curie("900000000000530003"),
        SuccessionKind.WAS_A: curie("900000000000528000"),
        SuccessionKind.SIMILAR_TO: curie("900000000000529008"),
        SuccessionKind.MOVED_TO: curie("900000000000524003"),
        SuccessionKind.MOVED_FROM: curie("900000000000525002"),
        SuccessionKind.REFERS_TO: curie("900000000000531004"),
    }
)

#: The kinds of succession that each history profile follows.
PROFILES: MappingProxyType[HistoryProfile, frozenset[SuccessionKind]] = MappingProxyType(
    {
        HistoryProfile.MINIMUM: frozenset({SuccessionKind.SAME_AS}),
        HistoryProfile.MODERATE: frozenset(
            {
                SuccessionKind.SAME_AS,
                SuccessionKind.REPLACED_BY,
                SuccessionKind.WAS_A,
                SuccessionKind.PARTIALLY_EQUIVALENT_TO,
            }
        ),
        HistoryProfile.MAXIMUM: frozenset(SuccessionKind),
        HistoryProfile.ANY: frozenset(SuccessionKind),
    }
)

#: Language refsets by alias. Those of Appendix C, and Spain's, which has none there, as `es-es`.
DIALECTS: MappingProxyType[str, CURIE] = MappingProxyType(
    {
        alias: curie(sctid)
        for alias, sctid in {
            "da-dk": "554461000005103",
            "de": "722130004",
            "en-au": "32570271000036106",
            "en-ca": "19491000087109",
            "en-gb": "900000000000508004",
            "en-ie": "21000220103",
            "en-nz": "271000210107",
            "en-us": "900000000000509007",
            "es": "450828004",
            "es-es": "448879004",
            "es-uy": "5641000179103",
            "et-ee": "71000181105",
            "fr": "722131000",
            "fr-be": "21000172104",
            "fr-ca": "20581000087109",
            "ja": "722129009",
            "nb-no": "61000202103",
            "nl-be": "31000172101",
            "nl-nl": "31000146106",
            "nn-no": "91000202106",
            "sv-se": "46011000052107",
            "zh": "722128001",
        }.items()
    }
)
