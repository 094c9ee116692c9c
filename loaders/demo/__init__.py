"""The demonstration terminology: Spanish clinical medicine in 1,400 concepts, written for Enlace.

Its identifiers are in a made-up namespace (9999999) that SNOMED International has NOT allocated: they are
for demonstration only. It is not medical advice, and it is not SNOMED CT.
"""

from __future__ import annotations

from pathlib import Path

from loaders.demo.release import EDITION, rows
from loaders.demo.soundness import check
from loaders.demo.source import NAMESPACE, DemoConcept, DemoSourceError, read
from loaders.rf2_writer import write_snapshot

__all__ = ["EDITION", "NAMESPACE", "DemoConcept", "DemoSourceError", "concepts", "render"]


def concepts() -> tuple[DemoConcept, ...]:
    """Read the terminology's YAML files and check them as a whole, in order of item number.

    Raises `DemoSourceError`, naming the file and the entry that breaks a rule.
    """
    found = read()
    check(found)
    return found


def render(folder: Path, *, zipped: bool = False) -> Path:
    """Write the terminology into `folder` as an RF2 snapshot package and return the package's path.

    The package is a folder, or a zip file where `zipped`; the bytes are the same at every rendering.
    """
    return write_snapshot(folder, EDITION, rows(concepts()), zipped=zipped)
