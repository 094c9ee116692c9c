"""A training's state on disk, so that a killed one goes on as if nothing had happened."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linker.encoder import weights_hash
from linker.errors import TrainingError
from linker.training.corpus import TrainingCorpus

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder, SentenceTransformer

STATE_FILE = "state.pt"


class Checkpoint:
    """The state of the training that is to become the model folder `output`, in a hidden folder beside it.

    `fingerprint` is of all that decides the result: a state with another one is another training's.
    """

    def __init__(self, output: Path, fingerprint: str, every: int, file: str = STATE_FILE) -> None:
        self.folder = output.parent / f".{output.name}.training"
        self.every = every
        self._output, self._fingerprint, self._file = output, fingerprint, file

    def of_run(self, run: int) -> Checkpoint:
        """That of one of several runs of the training, counted from 0; the first has this one."""
        file = f"run-{run + 1}.pt" if run else STATE_FILE
        return Checkpoint(self._output, self._fingerprint, self.every, file)

    def load(self, device: str) -> dict[str, Any] | None:
        """What `save` wrote last; None where there is nothing. Raises TrainingError if it is another training's."""
        import torch

        path = self.folder / self._file
        if not path.is_file():
            return None
        try:
            state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
            fingerprint = state.pop("fingerprint")
        except Exception as error:  # torch raises many kinds for a file that is not its own
            raise TrainingError(
                f"{path} cannot be read as a training's state; delete {self.folder}."
            ) from error
        if fingerprint != self._fingerprint:
            raise TrainingError(
                f"{self.folder} holds a training with other data, options or starting weights; "
                "finish it with its own command, name another output, or delete the folder."
            )
        return state

    def save(self, state: Mapping[str, Any]) -> None:
        """Replace the state; a process killed meanwhile leaves the former one."""
        import torch

        self.folder.mkdir(parents=True, exist_ok=True)
        staging = self.folder / f"{self._file}.new"
        with staging.open("wb") as file:
            torch.save({**state, "fingerprint": self._fingerprint}, file)
            file.flush()
            os.fsync(file.fileno())
        staging.replace(self.folder / self._file)

    def remove(self) -> None:
        """Once the model is in its place."""
        shutil.rmtree(self.folder, ignore_errors=True)


def fingerprint(
    model: SentenceTransformer | CrossEncoder,
    corpus: TrainingCorpus,
    dev: tuple[tuple[str, tuple[str, ...]], ...],
    options: Mapping[str, Any],
) -> str:
    """SHA-256 over the starting weights, the strings and their ids, the dev mentions and the options."""
    digest = hashlib.sha256(weights_hash(model).encode())
    for part in (options, corpus.names, sorted(corpus.mentions), dev):
        digest.update(json.dumps(part, sort_keys=True, default=str).encode())
    for id in corpus.names:
        digest.update(f"{id} {sorted(corpus.lineage.ancestors(id))}".encode())
    return digest.hexdigest()
