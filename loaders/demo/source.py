"""Reading the demonstration terminology's YAML files: one list of entries a file.

An entry as a physician reads and corrects it (README.md of this folder explains every key):

    - item: 3101
      fsn: insuficiencia renal aguda (trastorno)
      synonyms: [fracaso renal agudo, IRA, FRA]
      english: [acute kidney injury, AKI]
      parents: [insuficiencia renal]
      finding_site: [riñón]
      icd10: [N17.9]

Concepts refer to each other by preferred term.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from loaders.errors import LoadError
from loaders.sctid import ComponentKind, make

#: A made-up namespace. SNOMED International has NOT allocated it: identifiers in it are for demonstration
#: only and mean nothing outside this terminology.
NAMESPACE = "9999999"

MAX_ITEM = 99_999  # five digits leave three for the descriptions of a concept: see `release.py`

#: Keys of an entry that name an attribute, and the SNOMED CT attribute each stands for.
ATTRIBUTES = {
    "finding_site": "363698007",
    "morphology": "116676008",
    "causative_agent": "246075003",
    "clinical_course": "263502005",
    "due_to": "42752001",
    "method": "260686004",
    "procedure_site": "405813007",
    "direct_substance": "363701004",
}

#: Why a concept was retired: the values of the concept inactivation refset that the entries use.
RETIREMENT_REASONS = {
    "duplicado": "900000000000482003",
    "anticuado": "900000000000483008",
    "ambiguo": "900000000000484002",
    "erróneo": "900000000000485001",
}

#: Keys that name what stands for a retired concept, and the historical association refset of each.
ASSOCIATIONS = {
    "same_as": "900000000000527005",
    "replaced_by": "900000000000526001",
    "possibly_equivalent_to": "900000000000523009",
}

_FSN = re.compile(r"(?P<name>\S.*?) \((?P<tag>[^()]+)\)")
_ICD10 = re.compile(r"[A-Z][0-9]{2}(\.[0-9])?")
_TEXT_KEYS = {"fsn", "preferred", "definition", "retired", "sctid"}
_LIST_KEYS = {"synonyms", "english", "parents", "icd10", *ATTRIBUTES, *ASSOCIATIONS}
_KEYS = {"item", "defined", *_TEXT_KEYS, *_LIST_KEYS}


class DemoSourceError(LoadError):
    """An entry of a YAML file breaks a rule; the text names the file and the entry."""


@dataclass(frozen=True, slots=True)
class DemoConcept:
    """An entry. Other concepts are named by preferred term; `attributes` and `successors` keep the keys used.

    `origin` is the file and entry, for messages; `retired` is the reason, or empty.
    """

    item: int
    sctid: str
    name: str
    tag: str
    preferred: str
    origin: str
    synonyms: tuple[str, ...] = ()
    english: tuple[str, ...] = ()
    definition: str = ""
    parents: tuple[str, ...] = ()
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    icd10: tuple[str, ...] = ()
    defined: bool = False
    retired: str = ""
    successors: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def fsn(self) -> str:
        """The fully specified name: the name and its semantic tag in brackets."""
        return f"{self.name} ({self.tag})"


def read(folder: Traversable | None = None) -> tuple[DemoConcept, ...]:
    """Read every `*.yaml` of `folder` (the data of this package by default), in order of item number.

    Raises `DemoSourceError` for the first entry that cannot be understood. Whether the entries agree with
    each other is for `soundness.check`.
    """
    place = folder if folder is not None else files(__package__)
    sources = sorted((file for file in place.iterdir() if file.name.endswith(".yaml")), key=lambda f: f.name)
    found = [concept for file in sources for concept in parse(file.read_text("utf-8"), file.name)]
    return tuple(sorted(found, key=lambda concept: concept.item))


def parse(text: str, file_name: str) -> Iterator[DemoConcept]:
    """Parse one file's text. Raises `DemoSourceError` as `read` does."""
    try:
        entries = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise DemoSourceError(f"{file_name} is not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(entries, list):
        raise DemoSourceError(f"{file_name} should be a list of entries, each beginning with `- item:`.")
    for position, entry in enumerate(entries, start=1):
        yield _concept(entry, file_name, position)


def _concept(entry: Any, file_name: str, position: int) -> DemoConcept:
    origin = f"{file_name}, entry {position}"
    if not isinstance(entry, dict):
        raise DemoSourceError(f"{origin}: an entry is a list of keys and values, not {entry!r}.")
    item = entry.get("item")
    if not isinstance(item, int) or not 1 <= item <= MAX_ITEM:
        raise DemoSourceError(f"{origin}: `item` should be a number from 1 to {MAX_ITEM}, not {item!r}.")
    origin = f"{file_name}, item {item}"
    _check_keys(entry, origin)
    name, tag = _split_fsn(_text(entry, "fsn", origin), origin)
    lists = {key: _list(entry, key, origin) for key in _LIST_KEYS if key in entry}
    for code in lists.get("icd10", ()):
        if not _ICD10.fullmatch(code):
            raise DemoSourceError(f"{origin}: {code!r} is not an ICD-10 code such as N17.9.")
    return DemoConcept(
        item=item,
        sctid=_text(entry, "sctid", origin) or make(ComponentKind.CONCEPT, item, NAMESPACE),
        name=name,
        tag=tag,
        preferred=_text(entry, "preferred", origin) or name,
        origin=origin,
        synonyms=lists.get("synonyms", ()),
        english=lists.get("english", ()),
        definition=_text(entry, "definition", origin),
        parents=lists.get("parents", ()),
        attributes=tuple((key, lists[key]) for key in ATTRIBUTES if key in lists),
        icd10=lists.get("icd10", ()),
        defined=bool(entry.get("defined", False)),
        retired=_text(entry, "retired", origin),
        successors=tuple((key, lists[key]) for key in ASSOCIATIONS if key in lists),
    )


def _check_keys(entry: dict[Any, Any], origin: str) -> None:
    unknown = [str(key) for key in entry if key not in _KEYS]
    if unknown:
        raise DemoSourceError(
            f"{origin}: {_listed(unknown)} is no key; the keys are {_listed(sorted(_KEYS))}."
        )
    reason = entry.get("retired")
    if reason is not None and reason not in RETIREMENT_REASONS:
        raise DemoSourceError(
            f"{origin}: `retired` should be one of {_listed(RETIREMENT_REASONS)}, not {reason!r}."
        )


def _split_fsn(fsn: str, origin: str) -> tuple[str, str]:
    match = _FSN.fullmatch(fsn)
    if match is None:
        raise DemoSourceError(f"{origin}: `fsn` should end with a semantic tag in brackets, but is {fsn!r}.")
    return match["name"], match["tag"]


def _text(entry: dict[Any, Any], key: str, origin: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str) or value != " ".join(value.split()):
        raise DemoSourceError(
            f"{origin}: `{key}` should be text on one line, not {value!r}; quote it if need be."
        )
    return value


def _list(entry: dict[Any, Any], key: str, origin: str) -> tuple[str, ...]:
    value = entry[key]
    if not isinstance(value, list) or not value:
        raise DemoSourceError(f"{origin}: `{key}` should be a list in square brackets, not {value!r}.")
    # YAML reads a bare `no` as false and `1.0` as a number: a term must be quoted then.
    for element in value:
        if not isinstance(element, str) or not element or element != " ".join(element.split()):
            raise DemoSourceError(f"{origin}: `{key}` holds {element!r}, which should be text; quote it.")
    return tuple(value)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
