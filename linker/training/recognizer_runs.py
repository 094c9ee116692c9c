"""`enlace train recognizer`, from mention files and texts to a model folder."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from linker.annotation.recognizer_labels import LabelScheme
from linker.encoder import weights_digest
from linker.errors import TrainingError
from linker.marked_spans import document_name
from linker.training.checkpoint import Checkpoint
from linker.training.masked_language import LanguageRecipe, forget_language, learned_language
from linker.training.model_folder import ModelCard, save_plain_model
from linker.training.optimization import Course, Progress, Watch
from linker.training.recognizer import RecognizerRecipe, Trained, batches_of, train_recognizer
from linker.training.recognizer_corpus import MarkedText, RecognizerCorpus
from linker.training.recognizer_scores import (
    SpanCounts,
    best_outside,
    count_spans,
    mean_f1,
    spans_of_words,
)
from linker.training.recognizer_start import BiLstmSize, open_start, write_bilstm, write_scratch
from linker.training.recognizer_teaching import Teaching, marked_by_teachers
from linker.training.runs import Oversight
from linker.training.scratch import ScratchSize


@dataclass(frozen=True, slots=True)
class RawText:
    """Texts by name to train a start on beforehand, and how."""

    texts: Mapping[str, str]
    recipe: LanguageRecipe

    def without(self, corpus: RecognizerCorpus) -> list[str]:
        """The texts but those of documents that are left out of training or chosen on."""
        out = corpus.left_out | {one.document for one in corpus.dev}
        return [text for name, text in self.texts.items() if document_name(name) not in out]


def run_recognizer(
    corpus: RecognizerCorpus,
    output: Path,
    recipe: RecognizerRecipe,
    command: Sequence[str],
    *,
    start_from: str | None,
    size: ScratchSize,
    bilstm: BiLstmSize | None = None,
    folded: bool = False,
    device: str = "cpu",
    oversight: Oversight = Oversight(measure_steps=0),  # noqa: B008 - frozen
    notes: Sequence[str] = (),
    teaching: Teaching | None = None,
    raw: RawText | None = None,
    progress: Progress,
    stage: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> dict[str, SpanCounts]:
    """Train from `start_from` (an id or folder), or from scratch at `size`, into `output`; returns the dev figures.

    From scratch a model's words are learned from the training documents; `folded`, it reads neither case nor accents.
    With `bilstm` an LSTM takes the place of the start's layers. With `teaching` texts that teachers mark are learned
    from too; with `raw` the start is first trained on raw text. `stage` is told (stage, done, total) of what comes
    before the steps.
    Readings are taken every `measure_steps`, where that is 0 every epoch. Goes on where the same training was killed.
    Raises TrainingError, ModelNotFound.
    """
    if oversight.patience and not any(one.marks for one in corpus.dev):
        raise TrainingError(
            "Stopping early needs held-out documents with spans, and there are none; give a larger dev share, or no "
            "patience."
        )
    scheme = LabelScheme.of_types(corpus.types, recipe.layered)
    language = output.with_name(f".{output.name}.language")
    with tempfile.TemporaryDirectory() as scratch:
        start: str | Path = start_from or Path(scratch) / "start"
        if not start_from:
            write_scratch(Path(start), [one.text for one in corpus.training], size, folded, recipe.seed)
        if raw:
            texts = raw.without(corpus)
            start = learned_language(
                start,
                texts,
                language,
                raw.recipe,
                device=device,
                save_steps=oversight.save_steps,
                progress=lambda step, steps, loss: stage("learning from raw text", step, steps),
            )
            notes = [f"{len(texts):,} raw texts, before the annotated ones", *notes]
        if bilstm:
            write_bilstm(Path(scratch) / "bilstm", start, bilstm, recipe.seed)
            start = Path(scratch) / "bilstm"
        trained = open_start(start, scheme, recipe, device)
    recipe = trained.recipe
    taught: list[MarkedText] = []
    if teaching:
        teaching = teaching.without(corpus.documents)
        taught = marked_by_teachers(
            teaching, lambda done, total: stage("marking texts that nobody annotated", done, total)
        )
        told = f"{len(taught):,} texts that nobody annotated, {sum(len(t.marks) for t in taught):,} marks by teachers"
        notes = [told, *notes]
    batches = batches_of(trained, corpus.training, taught, teaching.every if teaching else 1)
    reads = trained.reader.read([one.text for one in corpus.dev])
    recognizer = trained.recognizer()
    watch = Watch(
        oversight.measure_steps or batches.batches_an_epoch,
        oversight.patience,
        (lambda: mean_f1(count_spans(corpus.dev, recognizer.spans_of(reads)))) if corpus.dev else None,
    )
    kept = Checkpoint(output, _fingerprint(trained, corpus, taught, watch), oversight.save_steps)
    course = train_recognizer(trained, batches, progress, watch, kept)
    logits = recognizer.word_logits(reads)
    outside = best_outside(scheme.labels, corpus.dev, reads, logits)
    chosen = LabelScheme(scheme.labels, outside=outside)
    counts = count_spans(corpus.dev, spans_of_words(chosen, reads, logits))
    card = ModelCard(
        title="Recogniser of mentions in Spanish clinical text",
        purpose=f"Finds mentions in documents and tells their types: {', '.join(scheme.types)}.",
        command=command,
        data=[*corpus.told, *notes],
        facts={
            "labels": ", ".join(scheme.labels),
            "parameters": f"{sum(p.numel() for p in trained.model.parameters()):,}",
            **asdict(recipe),
            **(asdict(bilstm) if bilstm else {}),
            **({f"raw text: {key}": value for key, value in asdict(raw.recipe).items()} if raw else {}),
            **({"sure": teaching.sure, "unlabelled_every": teaching.every} if teaching else {}),
            **({} if start_from else {"scratch": size, "folded": folded}),
        },
        figures=_figures(course, counts),
        task="token-classification",
    )
    settings: dict[str, Any] = {"window": recipe.window, "mean_pieces": recipe.mean_pieces}
    if outside:
        settings["outside"] = outside
    save_plain_model(trained.model, trained.tokenizer, output, settings, card)
    kept.remove()
    forget_language(language)
    return counts


def _figures(course: Course, counts: Mapping[str, SpanCounts]) -> list[str]:
    rows = [
        f"| {reading.step:,} | {reading.loss:.4f} | {'' if reading.score is None else f'{reading.score:.4f}'} |"
        for reading in course.readings
    ]
    told = [
        f"The weights are those of step {course.kept:,}. Loss is the mean since the row before; dev is the mean over "
        "types of the strict F1 on the documents to choose on.",
        "",
        "| step | loss | dev |",
        "| --- | --- | --- |",
        *rows,
    ]
    if not counts:
        return told
    return [
        *told,
        "",
        "On the same documents at the end, with what was added to the logit of no mention chosen on them:",
        "",
        "| type | precision | recall | F1 | spans |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {type} | {one.precision:.3f} | {one.recall:.3f} | {one.f1:.3f} | {one.marked:,} |"
            for type, one in counts.items()
        ),
    ]


def _fingerprint(
    trained: Trained, corpus: RecognizerCorpus, taught: Sequence[MarkedText], watch: Watch
) -> str:
    """SHA-256 over all that decides the weights."""
    weights = weights_digest(trained.tokenizer.get_vocab(), trained.model.state_dict())
    digest = hashlib.sha256(weights.encode())
    options = {**asdict(trained.recipe), "every": watch.every, "patience": watch.patience}
    digest.update(json.dumps([options, trained.scheme.labels], sort_keys=True).encode())
    for side in (corpus.training, corpus.dev, taught):
        for one in side:
            marks = [(m.start, m.end, m.type) for m in (*one.marks, *one.doubtful)]
            row = [one.document, one.text, sorted(one.types), marks, len(one.doubtful)]
            digest.update(json.dumps(row).encode())
    return digest.hexdigest()
