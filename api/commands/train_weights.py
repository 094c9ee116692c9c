"""`enlace train translation`, `fusion`, `axes` and `skip-rule`: what stands beside trained models.

How words translate is learned on the training documents, weights on those that training left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from api.commands.train import (
    DevShareOption,
    MentionsOption,
    NoteOption,
    ReleasesOption,
    SeedOption,
    TextsOption,
    training_data,
    typed_command,
)
from api.terminal import note, progress

if TYPE_CHECKING:
    from linker.training.runs import TrainingData

BiEncoderFolder: TypeAlias = Annotated[Path, typer.Option("--bi-encoder", help="The bi-encoder's folder.")]
CrossEncoderFolder: TypeAlias = Annotated[
    Path, typer.Option("--cross-encoder", help="The cross-encoder's folder.")
]


def translation(
    release: ReleasesOption,
    bi_encoder: BiEncoderFolder,
    mentions: MentionsOption = [],  # noqa: B006 - typer copies it
    dev_share: DevShareOption = 0.125,
    seed: SeedOption = 0,
    data_note: NoteOption = [],  # noqa: B006 - typer copies it
) -> None:
    """Learn which words translate into one another in the strings of one concept, for a bi-encoder.

    The table is written into its folder; `enlace train fusion` then fits how it weighs.
    """
    from linker.training.fitting import run_translation
    from linker.training.translation_fit import TranslationRecipe
    from linker.translation import FILE

    recipe = TranslationRecipe(seed=seed)
    with training_data(release, mentions, dev_share, data_note) as data, progress() as tell:
        learned = run_translation(
            data,
            bi_encoder,
            recipe,
            typed_command(),
            lambda done: tell("learning how words translate", done, recipe.rounds),
        )
    note(
        f"Learned from {learned.pairs:,} pairs how {len(learned.table.vocabulary):,} words translate; "
        f"{bi_encoder / FILE} holds {learned.table.table.nnz:,} probabilities."
    )


def fusion(
    release: Annotated[
        list[str],
        typer.Option(
            "--release",
            "-r",
            metavar="NAME",
            help="An indexed release that mentions are linked to; repeatable.",
        ),
    ],
    bi_encoder: BiEncoderFolder,
    cross_encoder: CrossEncoderFolder,
    mentions: MentionsOption,
    dev_share: DevShareOption = 0.125,
    texts: TextsOption = [],  # noqa: B006 - typer copies it
) -> None:
    """Learn how to fuse the scores, and when to choose the first candidate, on the documents that training left out.

    The weights are written into both models' folders. A mention is linked to each release that holds its code.
    """
    from linker.training.fitting import run_fusion

    with _with_indexes(release, mentions, dev_share, texts) as (data, indexes):
        fitted = run_fusion(data, indexes, bi_encoder, cross_encoder)
    note(
        f"Fitted on {fitted['mentions']:,} mentions: {fitted['retrieval']}, {fitted['reranking']}, "
        f"{fitted['decisions']}."
    )


def axes(
    release: Annotated[
        list[str],
        typer.Option(
            "--release",
            "-r",
            metavar="NAME",
            help="A release that is indexed with --code-axes; repeatable.",
        ),
    ],
    bi_encoder: BiEncoderFolder,
    cross_encoder: CrossEncoderFolder,
    mentions: MentionsOption,
    dev_share: DevShareOption = 0.125,
    texts: TextsOption = [],  # noqa: B006 - typer copies it
) -> None:
    """Learn how what words say of codes' axes weighs beside the scores, on the documents that training left out.

    The weights are written into both models' folders. A mention is linked to each release that holds its code.
    """
    from linker.training.fitting import run_axes

    with _with_indexes(release, mentions, dev_share, texts) as (data, indexes):
        fitted = run_axes(data, indexes, bi_encoder, cross_encoder)
    note(f"Fitted on {fitted['mentions']:,} mentions: {fitted['retrieved']}, {fitted['reranked']}.")


@contextmanager
def _with_indexes(
    releases: list[str], mentions: list[Path], dev_share: float, texts: list[Path]
) -> Iterator[tuple[TrainingData, list[Path]]]:
    """What weights are fitted on, and the index folders of the releases, which stay open meanwhile."""
    from graph.release import default_home

    home = default_home()
    with training_data(releases, mentions, dev_share, texts=texts) as data, ExitStack() as stack:
        yield data, [stack.enter_context(home.open(name)).index_folder for name in releases]


def skip_rule(
    release: Annotated[str, typer.Option("--release", "-r", metavar="NAME", help="An indexed release.")],
    bi_encoder: BiEncoderFolder,
    cross_encoder: CrossEncoderFolder,
    mentions: MentionsOption,
    dev_share: DevShareOption = 0.125,
    most_changed: Annotated[
        float,
        typer.Option(
            "--most-changed", min=0, max=1, help="Share of mentions whose first concept the rule may change."
        ),
    ] = 0.005,
    texts: TextsOption = [],  # noqa: B006 - typer copies it
) -> None:
    """Choose from which margin of retrieval on nothing is re-ranked, and write it into the cross-encoder's folder.

    Chosen on the documents that training left out; no fewer of their mentions get the right first concept.
    """
    from graph.release import default_home
    from linker.training.fitting import run_skip_rule

    with (
        training_data([release], mentions, dev_share, texts=texts) as data,
        default_home().open(release) as opened,
    ):
        rule = run_skip_rule(data, opened.index_folder, bi_encoder, cross_encoder, most_changed)
    if rule.margin is None:
        note(f"On {rule.mentions:,} mentions no margin is free; everything is re-ranked.")
        return
    note(
        f"From a margin of {rule.margin} on nothing is re-ranked. Of {rule.mentions:,} mentions, {rule.reranked:.1%} "
        f"were re-ranked and {rule.skipped:.1%} no longer are; {rule.changed:.2%} get another first concept. "
        f"Accuracy@1 {rule.right[0]:.4f} becomes {rule.right[1]:.4f}, the reciprocal rank "
        f"{rule.reciprocal_rank[0]:.4f} becomes {rule.reciprocal_rank[1]:.4f}."
    )
