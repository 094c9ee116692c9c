"""The notebooks of the documentation run from their first cell to their last, and show what they show."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "notebooks"


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    kept = nbformat.read(path, as_version=4)
    ran = nbformat.read(path, as_version=4)
    NotebookClient(
        ran, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    compared = 0
    for before, after in zip(kept.cells, ran.cells, strict=True):
        if before.cell_type == "code":
            for shown, expected in zip(_tables(after), _tables(before), strict=True):
                assert shown == expected
                compared += 1
    assert compared > 2


def _tables(cell: Any) -> list[str]:
    """What a cell shows as text. Scores may differ in their last digits from one processor to another."""
    texts = [
        output["data"]["text/plain"] for output in cell.outputs if output.output_type == "execute_result"
    ]
    return [re.sub(r"0\.\d+", "0.…", text) for text in texts]
