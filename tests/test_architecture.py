"""Imports go one way: loaders → graph ← linker, and api over all. Rooms keep out of what is not theirs."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("graph", "loaders", "linker", "api")

#: The rooms that each room may import, itself left out.
MAY_IMPORT: dict[str, set[str]] = {
    "graph": set(),
    "loaders": {"graph"},
    "linker": {"graph"},
    "api": {"graph", "loaders", "linker"},
}

WEB = {"strawberry", "starlette", "uvicorn", "httpx", "typer", "rich"}
MODELS = {"torch", "transformers", "sentence_transformers", "faiss", "datasets", "sklearn"}
#: The libraries that a room must know nothing of.
MUST_NOT_KNOW = {
    "graph": WEB | MODELS,
    "loaders": WEB | MODELS | {"ladybug", "neo4j"},
    "linker": WEB | {"ladybug", "neo4j"},
    "api": {"torch", "transformers", "sentence_transformers", "faiss", "ladybug", "neo4j"},
}


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imported(module: Path) -> Iterator[str]:
    """The top package of every import of a module, those inside functions and type checks included."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import; write it from the package's name"
            yield str(node.module).partition(".")[0]


def _imports_of(room: str, names: set[str]) -> list[str]:
    return [
        f"{module.relative_to(ROOT)} imports {name}"
        for module in modules(room)
        for name in imported(module)
        if name in names
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_below_it(room: str) -> None:
    forbidden = set(ROOMS) - MAY_IMPORT[room] - {room}
    assert not _imports_of(room, forbidden)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_keeps_out_of_what_is_not_its_own(room: str) -> None:
    assert not _imports_of(room, MUST_NOT_KNOW[room])


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    assert not [str(m) for room in ROOMS for m in modules(room) if m.stem in drawers]


def test_modules_stay_small() -> None:
    long = {
        str(m.relative_to(ROOT)): lines
        for room in ROOMS
        for m in modules(room)
        if (lines := len(m.read_text("utf-8").splitlines())) > 400
    }
    assert not long


def test_faiss_is_loaded_after_torch() -> None:
    own = ROOT / "linker" / "faiss_library.py"
    assert [module for room in ROOMS for module in modules(room) if "faiss" in imported(module)] == [own]
    loaded = "import sys, linker.pipeline; print([m for m in sys.modules if m in ('torch', 'faiss')])"
    told = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert told.stdout == "['torch', 'faiss']\n"
