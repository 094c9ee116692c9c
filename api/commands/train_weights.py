"""`enlace train fusion`, `axes` and `skip-rule`: weights beside models, fitted on documents that training left out."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from api.commands.train import DevShareOption, MentionsOption, TextsOption, training_data
from api.terminal import note


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
    bi_encoder: Annotated[Path, typer.Option("--bi-encoder", help="The bi-encoder's folder.")],
    cross_encoder: Annotated[Path, typer.Option("--cross-encoder", help="The cross-encoder's folder.")],
    mentions: MentionsOption,
    dev_share: DevShareOption = 0.125,
    texts: TextsOption = [],  # noqa: B006 - typer copies it
) -> None:
    """Learn how to fuse the scores, and when to choose the first candidate, on the documents that training left out.

    The weights are written into both models' folders. A mention is linked to each release that holds its code.
    """
    from graph.release import default_home
    from linker.training.fitting import run_fusion

    home = default_home()
    with training_data(release, mentions, dev_share, texts=texts) as data, ExitStack() as stack:
        indexes = [stack.enter_context(home.open(name)).index_folder for name in release]
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
    bi_encoder: Annotated[Path, typer.Option("--bi-encoder", help="The bi-encoder's folder.")],
    cross_encoder: Annotated[Path, typer.Option("--cross-encoder", help="The cross-encoder's folder.")],
    mentions: MentionsOption,
    dev_share: DevShareOption = 0.125,
    texts: TextsOption = [],  # noqa: B006 - typer copies it
) -> None:
    """Learn how what words say of codes' axes weighs beside the scores, on the documents that training left out.

    The weights are written into both models' folders. A mention is linked to each release that holds its code.
    """
    from graph.release import default_home
    from linker.training.fitting import run_axes

    home = default_home()
    with training_data(release, mentions, dev_share, texts=texts) as data, ExitStack() as stack:
        indexes = [stack.enter_context(home.open(name)).index_folder for name in release]
        fitted = run_axes(data, indexes, bi_encoder, cross_encoder)
    note(f"Fitted on {fitted['mentions']:,} mentions: {fitted['retrieved']}, {fitted['reranked']}.")


def skip_rule(
    release: Annotated[str, typer.Option("--release", "-r", metavar="NAME", help="An indexed release.")],
    bi_encoder: Annotated[Path, typer.Option("--bi-encoder", help="The bi-encoder's folder.")],
    cross_encoder: Annotated[Path, typer.Option("--cross-encoder", help="The cross-encoder's folder.")],
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
