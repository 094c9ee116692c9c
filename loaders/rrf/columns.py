"""The files of a UMLS Metathesaurus release and their columns.

Source: UMLS Reference Manual, "Metathesaurus - Rich Release Format (RRF)". MRFILES.RRF says the same of the
release that it comes with and has the last word.
"""

from __future__ import annotations

from types import MappingProxyType

CONCEPTS = "MRCONSO.RRF"
DEFINITIONS = "MRDEF.RRF"
TYPES = "MRSTY.RRF"
RELATIONS = "MRREL.RRF"
CONTEXTS = "MRHIER.RRF"
RANKS = "MRRANK.RRF"
SOURCES = "MRSAB.RRF"
FILES = "MRFILES.RRF"

#: What a release is written with where MRFILES.RRF does not say.
STANDARD: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        name: tuple(columns.split())
        for name, columns in {
            CONCEPTS: "CUI LAT TS LUI STT SUI ISPREF AUI SAUI SCUI SDUI SAB TTY CODE STR SRL SUPPRESS CVF",
            DEFINITIONS: "CUI AUI ATUI SATUI SAB DEF SUPPRESS CVF",
            TYPES: "CUI TUI STN STY ATUI CVF",
            RELATIONS: "CUI1 AUI1 STYPE1 REL CUI2 AUI2 STYPE2 RELA RUI SRUI SAB SL RG DIR SUPPRESS CVF",
            CONTEXTS: "CUI AUI CXN PAUI SAB RELA PTR HCD CVF",
            RANKS: "RANK SAB TTY SUPPRESS",
            SOURCES: "VCUI RCUI VSAB RSAB SON SF SVER VSTART VEND IMETA RMETA SLC SCC SRL TFR CFR CXTY TTYL "
            "ATNL LAT CENC CURVER SABIN SSN SCIT",
            FILES: "FIL DES FMT CLS RWS BTS",
        }.items()
    }
)

#: The files that are read, and the columns that each must have for it.
READ: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        name: tuple(columns.split())
        for name, columns in {
            SOURCES: "RSAB SVER CURVER",
            RANKS: "RANK SAB TTY",
            CONCEPTS: "CUI LAT TS STT ISPREF AUI SCUI SAB TTY CODE STR SUPPRESS",
            DEFINITIONS: "CUI ATUI SAB DEF SUPPRESS",
            TYPES: "CUI TUI STY",
            RELATIONS: "CUI1 REL CUI2 RELA SAB SUPPRESS",
            CONTEXTS: "CUI AUI PAUI SAB RELA",
        }.items()
    }
)
