"""DisTEMIST mentions of CodiEsp's dev documents linked to HPO: the table of docs/results.md.

    python -m benchmarks.distemist_hpo --data ../shared/data [--bi-encoder FOLDER --cross-encoder FOLDER] [--json DIR]

Imports HPO with its Spanish labels into a temporary home, indexes it twice (terms alone; terms and the
mentions of training documents), and evaluates each index on the same gold mentions with TF-IDF and
exact look-up beside it. Documents that CodiEsp calls dev are in neither the index nor the models'
training. HPO scores are not comparable with the published SNOMED CT scores.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from api.commands.evaluate import evaluation_table
from api.indexing import index_release
from benchmarks.corpora import write_corpora
from graph.importing import import_release
from graph.release import INDEX_FOLDER, ReleaseHome
from linker.evaluation.evaluation import Evaluation, evaluate
from linker.mentions import read_mentions
from linker.pipeline import Linker
from linker.shipped import SHIPPED
from loaders.formats import load

RELEASE = "hpo-2024-04"


def import_hpo(home: ReleaseHome, data: Path) -> None:
    """Import HPO with its Spanish labels as RELEASE."""
    source = load(data / "hpo" / "hp.v2024-04-26.json.gz", translations=[data / "hpo" / "hp-es.babelon.tsv"])
    import_release(home, RELEASE, source.records, sources=source.sources, rejected=source.rejected)


def evaluate_with(
    home: ReleaseHome, corpora: Path, training_mentions: bool, bi_encoder: str, cross_encoder: str
) -> Evaluation:
    """Index RELEASE and evaluate on the dev mentions, with the cross-encoder and without it."""
    mentions = (
        [(m.span, code) for m in read_mentions(corpora / "hpo-training.tsv") for code in m.codes]
        if training_mentions
        else []
    )
    index_release(home, RELEASE, bi_encoder=bi_encoder, cross_encoder=cross_encoder, mentions=mentions)
    gold = list(read_mentions(corpora / "hpo-dev.tsv"))
    found = []
    for rerank in (True, False):
        linker = Linker.open(home.folder(RELEASE) / INDEX_FOLDER, rerank=rerank)
        found.append(evaluate(linker, gold))
        linker.close()
    whole, without = found
    retrieval = replace(without.systems[0], system="enlace, no cross-encoder")
    return replace(whole, systems=(whole.systems[0], retrieval, *whole.systems[1:]))


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of open data")
    parser.add_argument("--bi-encoder", default=SHIPPED)
    parser.add_argument("--cross-encoder", default=SHIPPED)
    parser.add_argument("--json", type=Path, help="a folder to write the figures into")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = ReleaseHome(Path(folder))
        write_corpora(options.data, Path(folder) / "corpora")
        import_hpo(home, options.data)
        for name, with_mentions in (("terms", False), ("terms-and-mentions", True)):
            found = evaluate_with(
                home, Path(folder) / "corpora", with_mentions, options.bi_encoder, options.cross_encoder
            )
            Console(width=180).print(evaluation_table(found))
            if options.json:
                options.json.mkdir(parents=True, exist_ok=True)
                text = json.dumps(found.as_json(), ensure_ascii=False, indent=2)
                (options.json / f"distemist-hpo-{name}.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
