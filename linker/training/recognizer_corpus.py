"""What a recogniser is trained on: texts, the spans marked in them, and the types that annotators looked for in each.

Corpora annotate one type each, and some share documents. Of a document that nobody searched for a type nothing is
known of that type, and training leaves it open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from linker import brat
from linker.document_texts import read_texts
from linker.errors import MentionFileError, TrainingError
from linker.marked_spans import brat_texts, document_name, read_marked
from linker.mentions import is_held_out


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters `start` to `end` of a text are a mention of a type."""

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A document with what was marked in it. `types` are those that it was searched for.

    `doubtful` are marks whose text is another at their place: of what they cover nothing is known.
    """

    document: str
    text: str
    types: frozenset[str]
    marks: tuple[Mark, ...]
    doubtful: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class MarkedFiles:
    """The files of a corpus, as they are named to the training command.

    `marks` are mention files or brat's folders with the type of all their spans, or None where their labels are the
    types. `searched` are text files all of whose documents were searched for a type, with a mention or not.
    """

    marks: Sequence[tuple[str | None, Path]]
    texts: Sequence[Path] = ()
    searched: Sequence[tuple[str, Path]] = ()


@dataclass(frozen=True, slots=True)
class RecognizerCorpus:
    """Documents by name, training and dev, and what is in neither; `told` says of each file what it gave."""

    training: tuple[MarkedText, ...]
    dev: tuple[MarkedText, ...]
    types: tuple[str, ...]
    told: tuple[str, ...]
    left_out: frozenset[str] = frozenset()

    @property
    def documents(self) -> frozenset[str]:
        """All that are known by name, those left out too."""
        return self.left_out | {one.document for one in (*self.training, *self.dev)}

    @property
    def doubtful(self) -> int:
        """How many marks are not what their document has at their place."""
        return sum(len(one.doubtful) for one in (*self.training, *self.dev))


def gather(files: MarkedFiles, dev_share: float, left_out: Iterable[str] = ()) -> RecognizerCorpus:
    """Read everything. `left_out` are documents that neither training nor dev may hold.

    A document has one name with and without `es-`, and its side depends on that name alone. Of a document that several
    files have, the first text counts. Raises MentionFileError; TrainingError where a file or all of them give nothing.
    """
    left = {document_name(name) for name in left_out}
    texts: dict[str, str] = {}
    marks: dict[str, set[Mark]] = defaultdict(set)
    spans: dict[Mark, dict[str, str]] = defaultdict(dict)
    searched: dict[str, set[str]] = defaultdict(set)
    told = []
    for path in files.texts:
        read = read_texts([path])
        told.append(f"{len(read):,} texts of {path.name}")
        for name, text in read.items():
            texts.setdefault(document_name(name), text)
    for type, path in files.marks:
        count = 0
        own: dict[str, set[str]] = defaultdict(set)
        if path.is_dir():
            for name, text in brat_texts(path):
                texts.setdefault(document_name(name), text)
                own[document_name(name)] = set()
        for one in read_marked(path):
            label = type or one.label
            if not label:
                raise MentionFileError(
                    f"{path} has no labels; name the type of its spans, as `disorder={path}`."
                )
            name = document_name(one.document)
            mark = Mark(one.start, one.end, label)
            marks[name].add(mark)
            spans[mark][name] = one.span
            own[name].add(label)
            count += 1
        if not own:
            hint = "is no folder of brat's .ann files" if path.is_dir() else "has no spans"
            raise TrainingError(f"{path} {hint}; leave it out, or give another.")
        # Who annotated a corpus looked for its types in all of its documents.
        every = {type} if type else {label for labels in own.values() for label in labels}
        for name in own:
            searched[name] |= every
        told.append(f"{count:,} spans of {path.name} in {len(own):,} documents ({', '.join(sorted(every))})")
    for type, path in files.searched:
        for name in read_texts([path]):
            searched[document_name(name)].add(type)
    lacking = sorted(searched.keys() - texts.keys() - left)
    if lacking:
        raise TrainingError(
            f"{len(lacking):,} annotated documents have no text, among them {lacking[0]!r}; give their --texts."
        )
    whole = [
        _marked(name, texts[name], searched[name], marks[name], spans)
        for name in sorted(searched)
        if name not in left
    ]
    sides: tuple[list[MarkedText], list[MarkedText]] = ([], [])
    for document in whole:
        sides[is_held_out(document.document, dev_share)].append(document)
    types = tuple(sorted({type for one in whole for type in one.types}))
    if not any(one.marks for one in sides[0]):
        wrong = next(((one.document, mark) for one in whole for mark in one.doubtful), None)
        if wrong:
            name, mark = wrong
            raise TrainingError(
                f"No training document has its spans where they are said to be: {name!r} has not "
                f"{spans[mark][name]!r} from {mark.start} to {mark.end}; give the texts that were annotated."
            )
        raise TrainingError("No training document has a span; give mentions, or leave out fewer documents.")
    told.append(
        f"{len(sides[0]):,} documents to train on, {len(sides[1]):,} to choose on, "
        f"{len(left & searched.keys()):,} left out of both"
    )
    return RecognizerCorpus(tuple(sides[0]), tuple(sides[1]), types, tuple(told), frozenset(left))


def _marked(
    name: str, text: str, types: set[str], marks: set[Mark], spans: Mapping[Mark, Mapping[str, str]]
) -> MarkedText:
    right: list[Mark] = []
    doubtful: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end, mark.type)):
        there = text[mark.start : mark.end].split()
        given = spans[mark][name].split()
        # A span in pieces is given as its pieces, and stands for all from the first to the last.
        same = there == given or (len(there) > len(given) and _in_order(given, there))
        (right if same else doubtful).append(mark)
    return MarkedText(name, text, frozenset(types), tuple(right), tuple(doubtful))


def _in_order(words: Sequence[str], among: Sequence[str]) -> bool:
    rest = iter(among)
    return all(any(one == word for one in rest) for word in words)


def documents_of(paths: Iterable[Path]) -> set[str]:
    """The documents that files name, as `gather` is to leave them out.

    Of a text file (JSON Lines, gzip or not) those of its texts; of brat's folder its files; of any other file the first
    column of each line. Raises MentionFileError.
    """
    found: set[str] = set()
    for path in paths:
        if path.is_dir():
            found.update(file.stem for file in brat.files(path))
        elif path.name.removesuffix(".gz").endswith((".jsonl", ".json")):
            found.update(read_texts([path]))
        else:
            try:
                lines = path.read_text("utf-8-sig").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise MentionFileError(f"{path} cannot be read: {error}.") from None
            found.update(line.split("\t")[0].strip() for line in lines if line.strip())
    return {document_name(name) for name in found}
