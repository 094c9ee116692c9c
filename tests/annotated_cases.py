"""Invented cases with their mentions marked, as files of the corpora write them."""

from __future__ import annotations

import json
from pathlib import Path

DISORDERS = (
    "asma",
    "insuficiencia renal",
    "neumonía",
    "fractura de cadera",
    "anemia",
    "infarto de miocardio",
)
SYMPTOMS = ("tos", "fiebre alta", "dolor torácico", "náuseas")
_FRAMES = (
    "Mujer con {d}, sin {s}.\r\n",
    "Varón que refiere {s} desde ayer; antecedentes de {d}.\n",
    "Ingresa por {d} 👍 y {s} ({d}).",
    "Acude a consulta; presenta {s}.\tDiagnóstico: {d}.",
)


def cases(count: int = 24) -> dict[str, str]:
    """Texts by name; every other name has the prefix `es-`."""
    found = {}
    for at in range(count):
        disorder, symptom = DISORDERS[at % len(DISORDERS)], SYMPTOMS[at * 5 % len(SYMPTOMS)]
        text = f"Caso {at}. " + "".join(
            _FRAMES[(at + turn) % len(_FRAMES)].format(d=disorder, s=symptom) for turn in range(2)
        )
        found[f"{'es-' if at % 2 else ''}S{at:03}-1"] = text
    return found


def marks(text: str, words: tuple[str, ...]) -> list[tuple[int, int]]:
    """Where words stand in a text."""
    found = []
    for word in words:
        at = text.find(word)
        while at >= 0:
            found.append((at, at + len(word)))
            at = text.find(word, at + 1)
    return sorted(found)


def write_cases(folder: Path, count: int = 24) -> dict[str, str]:
    """`texts.jsonl`, `disorders.tsv` (as DisTEMIST) and `symptoms.tsv` (as SympTEMIST); returns the texts."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = cases(count)
    lines = [json.dumps({"doc": name, "text": text}) for name, text in texts.items()]
    (folder / "texts.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    for name, header, words in (
        ("disorders.tsv", "filename\tmark\tlabel\toff0\toff1\tspan", DISORDERS),
        ("symptoms.tsv", "filename\tann_id\tlabel\tstart_span\tend_span\ttext", SYMPTOMS),
    ):
        label = "ENFERMEDAD" if words is DISORDERS else "SINTOMA"
        rows = [
            f"es-{document.removeprefix('es-')}\tT{at}\t{label}\t{start}\t{end}\t{text[start:end]}"
            for document, text in texts.items()
            for at, (start, end) in enumerate(marks(text, words), 1)
        ]
        (folder / name).write_text("\n".join([header, *rows]) + "\n", "utf-8", newline="")
    return texts


def write_brat(folder: Path, texts: dict[str, str]) -> None:
    """The same as a folder of brat's files."""
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.txt").write_bytes(text.encode())
        rows = [
            f"T{at}\t{label} {start} {end}\t{text[start:end]}"
            for label, words in (("disorder", DISORDERS), ("symptom", SYMPTOMS))
            for at, (start, end) in enumerate(marks(text, words), 1 if label == "disorder" else 50)
        ]
        (folder / f"{name}.ann").write_text("\n".join(rows) + "\n", "utf-8")
