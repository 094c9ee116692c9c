"""What `enlace annotate` and `enlace evaluate-documents` annotate with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from api.errors import ArgumentRejected
from linker.shipped import SHIPPED, recognizer_source

if TYPE_CHECKING:
    from linker.annotation.annotator import Annotator
    from linker.annotation.model import Document, Recognizer
    from linker.pipeline import Linker

DICTIONARY = "dictionary"
BOTH = "both"
"""The shipped recogniser and the dictionary: what finds mentions where nothing is named."""
SYSTEMS = (DICTIONARY, SHIPPED, BOTH)
"""What is measured beside each other where nothing is named."""
_BOTH = (SHIPPED, DICTIONARY)


def told_recognizers(names: Sequence[str]) -> str:
    """The recognisers of those names as the record of a run tells them: folders with the digest of their files."""
    from graph.manifest import sha256_of

    told = []
    for part in _parts(names):
        folder = Path(recognizer_source(part))
        digest = hashlib.sha256()
        for path in sorted(folder.rglob("*")) if part != DICTIONARY and folder.is_dir() else ():
            if path.is_file():
                digest.update(f"{path.relative_to(folder)} {sha256_of(path)}\n".encode())
        told.append(f"{part} {digest.hexdigest()[:16]}" if folder.is_dir() and part != DICTIONARY else part)
    return ", ".join(told)


def recognizers_of(names: Sequence[str], index_folder: Path) -> list[Recognizer]:
    """The recognisers of those names, without repetition. `+` joins several in one name.

    A model is computed in bfloat16 where the index is.

    Raises ArgumentRejected for a name of none, and what opening them raises.
    """
    return [_recognizer(name, index_folder) for name in _parts(names)]


def systems_of(names: Sequence[str], index_folder: Path) -> dict[str, list[Recognizer]]:
    """What each name stands for, to be measured beside each other; a recogniser that several have is opened once.

    Raises what `recognizers_of` raises.
    """
    systems = {name: _parts([name]) for name in names or SYSTEMS}
    opened = {part: _recognizer(part, index_folder) for part in _parts(systems)}
    return {name: [opened[part] for part in parts] for name, parts in systems.items()}


def unknown_recognizer(names: Iterable[str]) -> str | None:
    """The first name that can be no recogniser's; None where there is none."""
    return next(
        (
            name
            for name in _parts(names)
            if name not in (DICTIONARY, SHIPPED) and "/" not in name and not Path(name).is_dir()
        ),
        None,
    )


def _parts(names: Iterable[str]) -> list[str]:
    """The names of single recognisers, each once."""
    parts = (part for name in names for part in name.split("+"))
    return list(dict.fromkeys(one for part in parts for one in (_BOTH if part == BOTH else (part,))))


def _placed(name: str) -> str:
    return str(Path(name).resolve()) if name not in SYSTEMS and Path(name).is_dir() else name


def _recognizer(name: str, index_folder: Path) -> Recognizer:
    from linker.annotation.dictionary import Dictionary

    if name == DICTIONARY:
        return Dictionary.open(index_folder)
    if unknown_recognizer([name]):
        raise ArgumentRejected(
            "recognizer",
            f"There is no recogniser {name!r}; give `{DICTIONARY}`, `{SHIPPED}`, `{BOTH}`, a model's folder or its "
            "Hugging Face id.",
        )
    from linker.annotation.recognizer import TokenRecognizer
    from linker.encoder import BFLOAT16, FULL
    from linker.index_manifest import IndexManifest

    # In 8-bit integers a recogniser would be no faster.
    lower = IndexManifest.read(index_folder).encoder.precision == BFLOAT16
    return TokenRecognizer.open(recognizer_source(name), precision=BFLOAT16 if lower else FULL)


@dataclass(frozen=True, slots=True)
class AnnotateOptions:
    """How documents are annotated. Without recognisers only the mentions that documents bring are linked."""

    recognizers: tuple[str, ...] = (BOTH,)
    top: int = 5
    min_probability: float | None = None

    def placed(self) -> AnnotateOptions:
        """The same for a process in another folder: the folders of recognisers are named from the root on."""
        return replace(self, recognizers=tuple(map(_placed, _parts(self.recognizers))))


def annotator_of(index_folder: Path, options: AnnotateOptions, linker: Callable[[], Linker]) -> Annotator:
    """What annotates with an index. `linker` is asked last: a wrong name is told before its models are opened.

    Raises what opening an index and recognisers raises.
    """
    from linker.annotation.annotator import Annotator
    from linker.annotation.context import ContextRules
    from linker.index_manifest import IndexManifest

    IndexManifest.read(index_folder)
    return Annotator(
        recognizers_of(options.recognizers, index_folder),
        ContextRules.open(),
        linker(),
        top_k=options.top,
        min_probability=options.min_probability,
    )


@contextmanager
def opened_annotator(index_folder: Path, options: AnnotateOptions) -> Iterator[Annotator]:
    """What annotates with an index and a linker of its own. Raises what opening them raises."""
    from linker.pipeline import Linker

    with ExitStack() as until:
        yield annotator_of(
            index_folder, options, lambda: until.enter_context(closing(Linker.open(index_folder)))
        )


@dataclass(frozen=True, slots=True)
class AnnotateWork:
    """Annotating as the work of a worker: a batch is what `batch_text` gives, its answer the lines of its documents."""

    home: str
    release: str
    options: AnnotateOptions

    def open(self) -> Callable[[str], str]:
        """Open models and index; they stay open as long as the worker lives."""
        from api.quiet import quieten_model_libraries
        from api.ray_engine import home_on_node
        from graph.release import INDEX_FOLDER
        from linker.annotation.records import json_line

        quieten_model_libraries()
        folder = home_on_node(self.home, self.release).folder(self.release)
        annotator = opened_annotator(folder / INDEX_FOLDER, self.options).__enter__()
        return lambda batch: "".join(map(json_line, annotator.annotate_batch(documents_of(batch))))


def batch_text(documents: Sequence[Document]) -> str:
    """A batch of documents as text, for a worker elsewhere."""
    from linker.annotation.records import span_record

    return json.dumps([(one.id, one.text, list(map(span_record, one.spans))) for one in documents])


def documents_of(batch: str) -> list[Document]:
    """What `batch_text` was given."""
    from linker.annotation.model import Document
    from linker.annotation.records import span_of

    return [Document(id, text, tuple(map(span_of, spans))) for id, text, spans in json.loads(batch)]
