"""The open Spanish corpora as mention files: training documents in one, CodiEsp's dev documents in another.

    python -m benchmarks.corpora --data ../shared/data --output work/corpora

The DisTEMIST and MedProcNER documents are CodiEsp's under slightly different names, so the documents
that CodiEsp calls dev are left out of every training file, whichever corpus they come from. Written
are `training.tsv` (doc, span, code; codes are CURIEs of SNOMEDCT, MESH, HP and ECIEO),
`hpo-training.tsv` and `hpo-dev.tsv` (mentions with HPO codes alone).
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

from linker.mentions import GoldMention, write_mentions

_CODIESP_DEV = ("devD.tsv", "devP.tsv", "devX.tsv")


def document_name(name: str) -> str:
    """A document's name without the prefix that some corpora add."""
    return name.removeprefix("es-")


def codiesp_dev_documents(data: Path) -> frozenset[str]:
    """The documents that CodiEsp calls dev."""
    lines = (
        line for name in _CODIESP_DEV for line in (data / "codiesp" / name).read_text("utf-8").splitlines()
    )
    return frozenset(line.split("\t")[0] for line in lines if line)


def distemist(data: Path) -> Iterator[GoldMention]:
    """DisTEMIST linking mentions with their SNOMED CT and MeSH codes."""
    for part in ("training1", "training2"):
        for row in _table(data / "distemist" / f"distemist_subtrack2_{part}_linking_crossmappings.tsv"):
            if row["code"].isdigit():
                codes = [f"SNOMEDCT:{row['code']}"]
                if row["mesh_code"][:1] in ("C", "D"):
                    codes.append(f"MESH:{row['mesh_code']}")
                yield GoldMention(row["span"], tuple(codes), document_name(row["filename"]))


def distemist_hpo(data: Path) -> Iterator[GoldMention]:
    """DisTEMIST mentions with their HPO codes."""
    for row in _table(data / "distemist-hpo" / "distemist.hpo.tsv"):
        yield GoldMention(row["span"], tuple(row["hpo"].split("|")), document_name(row["doc"]))


def medprocner(data: Path) -> Iterator[GoldMention]:
    """MedProcNER mentions with their SNOMED CT codes."""
    for row in _table(data / "medprocner" / "medprocner_tsv_train_subtask2.tsv"):
        if row["code"].isdigit():
            yield GoldMention(row["text"], (f"SNOMEDCT:{row['code']}",), document_name(row["filename"]))


def cantemist(data: Path) -> Iterator[GoldMention]:
    """CANTEMIST training mentions with their eCIE-O codes."""
    for row in _table(data / "cantemist" / "train-set.tsv"):
        yield GoldMention(row["span"], (f"ECIEO:{row['code']}",), row["doc"])


CORPORA = (distemist, distemist_hpo, medprocner, cantemist)


def write_corpora(data: Path, output: Path) -> dict[str, int]:
    """Write the three files into `output`; returns the rows of each."""
    output.mkdir(parents=True, exist_ok=True)
    held_apart = codiesp_dev_documents(data)
    training = (m for corpus in CORPORA for m in corpus(data) if m.document not in held_apart)
    hpo = list(distemist_hpo(data))
    return {
        "training.tsv": write_mentions(output / "training.tsv", training),
        "hpo-training.tsv": write_mentions(
            output / "hpo-training.tsv", (m for m in hpo if m.document not in held_apart)
        ),
        "hpo-dev.tsv": write_mentions(output / "hpo-dev.tsv", (m for m in hpo if m.document in held_apart)),
    }


def _table(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def main() -> None:
    """Write the files and say how many rows each has."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="the folder of open data")
    parser.add_argument("--output", type=Path, required=True, help="where to write the mention files")
    options = parser.parse_args()
    for name, rows in write_corpora(options.data, options.output).items():
        print(f"{options.output / name}: {rows:,} mentions")


if __name__ == "__main__":
    main()
