"""The UMLS's own words: languages, and what its sources are called elsewhere.

Source: UMLS Reference Manual, "Abbreviations Used in Data Elements" (LAT), and the UMLS Source Vocabulary
Documentation (source abbreviations, and which sources are translations).
"""

from __future__ import annotations

import re
from types import MappingProxyType

from loaders.prefixes import canonical_prefix

#: LAT → BCP 47.
LANGUAGES: MappingProxyType[str, str] = MappingProxyType(
    {
        "ARA": "ar", "BAQ": "eu", "CHI": "zh", "CZE": "cs", "DAN": "da", "DUT": "nl", "ENG": "en", "EST": "et",
        "FIN": "fi", "FRE": "fr", "GER": "de", "GRE": "el", "HEB": "he", "HUN": "hu", "ITA": "it", "JPN": "ja",
        "KOR": "ko", "LAV": "lv", "NOR": "no", "POL": "pl", "POR": "pt", "RUS": "ru", "SCR": "hr", "SPA": "es",
        "SWE": "sv", "TUR": "tr", "UKR": "uk",
    }
)  # fmt: skip

#: SUPPRESS of rows that are left out: obsolete, suppressed by an editor, suppressed by term type.
SUPPRESSED = frozenset({"O", "E", "Y"})
#: REL of a row whose second concept is the parent of its first, or its child.
PARENT, CHILD = "PAR", "CHD"
#: RELA of rows that say is-a; another RELA of a parent or child (part_of) is a relation of its own.
IS_A = frozenset({"", "isa", "inverse_isa"})
#: What a source writes that has no code.
NO_CODE = "NOCODE"
#: The source whose atoms stand for the sources themselves, the roots of their hierarchies.
ROOTS = "SRC"
SNOMED = "SNOMEDCT_US"

#: Sources that write the codes of another one: SNOMED CT's editions and extensions, and translations.
_SAME_CODES = (
    (re.compile(r"SCTSPA|SNOMEDCT_\w+"), "SNOMEDCT"),
    (re.compile(r"NCI_\w+"), "NCI"),
    (re.compile(r"(LNC)[-_][A-Z_-]+"), "LNC"),
    (re.compile(r"(MSH|MDR|ICPC|WHO)[A-Z]{3}"), ""),
    (re.compile(r"(ICD10|ICPC2E|ICPC2P)(?:DUT|ENG)"), ""),
    (re.compile(r"(CPT)SP"), ""),
)


def system(source: str) -> str:
    """The prefix of the codes of a source, as everywhere in this graph.

    >>> system("SCTSPA"), system("MSHSPA"), system("LNC-ES-ES"), system("FMA")
    ('SNOMEDCT', 'MESH', 'LOINC', 'FMA')
    """
    for pattern, name in _SAME_CODES:
        found = pattern.fullmatch(source)
        if found:
            return canonical_prefix(name or found[1])
    return canonical_prefix(source)


def code_column(source: str) -> str:
    """The column that holds a source's codes: SCUI for SNOMED CT, whose concepts it names, else CODE."""
    return "SCUI" if system(source) == "SNOMEDCT" else "CODE"
