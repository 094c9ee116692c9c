"""Linking measured on the open data, with baselines and the published loop beside it: the tables of docs/results.md.

    python -m benchmarks.linking --data ../shared/data [--set NAME] [--json DIR] [--plot DIR]
        [--bi-encoder FOLDER --cross-encoder FOLDER] [--precision int8|bfloat16]

Each set's terminology is imported into a temporary home and indexed with the models. Figures are printed, and
written as soon as a set is done; a set's file has the outcomes of Enlace on each mention, for `enlace compare-runs`.
HPO and eCIE-O scores are not comparable with the published SNOMED CT scores.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from api.evaluation_plot import check_plotting, draw
from api.evaluation_tables import evaluation_tables
from api.indexing import index_release
from api.linking_file import sha256_of
from api.quiet import quieten_model_libraries
from api.terminal import Tell, progress
from benchmarks.linking_sets import SETS, LinkingSet, Mentions
from graph.importing import import_release
from graph.release import INDEX_FOLDER, ReleaseHome
from linker.encoder import FULL, PRECISIONS
from linker.evaluation.evaluation import OURS, Evaluation, evaluate
from linker.evaluation.runs import run_text
from linker.pipeline import Linker
from linker.shipped import SHIPPED

WITHOUT_RERANKER = "enlace, no cross-encoder"


def indexed(
    home: ReleaseHome,
    data: Path,
    one: LinkingSet,
    training: Mentions,
    models: tuple[str, str],
    tell: Tell,
    precision: str = FULL,
) -> Path:
    """Import a set's terminology, and what lends terms to it, and index it; the index's folder."""
    tell(f"importing {one.release}", 0, None)
    import_release(home, one.release, one.records(data), sources=())
    for lender, records in one.lenders.items():
        tell(f"importing {lender}", 0, None)
        import_release(home, lender, records(data), sources=())
    mentions = [(m.span, code) for m in training for code in m.codes] if one.indexed else []
    bi_encoder, cross_encoder = models
    index_release(
        home,
        one.release,
        bi_encoder=bi_encoder,
        cross_encoder=cross_encoder,
        mentions=mentions,
        precision=precision,
        code_axes=one.code_axes,
        terms_of=list(one.lenders),
        tell=tell,
    )
    return home.folder(one.release) / INDEX_FOLDER


def measured(
    home: ReleaseHome, data: Path, one: LinkingSet, training: Mentions, tell: Tell, loop: bool
) -> Evaluation:
    """Evaluate a set over the index that is there, with the cross-encoder and without it, and with `loop` beside it."""
    with home.open(one.release) as opened:
        linker = Linker.open(opened.index_folder)
        variants = {WITHOUT_RERANKER: linker.without_reranker()} if linker.reranker else {}
        found = evaluate(
            linker,
            one.gold(data),
            training=training,
            hierarchy=opened.hierarchy,
            variants=variants,
            published_loop=loop,
            progress=tell,
        )
        linker.close()
    return found


def measured_on(data: Path, one: LinkingSet) -> dict[str, Any]:
    """What a set's gold was read from."""
    files = [{"name": name, "sha256": sha256_of(data / name)} for name in one.files]
    return {
        "set": one.name,
        "mention_file": files[0] if len(files) == 1 else {"name": one.name, "parts": files},
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables of each set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of open data")
    parser.add_argument("--set", action="append", choices=[one.name for one in SETS], help="by default all")
    parser.add_argument("--bi-encoder", default=SHIPPED)
    parser.add_argument("--cross-encoder", default=SHIPPED)
    parser.add_argument(
        "--precision", choices=PRECISIONS, default=FULL, help="other than float32: without the published loop"
    )
    parser.add_argument("--json", type=Path, help="a folder to write the figures into")
    parser.add_argument("--plot", type=Path, help="a folder to draw into, as SVG")
    options = parser.parse_args(arguments)
    quieten_model_libraries()
    for folder in filter(None, (options.json, options.plot)):
        folder.mkdir(parents=True, exist_ok=True)
    if options.plot:
        check_plotting(options.plot / "x.svg")
    with tempfile.TemporaryDirectory() as folder, progress() as tell:
        home = ReleaseHome(Path(folder))
        there: tuple[str, bool] | None = None
        for one in (one for one in SETS if not options.set or one.name in options.set):
            training = one.training(options.data)
            if there != (one.release, one.indexed):
                models = options.bi_encoder, options.cross_encoder
                indexed(home, options.data, one, training, models, tell, options.precision)
                there = (one.release, one.indexed)
            # The loop computes in float32, and has been beside that.
            found = measured(home, options.data, one, training, tell, loop=options.precision == FULL)
            name = one.name if options.precision == FULL else f"{one.name}-{options.precision}"
            for table in evaluation_tables(found):
                Console(width=180, highlight=False, markup=False).print(table)
            if options.json:
                text = run_text(found, measured_on(options.data, one), [OURS])
                (options.json / f"{name}.json").write_text(text, "utf-8")
            if options.plot:
                draw(found, options.plot / f"{name}.svg")


if __name__ == "__main__":
    main()
