"""What a trained model's folder holds besides weights: half-precision files, settings, a model card."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph.whole_files import put_in_place, write_whole
from linker.encoder import SETTINGS_FILE

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder, SentenceTransformer
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What `README.md` of a model folder says. `facts` and `figures` are printed as they come, a row each."""

    title: str
    purpose: str
    command: Sequence[str]
    data: Sequence[str]
    facts: Mapping[str, Any]
    figures: Sequence[str] = ()
    task: str = "entity-linking"

    def text(self) -> str:
        """Markdown, with the front matter that Hugging Face reads."""
        rows = "\n".join(f"| {key} | {value} |" for key, value in self.facts.items())
        data = "\n".join(f"- {line}" for line in self.data)
        figures = "\n".join(self.figures) or "See `docs/results.md`."
        return (
            f"---\nlanguage: [es, en]\nlicense: apache-2.0\ntags: [medical, {self.task}]\n---\n\n"
            f"# {self.title}\n\n{self.purpose}\n\n"
            f"Trained by Enlace {version('enlace')} on {datetime.now(UTC):%Y-%m-%d} with\n\n"
            f"```\n{shlex.join(self.command)}\n```\n\n"
            f"## Data\n\n{data}\n\n## How\n\n| | |\n| --- | --- |\n{rows}\n\n## Figures\n\n{figures}\n"
        )


def save_model(
    model: SentenceTransformer | CrossEncoder, folder: Path, settings: Mapping[str, Any], card: ModelCard
) -> None:
    """Write weights (float16 safetensors), tokeniser, `enlace.json` and `README.md` into `folder`.

    The folder is built beside its place and swapped in, so that a model that was there stays until then.
    """
    with replaced(folder) as staging:
        model.half().save_pretrained(str(staging), create_model_card=False)
        model.float()
        write_settings(staging, settings)
        (staging / "README.md").write_text(card.text(), "utf-8")


def save_plain_model(
    model: PreTrainedModel, tokenizer: Any, folder: Path, settings: Mapping[str, Any], card: ModelCard
) -> None:
    """As `save_model`, of a model and a tokeniser of transformers."""
    with replaced(folder) as staging:
        model.half().save_pretrained(staging)
        model.float()
        tokenizer.save_pretrained(staging)
        write_settings(staging, settings)
        (staging / "README.md").write_text(card.text(), "utf-8")


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside `folder` that takes its place at the end, unless something is raised."""
    staging = folder.parent / f".{folder.name}.new"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    yield staging
    put_in_place(staging, folder)


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Write `enlace.json`; one that is there stays until it is whole."""
    text = json.dumps(dict(settings), ensure_ascii=False, indent=2)
    write_whole(folder / SETTINGS_FILE, f"{text}\n".encode())
