"""`enlace evaluate`: how often the right concept is among the first k."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands.options import EclOption, ReleaseOption, SemanticTagsOption
from api.terminal import note, out, progress

if TYPE_CHECKING:
    from linker.mentions import GoldMention


def evaluate(
    mentions: Annotated[
        Path,
        typer.Option(
            "--mentions",
            help="Annotated mentions: a corpus file, told by its header, any table, or a folder of brat's files.",
        ),
    ],
    release: ReleaseOption = None,
    training: Annotated[
        Path | None,
        typer.Option(
            "--training",
            help="The mentions of training, which tell what is unseen; columns as in --mentions.",
        ),
    ] = None,
    span_column: Annotated[
        str | None, typer.Option("--span-column", help="By default the corpus's, or `span`.")
    ] = None,
    code_column: Annotated[
        str | None, typer.Option("--code-column", help="By default the corpus's, or `code`.")
    ] = None,
    document_column: Annotated[
        str | None,
        typer.Option(
            "--document-column", help="By default `doc`, `document` or `filename`, if there is one."
        ),
    ] = None,
    prefix: Annotated[
        str, typer.Option("--prefix", help="Put before codes that have none: `SNOMEDCT`.")
    ] = "",
    top: Annotated[int, typer.Option("--top", min=1, max=1000, help="Candidates asked for.")] = 200,
    published_loop: Annotated[
        bool,
        typer.Option(
            "--published-loop",
            help="Score the loop of published systems too, with the same models; it encodes every string again.",
        ),
    ] = False,
    texts: Annotated[
        Path | None,
        typer.Option(
            "--texts",
            help="The documents, a JSON object with `doc` and `text` a line (also .gz): their own abbreviations count, "
            "their other mentions, and what stands around a mention where the cross-encoder was trained to read it.",
        ),
    ] = None,
    ecl: EclOption = "",
    semantic_tag: SemanticTagsOption = [],  # noqa: B006 - typer copies it
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures here; `-` is stdout.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw accuracy by k and risk–coverage: .svg."),
    ] = None,
) -> None:
    """Measure linking on annotated mentions, with baselines on the same index strings.

    Accuracy at k, MRR, lineage accuracy where the release has a hierarchy, and risk–coverage: on all rows, cleaned
    ones, seen and unseen ones. Intervals are 95 %, by bootstrap over documents. Codes are ids of the release; `|`
    joins codes any of which is right, `+` the parts of a composite, which counts as missed. Baselines know no scope.
    """
    from api.errors import ArgumentRejected
    from api.evaluation_plot import check_plotting, draw
    from api.evaluation_tables import evaluation_tables
    from api.link_options import LinkOptions
    from api.linking_work import opened_linker
    from api.releases import chosen
    from graph.release import default_home
    from linker.document_texts import Contexts, read_texts
    from linker.evaluation.evaluation import evaluate as run
    from linker.evaluation.runs import run_text
    from linker.mentions import read_mentions

    # Better told now than after minutes of linking.
    if plot:
        check_plotting(plot)
    for option, path in (("--plot", plot), ("--json", json_file)):
        if path and not path.parent.is_dir():
            raise ArgumentRejected(
                option.removeprefix("--"),
                f"{option} {path} is in no folder that there is; make {path.parent}.",
            )
    home = default_home()
    name = chosen(home, release)

    def read(path: Path) -> list[GoldMention]:
        return list(
            read_mentions(
                path,
                span_column=span_column,
                code_column=code_column,
                document_column=document_column,
                prefix=prefix,
            )
        )

    gold, trained_on = read(mentions), read(training) if training else None
    documents = Contexts(read_texts([texts])) if texts else None
    if documents is not None:
        without = len({mention.document for mention in gold} - documents.texts.keys())
        if without:
            note(f"Documents of {mentions} that have no text in {texts}: {without:,}.")
    options = LinkOptions(ecl, tuple(semantic_tag))
    with progress() as tell, home.open(name) as opened:
        tell("opening the models", 0, None)
        with opened_linker(home, name, options) as (linker, scope):
            found = run(
                linker,
                gold,
                top=top,
                training=trained_on,
                hierarchy=opened.hierarchy,
                published_loop=published_loop,
                texts=documents,
                scope=scope,
                progress=tell,
            )
    if documents and documents.misplaced:
        note(f"Mentions that were read without the text around them: {documents.misplaced}.")
    if found.training_documents_shared:
        note(
            f"Documents that are both in {mentions} and in {training}: {found.training_documents_shared:,}. "
            "Figures on documents that were trained on say little, so split by document."
        )
    files: dict[str, Any] = {"mention_file": _described(mentions)}
    if training:
        files["training_file"] = _described(training)
    if texts:
        files["text_file"] = _described(texts)
    if options.scoped:
        files["asked"] = {"ecl": ecl, "semantic_tags": semantic_tag}
    figures = run_text(found, files)
    if plot:
        draw(found, plot)
    if json_file and str(json_file) == "-":
        print(figures, end="")
        return
    if json_file:
        json_file.write_text(figures, "utf-8")
    for table in evaluation_tables(found):
        out().print(table)


def _described(path: Path) -> dict[str, Any]:
    """A mention file's name and checksum; of a folder, the checksums of what is in it."""
    from api.linking_file import sha256_of

    if path.is_dir():
        return {
            "name": path.name,
            "parts": {part.name: sha256_of(part) for part in sorted(path.glob("*.ann"))},
        }
    return {"name": path.name, "sha256": sha256_of(path)}
