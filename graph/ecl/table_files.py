"""The compiled tables on disk: one `.npy` an array, two Arrow files, and `ecl.json`, all memory-mapped on opening.

They are made from the release and can be made again: what is missing, cut, of another release or of another
version is told as stale, not as damage.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graph.ecl.rows import RowIndex, Runs
from graph.ecl.tables import Attributes, Concepts, Descriptions, RefsetRows, Tables
from graph.ecl.universe import Universe
from graph.sorted_ids import SortedIds

#: Raised by one whenever the files change their meaning.
SCHEMA_VERSION = 2

_ABOUT = "ecl.json"
_Array = NDArray[Any]


class Stale(Exception):
    """The files are not those of this release and this version, whole."""


def write(folder: Path, universe: Universe, tables: Tables, identity: str) -> None:
    """Write all files into `folder`, which is there; `ecl.json` comes last. `identity` names the release."""
    arrays = _arrays(universe, tables)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    descriptions, attributes = tables.descriptions, tables.attributes
    _write_arrow(folder / "terms.arrow", {"text": descriptions.texts})
    _write_arrow(folder / "words.arrow", {"word": descriptions.words, "folded": descriptions.folded})
    about = {
        "schema_version": SCHEMA_VERSION,
        "release": identity,
        "arrays": {name: [array.dtype.str, len(array)] for name, array in arrays.items()},
        "terms": len(descriptions.texts),
        "words": len(descriptions.words),
        "values": attributes.values,
        "attribute_groups": attributes.attribute_groups,
        "is_a": attributes.is_a,
        "language_names": descriptions.language_names,
        "held_by": descriptions.held_by,
    }
    (folder / _ABOUT).write_text(json.dumps(about, ensure_ascii=False) + "\n", encoding="utf-8")


def read(folder: Path, active: SortedIds, identity: str) -> tuple[Universe, Tables]:
    """Map what `write` wrote for the release `identity`, whose hierarchy has the ids `active`. Raises Stale."""
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        if about["schema_version"] != SCHEMA_VERSION or about["release"] != identity:
            raise Stale("of another release or version")
        arrays = {name: _map(folder / f"{name}.npy", *said) for name, said in about["arrays"].items()}
        terms = _read_arrow(folder / "terms.arrow", about["terms"])
        words = _read_arrow(folder / "words.arrow", about["words"])
        universe = Universe(active, SortedIds(arrays["retired"]), SortedIds(arrays["others"]))
        return universe, _tables(arrays.__getitem__, about, terms, words)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowInvalid) as error:
        raise Stale(str(error)) from error


def _arrays(universe: Universe, tables: Tables) -> Mapping[str, _Array]:
    concepts, attributes, refsets = tables.concepts, tables.attributes, tables.refset_rows
    descriptions = tables.descriptions
    return {
        "retired": universe.parts[1].array,
        "others": universe.parts[2].array,
        "concepts.defined": concepts.defined,
        "concepts.modules": concepts.modules,
        "concepts.times": concepts.times,
        "attributes.sources": attributes.sources,
        "attributes.types": attributes.types,
        "attributes.targets": attributes.targets,
        "attributes.groups": attributes.groups,
        "attributes.type_numbers": attributes.type_numbers,
        "attributes.group_sources": attributes.group_sources,
        "attributes.by_source": attributes.by_source.offsets,
        "attributes.by_type": attributes.by_type.rows,
        "attributes.by_type.offsets": attributes.by_type.offsets,
        "attributes.by_target": attributes.by_target.rows,
        "attributes.by_target.offsets": attributes.by_target.offsets,
        "attributes.group_counts": attributes.group_counts,
        "refsets": refsets.refsets,
        "refsets.runs": refsets.runs.offsets,
        "refsets.members": refsets.members,
        "refsets.targets": refsets.targets,
        "terms.concepts": descriptions.concepts,
        "terms.kinds": descriptions.kinds,
        "terms.languages": descriptions.languages,
        "terms.dialects": descriptions.dialects,
        "terms.by_concept": descriptions.by_concept.offsets,
        "terms.by_word": descriptions.by_word.rows,
        "terms.by_word.offsets": descriptions.by_word.offsets,
    }


def _tables(
    get: Callable[[str], _Array], about: Mapping[str, Any], terms: pa.Table, words: pa.Table
) -> Tables:
    return Tables(
        concepts=Concepts(get("concepts.defined"), get("concepts.modules"), get("concepts.times")),
        attributes=Attributes(
            sources=get("attributes.sources"),
            types=get("attributes.types"),
            targets=get("attributes.targets"),
            groups=get("attributes.groups"),
            type_numbers=get("attributes.type_numbers"),
            group_sources=get("attributes.group_sources"),
            values=tuple(about["values"]),
            attribute_groups=int(about["attribute_groups"]),
            is_a=int(about["is_a"]),
            by_source=Runs(get("attributes.by_source")),
            by_type=RowIndex(get("attributes.by_type.offsets"), get("attributes.by_type")),
            by_target=RowIndex(get("attributes.by_target.offsets"), get("attributes.by_target")),
            group_counts=get("attributes.group_counts"),
        ),
        refset_rows=RefsetRows(
            get("refsets"), Runs(get("refsets.runs")), get("refsets.members"), get("refsets.targets")
        ),
        descriptions=Descriptions(
            concepts=get("terms.concepts"),
            kinds=get("terms.kinds"),
            languages=get("terms.languages"),
            dialects=get("terms.dialects"),
            language_names=tuple(about["language_names"]),
            held_by=tuple(
                tuple((int(refset), bool(preferred)) for refset, preferred in some)
                for some in about["held_by"]
            ),
            texts=_column(terms, "text"),
            words=_column(words, "word"),
            folded=_column(words, "folded"),
            by_concept=Runs(get("terms.by_concept")),
            by_word=RowIndex(get("terms.by_word.offsets"), get("terms.by_word")),
        ),
    )


def _map(path: Path, dtype: str, length: int) -> _Array:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.shape != (length,) or array.dtype.str != dtype:
        raise Stale(f"{path.name} is not what {_ABOUT} says")
    # As a plain array: np.memmap's own slicing is several times slower.
    return np.asarray(array)


def _write_arrow(path: Path, columns: Mapping[str, pa.Array]) -> None:
    table = pa.table(dict(columns))
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table)


def _read_arrow(path: Path, length: int) -> pa.Table:
    table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    if table.num_rows != length:
        raise Stale(f"{path.name} is not what {_ABOUT} says")
    return table


def _column(table: pa.Table, name: str) -> pa.Array:
    # Written as one batch, so that nothing is copied here.
    chunks = table[name].chunks
    return chunks[0] if len(chunks) == 1 else table[name].combine_chunks()
