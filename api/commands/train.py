"""`enlace train`: models from a terminology and, where there are any, annotated mentions."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from api.terminal import note, progress
from linker.training.choices import BiEncoderLoss, CrossEncoderLoss, Negatives, Pairs, Pooling

if TYPE_CHECKING:
    from linker.pair_text import PairForm
    from linker.training.runs import TrainingData

train = typer.Typer(help="Train a bi-encoder, cross-encoder or recogniser, or the weights that fuse scores.")

ReleasesOption: TypeAlias = Annotated[
    list[str],
    typer.Option("--release", "-r", metavar="NAME", help="A release whose terms to learn; repeatable."),
]
MentionsOption: TypeAlias = Annotated[
    list[Path],
    typer.Option("--mentions", help="Annotated mentions (columns doc, span, code as CURIEs); repeatable."),
]
TextsOption: TypeAlias = Annotated[
    list[Path],
    typer.Option(
        "--texts",
        help='The documents of the mentions, a {"doc": …, "text": …} a line, .gz or not; repeatable.',
    ),
]
OutputOption: TypeAlias = Annotated[
    Path, typer.Option("--output", help="The model's folder; replaced when done.")
]
DevShareOption: TypeAlias = Annotated[
    float, typer.Option("--dev-share", min=0.0, max=0.5, help="Share of documents left out of training.")
]
NoteOption: TypeAlias = Annotated[
    list[str],
    typer.Option("--data-note", help="A line for the model card, on the data and its licence; repeatable."),
]
SeedOption: TypeAlias = Annotated[int, typer.Option("--seed")]
ThreadsOption: TypeAlias = Annotated[int, typer.Option("--threads", min=0, help="0: one a core.")]
MaxLengthOption: TypeAlias = Annotated[
    int, typer.Option("--max-length", min=4, help="Tokens that are read; the rest is cut off.")
]
DeviceOption: TypeAlias = Annotated[
    str, typer.Option("--device", metavar="cpu|cuda|cuda:N", help="Where to train.")
]

MeasureOption: TypeAlias = Annotated[
    int,
    typer.Option(
        "--measure-steps", min=1, help="Steps from one measuring on held-out documents to the next."
    ),
]
PatienceOption: TypeAlias = Annotated[
    int,
    typer.Option("--patience", min=0, help="Stop after so many measurings without a better one; 0: never."),
]
SaveOption: TypeAlias = Annotated[
    int, typer.Option("--save-steps", min=1, help="Steps from one keeping of the state to the next.")
]


@train.command("bi-encoder")
def bi_encoder(
    release: ReleasesOption,
    output: OutputOption,
    mentions: MentionsOption = [],  # noqa: B006 - typer copies it
    texts: Annotated[
        list[Path],
        typer.Option(
            "--texts",
            help='Raw text, `{"doc": …, "text": …}` a line, for a model from scratch to learn words from; repeatable.',
        ),
    ] = [],  # noqa: B006 - typer copies it
    start_from: Annotated[
        str | None,
        typer.Option("--from", metavar="ID-OR-FOLDER", help="A checkpoint; without it, from scratch."),
    ] = None,
    steps: Annotated[int, typer.Option("--steps", min=1)] = 4000,
    runs: Annotated[
        int,
        typer.Option(
            "--runs", min=1, help="Train so many times, with other batches, and take the mean of the weights."
        ),
    ] = 1,
    batch_size: Annotated[int, typer.Option("--batch-size", min=2)] = 192,
    learning_rate: Annotated[float, typer.Option("--learning-rate")] = 5e-4,
    layers: Annotated[int, typer.Option("--layers", min=1, help="From scratch only.")] = 2,
    dimensions: Annotated[int, typer.Option("--dimensions", min=32, help="From scratch only.")] = 192,
    vocabulary: Annotated[int, typer.Option("--vocabulary", min=300, help="From scratch only.")] = 8000,
    pooling: Annotated[
        Pooling | None,
        typer.Option(
            "--pooling",
            help="By default that of a sentence-transformers folder, cls for a plain checkpoint, mean from scratch.",
        ),
    ] = None,
    max_length: MaxLengthOption = 24,
    pairs: Annotated[
        Pairs,
        typer.Option("--pairs", help="Pairs of synonyms alone, or with parents, or with grandparents too."),
    ] = Pairs.SYNONYMS,
    synonym_share: Annotated[
        float,
        typer.Option("--synonym-share", min=0.0, max=1.0, help="Least share of true synonyms in a batch."),
    ] = 0.7,
    loss: Annotated[BiEncoderLoss, typer.Option("--loss")] = BiEncoderLoss.CONTRASTIVE,
    hard_negatives: Annotated[
        int, typer.Option("--hard-negatives", min=0, help="Close groups beside each one of a batch.")
    ] = 7,
    easy_steps: Annotated[
        int, typer.Option("--easy-steps", min=0, help="Steps before the first search for close groups.")
    ] = 600,
    refresh_steps: Annotated[
        int, typer.Option("--refresh-steps", min=1, help="Steps from one search to the next.")
    ] = 500,
    dev_share: DevShareOption = 0.125,
    data_note: NoteOption = [],  # noqa: B006 - typer copies it
    seed: SeedOption = 0,
    threads: ThreadsOption = 0,
    device: DeviceOption = "cpu",
    measure_steps: MeasureOption = 500,
    patience: PatienceOption = 0,
    save_steps: SaveOption = 500,
) -> None:
    """Train a bi-encoder on the synonyms of releases and on annotated mentions."""
    from linker.errors import TrainingError
    from linker.training.bi_encoder import BiEncoderRecipe
    from linker.training.runs import Oversight, check_device, run_bi_encoder, use_threads
    from linker.training.scratch import ScratchSize

    if texts and start_from:
        raise TrainingError("--texts is for a model from scratch; leave it out, or leave --from out.")
    use_threads(threads)
    recipe = BiEncoderRecipe(
        steps=steps,
        batch_size=batch_size,
        learning_rate=learning_rate,
        hard_neighbours=hard_negatives,
        easy_steps=easy_steps,
        refresh_steps=refresh_steps,
        max_length=max_length,
        seed=seed,
        pairs=pairs,
        synonym_share=synonym_share,
        loss=loss,
        runs=runs,
    )
    size = ScratchSize(layers, dimensions, max(1, dimensions // 32), vocabulary)
    with training_data(release, mentions, dev_share, data_note, texts) as data, progress() as tell:
        run_bi_encoder(
            data,
            output,
            recipe,
            typed_command(),
            start_from=start_from,
            size=size,
            pooling=pooling,
            device=check_device(device),
            oversight=Oversight(measure_steps, patience, save_steps),
            progress=lambda step, steps, loss: tell("training the bi-encoder", step, steps),
        )
    note(f"The bi-encoder is in {output}.")


@train.command("cross-encoder")
def cross_encoder(
    release: ReleasesOption,
    output: OutputOption,
    bi_encoder: Annotated[
        str, typer.Option("--bi-encoder", help="Finds the near misses to learn from.")
    ] = "shipped",
    mentions: MentionsOption = [],  # noqa: B006 - typer copies it
    start_from: Annotated[
        str | None,
        typer.Option("--from", metavar="ID-OR-FOLDER", help="By default the bi-encoder's weights."),
    ] = None,
    steps: Annotated[int, typer.Option("--steps", min=1)] = 3000,
    learning_rate: Annotated[float, typer.Option("--learning-rate")] = 3e-4,
    max_length: MaxLengthOption = 48,
    negatives: Annotated[
        Negatives, typer.Option("--negatives", help="Which wrong answers to learn from.")
    ] = Negatives.TOP,
    negative_count: Annotated[
        int, typer.Option("--negative-count", min=1, help="Wrong answers beside each right one.")
    ] = 7,
    graph_share: Annotated[
        float, typer.Option("--graph-share", min=0.0, max=1.0, help="Of kg and bkg: those from the graph.")
    ] = 0.5,
    depth: Annotated[int, typer.Option("--depth", min=1, help="Nearest strings to take them from.")] = 40,
    lists: Annotated[int, typer.Option("--lists", min=1, help="Right answers a step.")] = 32,
    loss: Annotated[CrossEncoderLoss, typer.Option("--loss")] = CrossEncoderLoss.LIST_WISE,
    dev_share: DevShareOption = 0.125,
    candidate: Annotated[
        str | None,
        typer.Option(
            "--candidate",
            metavar="PARTS",
            help="What is read of a candidate: `term`, and of `preferred`, `tag` and `parents` any, with commas "
            "between. By default what the starting model reads.",
            show_default=False,
        ),
    ] = None,
    parents: Annotated[
        int | None,
        typer.Option(
            "--parents", min=1, help="Parents that are read at most; by default 2.", show_default=False
        ),
    ] = None,
    context: Annotated[
        int | None,
        typer.Option(
            "--context",
            min=0,
            help="Characters of text that are read on each side of a mention, with --texts; by default those that "
            "the starting model reads.",
            show_default=False,
        ),
    ] = None,
    texts: TextsOption = [],  # noqa: B006 - typer copies it
    data_note: NoteOption = [],  # noqa: B006 - typer copies it
    seed: SeedOption = 0,
    threads: ThreadsOption = 0,
    device: DeviceOption = "cpu",
    measure_steps: MeasureOption = 500,
    patience: PatienceOption = 0,
    save_steps: SaveOption = 500,
) -> None:
    """Train a cross-encoder to tell what the bi-encoder confuses."""
    from linker.reranker import pair_form
    from linker.shipped import bi_encoder_source
    from linker.training.cross_encoder import CrossEncoderRecipe
    from linker.training.runs import Oversight, check_device, run_cross_encoder, use_threads

    use_threads(threads)
    recipe = CrossEncoderRecipe(
        steps=steps,
        lists=lists,
        negatives=negative_count,
        depth=depth,
        learning_rate=learning_rate,
        max_length=max_length,
        seed=seed,
        kind=negatives,
        graph_share=graph_share,
        loss=loss,
        form=_form(pair_form(start_from or bi_encoder_source(bi_encoder)), candidate, parents, context),
    )
    with training_data(release, mentions, dev_share, data_note, texts) as data, progress() as tell:
        run_cross_encoder(
            data,
            bi_encoder_source(bi_encoder),
            output,
            recipe,
            typed_command(),
            start_from=start_from,
            device=check_device(device),
            oversight=Oversight(measure_steps, patience, save_steps),
            progress=lambda step, steps, loss: tell("training the cross-encoder", step, steps),
            stage=tell,
        )
    note(f"The cross-encoder is in {output}.")


@contextmanager
def training_data(
    releases: list[str],
    mentions: list[Path],
    dev_share: float,
    notes: Sequence[str] = (),
    texts: Sequence[Path] = (),
) -> Iterator[TrainingData]:
    """What a training learns from: open releases, mentions and texts, and what the model card says of them."""
    from graph.release import default_home
    from linker.document_texts import read_texts
    from linker.mentions import read_mentions
    from linker.training.runs import TrainingData

    home = default_home()
    with ExitStack() as stack:
        opened = [stack.enter_context(home.open(name)) for name in releases]
        read = {path: list(read_mentions(path)) for path in mentions}
        raw = {path: read_texts([path]) for path in texts}
        described = [
            *(
                f"release {o.release.name} ({', '.join(source.name for source in o.release.sources)})"
                for o in opened
            ),
            *(f"{len(rows):,} mentions of {path.name}" for path, rows in read.items()),
            *(f"{len(rows):,} texts of {path.name}" for path, rows in raw.items()),
            f"about {dev_share:.1%} of the documents were left out, for choosing and for fusion",
            *notes,
        ]
        data = TrainingData(
            [o.store for o in opened],
            [m for rows in read.values() for m in rows],
            described,
            dev_share,
            {document: text for rows in reversed(raw.values()) for document, text in rows.items()},
        )
        yield data
        if data.misplaced:
            note(f"Mentions that were read without their context: {data.misplaced}.")


def _form(base: PairForm, candidate: str | None, parents: int | None, context: int | None) -> PairForm:
    from api.errors import ArgumentRejected
    from linker.pair_text import candidate_parts

    try:
        parts = (
            base.candidate if candidate is None else candidate_parts(candidate.replace(" ", "").split(","))
        )
    except ValueError as error:
        raise ArgumentRejected("candidate", f"--candidate {candidate}: {error}.") from None
    return replace(
        base,
        candidate=parts,
        parents=base.parents if parents is None else parents,
        context=base.context if context is None else context,
    )


def typed_command() -> list[str]:
    """What was typed, for the model card."""
    return ["enlace", *sys.argv[1:]]
