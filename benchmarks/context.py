"""How well the rules of context do on mentions labelled by hand.

    python -m benchmarks.context --data ../shared/data [--misses development] [--json DIR]

`tests/linker/data/contexts-*.tsv` name mentions of the open corpora by document and offsets, and what their text says
of each. The development part was looked at while rules were written; the test part was labelled before the rules were
run on it, and no rule was changed by it. Precision and recall are of mentions, each assertion on its own.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from linker.annotation.context import ContextRules
from linker.annotation.model import Assertion, MentionContext, Source, Span
from linker.annotation.sentences import sentences
from linker.document_texts import read_texts

LABELS = Path(__file__).parents[1] / "tests" / "linker" / "data"
PARTS = ("development", "test")
TEXTS = {
    "codiesp": ("codiesp/texts.jsonl.gz",),
    "distemist": ("distemist/texts.jsonl.gz",),
    "cantemist": tuple(f"cantemist/{part}.texts.jsonl.gz" for part in ("train-set", "dev-set1", "dev-set2")),
}
AFFIRMED = "affirmed"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A mention of a corpus with what its text says of it; none is affirmed, of the patient, and now."""

    corpus: str
    document: str
    span: Span
    said: frozenset[Assertion]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was found of an assertion that so many mentions have."""

    mentions: int
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)


def labelled(part: str) -> list[Labelled]:
    """The mentions of a part, as they are in its file."""
    with (LABELS / f"contexts-{part}.tsv").open(encoding="utf-8", newline="") as file:
        return [
            Labelled(
                row["corpus"],
                row["document"],
                Span(int(row["start"]), int(row["end"]), row["type"], Source.GIVEN),
                frozenset(Assertion(one) for one in row["assertions"].split(",") if one),
            )
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


def texts_of(data: Path) -> dict[str, dict[str, str]]:
    """The documents of each corpus."""
    return {corpus: read_texts(data / name for name in names) for corpus, names in TEXTS.items()}


def contexts(
    rules: ContextRules, mentions: Sequence[Labelled], texts: dict[str, dict[str, str]]
) -> list[MentionContext]:
    """What the rules say of each mention."""
    by_document = defaultdict[tuple[str, str], list[int]](list)
    for number, mention in enumerate(mentions):
        by_document[mention.corpus, mention.document].append(number)
    found: list[MentionContext] = [MentionContext()] * len(mentions)
    for (corpus, document), numbers in by_document.items():
        spans = [mentions[number].span for number in numbers]
        for number, context in zip(numbers, rules.contexts(texts[corpus][document], spans), strict=True):
            found[number] = context
    return found


def figures(mentions: Sequence[Labelled], found: Sequence[MentionContext]) -> dict[str, Figures]:
    """Precision and recall of each assertion, and of mentions of which nothing is said."""
    said = [
        (one.said, frozenset(t.assertion for t in context.triggers))
        for one, context in zip(mentions, found, strict=True)
    ]
    measured = {
        assertion.value: _figures([(assertion in gold, assertion in told) for gold, told in said])
        for assertion in Assertion
    }
    return {**measured, AFFIRMED: _figures([(not gold, not told) for gold, told in said])}


def _figures(pairs: Sequence[tuple[bool, bool]]) -> Figures:
    right = sum(gold and told for gold, told in pairs)
    wanted, given = sum(gold for gold, _ in pairs), sum(told for _, told in pairs)
    return Figures(wanted, right / max(given, 1), right / max(wanted, 1))


def sentences_a_second(rules: ContextRules, texts: dict[str, dict[str, str]], seconds: float = 5.0) -> float:
    """Sentences whose context is read in a second of one core's time: one mention, at their end, in each."""
    count, start = 0, time.process_time()
    for text in texts["codiesp"].values():
        spans = [
            Span(end - 2, end - 1, "", Source.GIVEN) for first, end in sentences(text) if end - first > 2
        ]
        rules.contexts(text, spans)
        count += len(spans)
        if time.process_time() - start > seconds:
            break
    return count / (time.process_time() - start)


def show_misses(
    mentions: Sequence[Labelled], found: Sequence[MentionContext], texts: dict[str, dict[str, str]]
) -> None:
    """Print the mentions of which the rules say something else."""
    for mention, context in zip(mentions, found, strict=True):
        told = frozenset(trigger.assertion for trigger in context.triggers)
        if told == mention.said:
            continue
        text, span = texts[mention.corpus][mention.document], mention.span
        before, after = text[max(0, span.start - 160) : span.start], text[span.end : span.end + 70]
        words = ", ".join(f"{one.assertion}: {text[one.start : one.end]!r}" for one in context.triggers)
        print(
            f"{mention.document} {span.type}: is {', '.join(sorted(mention.said)) or '–'}; found {words or '–'}"
        )
        print(f"    {' '.join(f'{before}[{span.of(text)}]{after}'.split())}")


def main() -> None:
    """Measure, print and, where asked, write the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of open data")
    parser.add_argument("--misses", choices=PARTS, help="print where the rules are wrong in a part")
    parser.add_argument("--json", type=Path, help="a folder to write the figures into")
    options = parser.parse_args()
    rules, texts = ContextRules.open(), texts_of(options.data)
    parts: dict[str, Any] = {}
    console = Console(highlight=False)
    for part in PARTS:
        mentions = labelled(part)
        found = contexts(rules, mentions, texts)
        if options.misses == part:
            show_misses(mentions, found, texts)
        measured = figures(mentions, found)
        table = Table(
            "assertion", "mentions", "precision", "recall", "F1", title=f"{part}: {len(mentions)} mentions"
        )
        for name, one in measured.items():
            table.add_row(
                name, str(one.mentions), f"{one.precision:.3f}", f"{one.recall:.3f}", f"{one.f1:.3f}"
            )
        console.print(table)
        parts[part] = {
            "mentions": len(mentions),
            "assertions": {
                name: {
                    "mentions": one.mentions,
                    "precision": one.precision,
                    "recall": one.recall,
                    "F1": one.f1,
                }
                for name, one in measured.items()
            },
        }
    speed = sentences_a_second(rules, texts)
    console.print(f"{speed:,.0f} sentences a second on one core.")
    if options.json:
        options.json.mkdir(parents=True, exist_ok=True)
        said = json.dumps({"parts": parts, "sentences a second": speed}, indent=2)
        (options.json / "context.json").write_text(said + "\n", "utf-8")


if __name__ == "__main__":
    main()
