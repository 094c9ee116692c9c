"""The open Spanish corpora as mention files: training documents in one, CodiEsp's dev documents in another.

    python -m benchmarks.corpora --data ../shared/data --output work/corpora

The DisTEMIST and MedProcNER documents are CodiEsp's under slightly different names, so the documents
that CodiEsp calls dev are left out of every training file, whichever corpus they come from. Written
are `training.tsv` (doc, start, end, span, code; codes are CURIEs of SNOMEDCT, MESH, HP, ECIEO, ICD10CM and
ICD10PCS),
`hpo-training.tsv` and `hpo-dev.tsv` (mentions with HPO codes alone), and `texts.jsonl` (doc, text; raw clinical
text, from which a model learns words). For fitting weights on the documents that training leaves out, there are
`hpo-known.tsv`, `snomed-gazetteer.tsv` and `ecieo-gazetteer.tsv`: HPO mentions to index, and SNOMED CT and eCIE-O codes
named by mentions, of the others.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from linker.document_texts import read_texts
from linker.mentions import GoldMention, read_mentions, split_documents, write_mentions

DEV_SHARE = 0.125
"""Of documents, as `enlace train` leaves them out."""
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
    for path in distemist_files(data):
        for mention, mesh in zip(
            read_mentions(path), read_mentions(path, code_column="mesh_code"), strict=True
        ):
            if single(mention):
                also = mesh.codes if single(mesh) else ()
                yield replace(named(mention), codes=(*mention.codes, *also))


def distemist_files(data: Path) -> tuple[Path, Path]:
    """The two parts of DisTEMIST's linking files."""
    stem = "distemist_subtrack2_training{}_linking_crossmappings.tsv"
    return data / "distemist" / stem.format(1), data / "distemist" / stem.format(2)


def distemist_hpo(data: Path) -> Iterator[GoldMention]:
    """DisTEMIST mentions with their HPO codes."""
    return map(named, read_mentions(data / "distemist-hpo" / "distemist.hpo.tsv"))


def medprocner(data: Path) -> Iterator[GoldMention]:
    """MedProcNER mentions with their SNOMED CT codes."""
    return map(named, filter(single, read_mentions(medprocner_file(data))))


def medprocner_file(data: Path) -> Path:
    """MedProcNER's linking file."""
    return data / "medprocner" / "medprocner_tsv_train_subtask2.tsv"


def cantemist(data: Path) -> Iterator[GoldMention]:
    """CANTEMIST mentions of its training part and its first dev part with their eCIE-O codes."""
    for path in cantemist_files(data):
        yield from read_mentions(path)


def cantemist_files(data: Path) -> tuple[Path, Path]:
    """CANTEMIST's parts that are trained on; the second dev part is held apart."""
    return data / "cantemist" / "train-set.tsv", data / "cantemist" / "dev-set1.tsv"


def codiesp(data: Path) -> Iterator[GoldMention]:
    """CodiEsp's training evidence with its CIE-10-ES codes, which are ICD-10-CM's and ICD-10-PCS's."""
    systems = {"DIAGNOSTICO": "ICD10CM", "PROCEDIMIENTO": "ICD10PCS"}
    with (data / "codiesp" / "trainX.tsv").open(encoding="utf-8", newline="") as file:
        for document, kind, code, span, places in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            # Evidence in several pieces has no one place; its words stand for it.
            start, end = (None, None) if ";" in places else map(int, places.split())
            yield GoldMention(span, (f"{systems[kind]}:{code.upper()}",), document, start, end)


def single(mention: GoldMention) -> bool:
    """Whether a mention has a code, and one that is no composite."""
    return mention.coded and not mention.composite


def named(mention: GoldMention) -> GoldMention:
    """The mention with the name that CodiEsp gives its document."""
    return replace(mention, document=document_name(mention.document))


CORPORA = (distemist, distemist_hpo, medprocner, cantemist, codiesp)


TEXTS = (
    "text/codiesp-background.jsonl.gz",
    "text/casimedicos.jsonl.gz",
    "codiesp/texts.jsonl.gz",
    "cantemist/train-set.texts.jsonl.gz",
    "cantemist/dev-set1.texts.jsonl.gz",
)
"""Where raw text is. The other corpora's documents are CodiEsp's."""


def write_texts(path: Path, data: Path) -> int:
    """Write the texts of all documents that are not held apart; returns their number."""
    held_apart = codiesp_dev_documents(data)
    texts = {document_name(name): text for name, text in read_texts(data / one for one in TEXTS).items()}
    kept = {name: text for name, text in texts.items() if name not in held_apart}
    with path.open("w", encoding="utf-8") as file:
        for name, text in kept.items():
            file.write(json.dumps({"doc": name, "text": text}, ensure_ascii=False) + "\n")
    return len(kept)


def write_corpora(data: Path, output: Path) -> dict[str, int]:
    """Write the files into `output`; returns the rows of each."""
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
        "hpo-known.tsv": write_mentions(
            output / "hpo-known.tsv", _known(m for m in hpo if m.document not in held_apart)
        ),
        "snomed-gazetteer.tsv": write_gazetteer(
            output / "snomed-gazetteer.tsv",
            _known(
                m for corpus in (distemist, medprocner) for m in corpus(data) if m.document not in held_apart
            ),
            "SNOMEDCT:",
        ),
        "ecieo-gazetteer.tsv": write_gazetteer(
            output / "ecieo-gazetteer.tsv", _known(cantemist(data)), "ECIEO:"
        ),
        "texts.jsonl": write_texts(output / "texts.jsonl", data),
    }


def _known(mentions: Iterable[GoldMention]) -> list[GoldMention]:
    return split_documents(mentions, DEV_SHARE)[0]


def write_gazetteer(path: Path, mentions: Iterable[GoldMention], prefix: str) -> int:
    """Write the codes of mentions that have the prefix as a gazetteer, named by the mentions; returns its rows."""
    terms = {
        (code.removeprefix(prefix), " ".join(mention.span.split())): None
        for mention in mentions
        for code in mention.codes
        if code.startswith(prefix)
    }
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("code\tlanguage\tterm\tsemantic_tag\tmainterm\n")
        file.writelines(f"{code}\tes\t{term}\t\t0\n" for code, term in terms)
    return len(terms)


def main() -> None:
    """Write the files and say how many rows each has."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="the folder of open data")
    parser.add_argument("--output", type=Path, required=True, help="where to write the mention files")
    options = parser.parse_args()
    for name, rows in write_corpora(options.data, options.output).items():
        print(f"{options.output / name}: {rows:,}")


if __name__ == "__main__":
    main()
