"""`enlace train recognizer`: a model that finds mentions in documents, from annotated ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.commands.train import (
    DeviceOption,
    DevShareOption,
    NoteOption,
    OutputOption,
    PatienceOption,
    SaveOption,
    SeedOption,
    ThreadsOption,
    typed_command,
)
from api.terminal import note, progress
from linker.training.choices import Network


def recognizer(
    mentions: Annotated[
        list[str],
        typer.Option(
            "--mentions",
            metavar="[TYPE=]PATH",
            help="Spans marked in documents: a table, or a folder of brat's files. With TYPE they are all of that "
            "type, without it their labels are their types. Repeatable.",
        ),
    ],
    output: OutputOption,
    texts: Annotated[
        list[Path],
        typer.Option(
            "--texts",
            help='The documents, a {"doc": …, "text": …} a line, .gz or not; of a document that several have, the '
            "first counts. Repeatable.",
        ),
    ] = [],  # noqa: B006 - typer copies it
    searched: Annotated[
        list[str],
        typer.Option(
            "--searched",
            metavar="TYPE=FILE",
            help="Texts that were all searched for a type, those without a mention too. Repeatable.",
        ),
    ] = [],  # noqa: B006 - typer copies it
    hold_out: Annotated[
        list[Path],
        typer.Option(
            "--hold-out",
            help="Documents that are neither trained nor chosen on: a file of texts, a folder of brat's files, or a "
            "table whose first column names them. Repeatable.",
        ),
    ] = [],  # noqa: B006 - typer copies it
    start_from: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="ID-OR-FOLDER",
            help="A checkpoint, or `shipped` for the shipped bi-encoder; without it, from scratch.",
        ),
    ] = None,
    layered: Annotated[
        bool,
        typer.Option(
            "--layered/--plain",
            help="A softmax for each type, so that spans of different types may overlap, or one for all.",
        ),
    ] = True,
    epochs: Annotated[int, typer.Option("--epochs", min=1)] = 20,
    batch_tokens: Annotated[int, typer.Option("--batch-tokens", min=32)] = 4096,
    window: Annotated[
        int, typer.Option("--window", min=0, help="Tokens that are read at once; 0: what the model can read.")
    ] = 256,
    learning_rate: Annotated[float, typer.Option("--learning-rate")] = 5e-5,
    head_learning_rate: Annotated[
        float, typer.Option("--head-learning-rate", min=0.0, help="Of the new head; 0: as the rest.")
    ] = 0.0,
    warm_up: Annotated[float, typer.Option("--warm-up", min=1e-3, max=1.0, help="Share of the steps.")] = 0.1,
    dropout: Annotated[float, typer.Option("--dropout", min=0.0, max=0.9)] = 0.1,
    token_dropout: Annotated[
        float, typer.Option("--token-dropout", min=0.0, max=0.9, help="Share of words that training hides.")
    ] = 0.0,
    averaged: Annotated[
        float,
        typer.Option(
            "--average", min=0.0, max=1.0, help="Share of the steps, at the end, whose weights are averaged."
        ),
    ] = 0.0,
    mean_pieces: Annotated[
        bool,
        typer.Option(
            "--mean-pieces/--first-piece", help="Judge a word by all of its tokens, or by the first alone."
        ),
    ] = False,
    bfloat16: Annotated[
        bool, typer.Option("--bfloat16/--float32", help="What layers are computed in while training.")
    ] = True,
    network: Annotated[
        Network,
        typer.Option(
            "--network",
            help="The checkpoint's own layers, or an LSTM over its word pieces, which learns from few documents and "
            "which a processor can train.",
        ),
    ] = Network.TRANSFORMER,
    hidden: Annotated[
        int, typer.Option("--hidden", min=8, help="Of an LSTM: the width of one direction.")
    ] = 200,
    layers: Annotated[
        int | None,
        typer.Option("--layers", min=1, help="Of an LSTM (2), or from scratch (4).", show_default=False),
    ] = None,
    dimensions: Annotated[int, typer.Option("--dimensions", min=32, help="From scratch only.")] = 256,
    vocabulary: Annotated[int, typer.Option("--vocabulary", min=300, help="From scratch only.")] = 8000,
    folded: Annotated[
        bool,
        typer.Option("--folded/--as-written", help="From scratch: read neither case nor accents, or both."),
    ] = False,
    mlm_texts: Annotated[
        list[Path],
        typer.Option(
            "--mlm-texts",
            help="Raw text to train the start on before, as a masked language model. Repeatable.",
        ),
    ] = [],  # noqa: B006 - typer copies it
    mlm_steps: Annotated[int, typer.Option("--mlm-steps", min=1, help="With --mlm-texts.")] = 2000,
    mlm_learning_rate: Annotated[float, typer.Option("--mlm-learning-rate", help="With --mlm-texts.")] = 1e-4,
    unlabelled: Annotated[
        list[Path],
        typer.Option("--unlabelled", help="Texts that nobody annotated, for teachers to mark. Repeatable."),
    ] = [],  # noqa: B006 - typer copies it
    teacher: Annotated[
        list[str],
        typer.Option(
            "--teacher",
            metavar="ID-OR-FOLDER",
            help="A recogniser that marks the unlabelled texts; of several, the mean counts. Repeatable.",
        ),
    ] = [],  # noqa: B006 - typer copies it
    sure: Annotated[
        float,
        typer.Option(
            "--sure",
            min=0.0,
            max=1.0,
            help="How sure a teacher must be of a word; other words teach nothing.",
        ),
    ] = 0.8,
    unlabelled_every: Annotated[
        int,
        typer.Option("--unlabelled-every", min=1, help="An epoch reads one in so many unlabelled texts."),
    ] = 4,
    dev_share: DevShareOption = 0.125,
    data_note: NoteOption = [],  # noqa: B006 - typer copies it
    seed: SeedOption = 0,
    threads: ThreadsOption = 0,
    device: DeviceOption = "cpu",
    measure_steps: Annotated[
        int,
        typer.Option(
            "--measure-steps",
            min=0,
            help="Steps from one measuring on held-out documents to the next; 0: an epoch.",
        ),
    ] = 0,
    patience: PatienceOption = 0,
    save_steps: SaveOption = 500,
) -> None:
    """Train a recogniser of mentions on annotated documents, from a checkpoint or from scratch."""
    from api.errors import ArgumentRejected
    from linker.annotation.recognizer import TokenRecognizer
    from linker.document_texts import read_texts
    from linker.shipped import bi_encoder_source
    from linker.training.masked_language import LanguageRecipe
    from linker.training.recognizer import RecognizerRecipe
    from linker.training.recognizer_corpus import MarkedFiles, documents_of, gather
    from linker.training.recognizer_runs import RawText, run_recognizer
    from linker.training.recognizer_start import BiLstmSize
    from linker.training.recognizer_teaching import Teaching
    from linker.training.runs import Oversight, check_device, use_threads
    from linker.training.scratch import ScratchSize

    use_threads(threads)
    corpus = gather(
        MarkedFiles([_typed(one) for one in mentions], texts, [_named(one) for one in searched]),
        dev_share,
        documents_of(hold_out),
    )
    if corpus.doubtful:
        note(f"{corpus.doubtful:,} spans are not what their document has at their place; they teach nothing.")
    if bool(unlabelled) != bool(teacher):
        raise ArgumentRejected(
            "teacher",
            "Unlabelled texts and teachers need one another; give --unlabelled and --teacher, or neither.",
        )
    teaching = None
    if teacher:
        teachers = [TokenRecognizer.open(one) for one in teacher]
        teaching = Teaching(read_texts(unlabelled), teachers, sure, unlabelled_every)
    raw = None
    if mlm_texts:
        language = LanguageRecipe(
            steps=mlm_steps,
            learning_rate=mlm_learning_rate,
            batch_tokens=batch_tokens,
            bfloat16=bfloat16,
            seed=seed,
        )
        raw = RawText(read_texts(mlm_texts), language)
    recipe = RecognizerRecipe(
        epochs=epochs,
        learning_rate=learning_rate,
        head_learning_rate=head_learning_rate,
        warm_up=warm_up,
        batch_tokens=batch_tokens,
        window=window,
        dropout=dropout,
        token_dropout=token_dropout,
        averaged=averaged,
        layered=layered,
        mean_pieces=mean_pieces,
        bfloat16=bfloat16,
        seed=seed,
    )
    with progress() as tell:
        counts = run_recognizer(
            corpus,
            output,
            recipe,
            typed_command(),
            start_from=bi_encoder_source(start_from) if start_from else None,
            size=ScratchSize(layers or 4, dimensions, max(1, dimensions // 32), vocabulary, max(128, window)),
            bilstm=BiLstmSize(layers or 2, hidden) if network is Network.BILSTM else None,
            folded=folded,
            device=check_device(device),
            oversight=Oversight(measure_steps, patience, save_steps),
            notes=data_note,
            teaching=teaching,
            raw=raw,
            stage=tell,
            progress=lambda step, steps, loss: tell("training the recogniser", step, steps),
        )
    figures = ", ".join(f"{type} {one.f1:.3f}" for type, one in counts.items())
    note(
        f"The recogniser is in {output}."
        + (f" Strict F1 on held-out documents: {figures}." if counts else "")
    )


def _typed(given: str) -> tuple[str | None, Path]:
    type, _, path = given.partition("=")
    # A path may have the sign too.
    if not path or Path(given).exists():
        return None, Path(given)
    return type, Path(path)


def _named(given: str) -> tuple[str, Path]:
    from api.errors import ArgumentRejected

    type, _, path = given.partition("=")
    if not type or not path:
        raise ArgumentRejected(
            "searched", f"--searched {given}: name the type before the file, as disorder=FILE."
        )
    return type, Path(path)
