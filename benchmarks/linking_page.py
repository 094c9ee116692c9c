"""The part of docs/results.md on linking, from the figures that `benchmarks.linking` wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from linker.evaluation.evaluation import PUBLISHED, PUBLISHED_RERANKED
from linker.evaluation.metrics import Estimate

CUTOFFS = ("1", "5", "10", "25", "50", "100", "200")

_LOOPS = (PUBLISHED, PUBLISHED_RERANKED)

_HEAD = """\
## Linking

`python -m benchmarks.linking --data ../shared/data --json docs/results`

Gold spans of documents that were held apart: those that CodiEsp calls dev, and CANTEMIST's dev-set2. None of them was
in the training of the models, nor in the fitting of the weights that fuse scores, nor is any of its mentions in an
index. All systems of a table answer from the same index strings, in one run:

- **enlace**: the shipped models, as `enlace link` uses them; then the same without its cross-encoder.
- **exact or folded**: the terms that equal the mention but for case, accents and punctuation.
- **TF-IDF**: character 2- to 4-grams.
- **published loop**: what published Spanish linkers do, with the shipped models' weights: vectors that are means over
  padding too, so that they depend on their batch, a flat index searched for 600 strings of which repeated codes are
  then dropped, nothing looked up by its letters; then the cross-encoder's order, exact matches included.

*Cleaned* leaves out mentions without a code and composites. A mention is *unseen* if its string is neither a
training mention nor a term of the index after folding case and accents, *not in training* if it is no training mention;
a code is unseen if no training mention has it.
*Lineage* counts as right the gold concept's parents and children too (one step), or all its ancestors and
descendants (any path). *Area* is that under the risk–coverage curve by the first candidate's score, less is better;
*coverage* is the share of mentions that can be answered with at most so many first candidates wrong.

Each table names its encoder's weights.
"""

_SETS = {
    "distemist-hpo-terms": (
        "DisTEMIST mentions to HPO, terms alone",
        "HPO 2024-04-26 with its Spanish labels; Spanish and English strings. The HPO codes come from published "
        "cross-mappings of SNOMED CT codes. **Not comparable with published SNOMED CT scores**: another terminology.",
    ),
    "distemist-hpo-terms-and-mentions": (
        "DisTEMIST mentions to HPO, with the mentions of training documents",
        "As before, and the index holds the training documents' mentions too.",
    ),
    "cantemist": (
        "CANTEMIST mentions to eCIE-O",
        "The 58,062 valid codes with the names of the 4,205 that have one, and the mentions of train-set and "
        "dev-set1; dev-set2 is gold. Is-a is read off the codes: a code is a kind of the longest code that it begins "
        "with (`8140/31/H` of `8140/31`, and that of `8140/3`). The names were used here and not in training. "
        r"Indexed with `--code-axes '(\d{4})/(\d)(\d)?(/H)?'`.",
    ),
    "distemist": (
        "DisTEMIST mentions to SNOMED CT codes",
        "The terminology is what the training documents' DisTEMIST and MedProcNER mentions say: their codes, named "
        "by their strings, without a hierarchy. A code that no training mention has cannot be found; *codes in the "
        "index* leaves those out. **Not comparable with published scores**, which "
        "have SNOMED CT's own terms.",
    ),
    "medprocner": (
        "MedProcNER mentions to SNOMED CT codes",
        "Over the same terminology.",
    ),
    "distemist-mapped": (
        "DisTEMIST mentions to SNOMED CT codes, with other releases' terms",
        "The same codes, and the index has what HPO, the Disease Ontology and CodiEsp's training evidence (as names of "
        "ICD-10-CM codes) call the same concepts (`--terms-of`). Their maps to SNOMED CT tell which these are, and so "
        "do the MeSH, OMIM, ICD-10 and HPO codes of the training documents' DisTEMIST mentions. A mention whose string "
        "is one of these terms is not *unseen*; *not in training* compares with DisTEMIST's and MedProcNER's training "
        "mentions alone, so that its mentions are those that are unseen above.",
    ),
    "medprocner-mapped": (
        "MedProcNER mentions to SNOMED CT codes, with other releases' terms",
        "Over the same terminology and terms.",
    ),
}

#: What each set is meant to reach, on which mentions: @1 and @25.
_AIMS = (
    ("distemist-hpo-terms", "cleaned", 0.80, 0.95),
    ("distemist-hpo-terms-and-mentions", "cleaned", 0.88, 0.97),
    ("cantemist", "cleaned", 0.92, 0.985),
    ("cantemist", "mentions not in training", 0.70, 0.94),
    ("cantemist", "unseen mentions", 0.70, 0.94),
    ("distemist", "codes in the index", 0.88, 0.97),
    ("distemist", "unseen mentions, codes in the index", 0.68, 0.92),
    ("medprocner", "codes in the index", 0.88, 0.97),
    ("medprocner", "unseen mentions, codes in the index", 0.68, 0.92),
    ("distemist-mapped", "codes in the index", 0.88, 0.97),
    ("distemist-mapped", "mentions not in training, codes in the index", 0.68, 0.92),
    ("distemist-mapped", "unseen mentions, codes in the index", 0.68, 0.92),
    ("medprocner-mapped", "codes in the index", 0.88, 0.97),
    ("medprocner-mapped", "unseen mentions, codes in the index", 0.68, 0.92),
)


def linking_part(figures: Mapping[str, Any]) -> str:
    """The whole part; sets without figures are left out."""
    sections = [
        _set_section(title, told, figures[name]) for name, (title, told) in _SETS.items() if name in figures
    ]
    return "\n".join([_HEAD, _aims_section(figures), *sections])


def _aims_section(figures: Mapping[str, Any]) -> str:
    """Aim against figure, and on how many of the cutoffs the published loop is ahead."""
    rows = []
    for name, subset, *aims in _AIMS:
        one = next((s for s in figures.get(name, {}).get("subsets", ()) if s["subset"] == subset), None)
        if one is None:
            continue
        accuracy = one["systems"][0]["accuracies"]["accuracy"]
        told = [
            f"{aim:g}: {_estimate(accuracy[k])}, {'reached' if accuracy[k]['value'] >= aim else '**missed**'}"
            for k, aim in zip(("1", "25"), aims, strict=True)
        ]
        rows.append((_SETS[name][0], f"{subset} ({one['mentions']:,})", *told, *_least_lead(one)))
    header = ("set", "mentions", "aim @1", "aim @25", *(f"least lead over the {name}" for name in _LOOPS))
    return "\n".join(
        [
            "### Aims",
            "",
            "What linking is meant to reach with the shipped models, and what it does. The last columns have the "
            "smallest of the differences to the published loop over all k.",
            "",
            table(header, rows),
            "",
        ]
    )


def _least_lead(one: Mapping[str, Any]) -> list[str]:
    """The least difference over all cutoffs, for each form of the published loop."""
    behind = {board["system"]: board["behind"] for board in one["systems"]}
    cells = []
    for loop in _LOOPS:
        if not behind.get(loop):
            cells.append("–")
            continue
        k, least = min(behind[loop]["accuracy"].items(), key=lambda item: item[1]["value"])
        cells.append(f"{signed(least)} at {k}{'' if least['value'] >= 0 else ', **behind**'}")
    return cells


def _set_section(title: str, told: str, found: Mapping[str, Any]) -> str:
    index = found["index"]
    subsets = {one["subset"]: one for one in found["subsets"]}
    cleaned = subsets.get("cleaned", found["subsets"][0])
    return "\n".join(
        [
            f"### {title}",
            "",
            told,
            "",
            f"{found['mentions']:,} mentions of {found['documents']:,} documents, {found['gold_not_in_index']:,} of "
            f"them without a code that the index holds; {index['terms']:,} strings of {index['concepts']:,} concepts, "
            f"{index['mentions']:,} annotated mentions among them; encoder `{index['encoder']['name']}`, "
            f"{index['encoder']['pooling']} pooling, weights `{index['encoder']['weights_sha256'][:12]}`; recall@64 "
            f"of the stored vectors {index['recall_at_64']}; Enlace {found['software']}.",
            "",
            f"{_counted(cleaned)}:",
            "",
            _accuracies(cleaned),
            "",
            "By set of mentions, @1 and @25:",
            "",
            _by_subset(one for one in found["subsets"] if not one["same_as"] or one is cleaned),
            "",
            _nearly_right(cleaned, found["is_a"]),
            "",
            f"enlace less the others, paired by document ({cleaned['subset']}):",
            "",
            _differences(cleaned),
            "",
        ]
    )


def _accuracies(one: Mapping[str, Any]) -> str:
    rows = [
        (
            board["system"],
            *(_estimate(board["accuracies"]["accuracy"][k]) for k in CUTOFFS),
            _estimate(board["accuracies"]["mrr"]),
        )
        for board in one["systems"]
    ]
    return table(("system", *(f"@{k}" for k in CUTOFFS), "MRR"), rows)


def _by_subset(subsets: Iterable[Mapping[str, Any]]) -> str:
    subsets = list(subsets)
    systems = [board["system"] for board in subsets[0]["systems"]]
    rows = [
        (
            _counted(one),
            *(
                " / ".join(_estimate(board["accuracies"]["accuracy"][k]) for k in ("1", "25"))
                for board in one["systems"]
            ),
        )
        for one in subsets
    ]
    return table(("set", *systems), rows)


def _nearly_right(one: Mapping[str, Any], is_a: int) -> str:
    ways = (("lineage_step", "one step"), ("lineage_path", "any path")) if is_a else ()
    first = one["systems"][0]
    header = ["system"]
    header += [f"lineage @{k}, {way}" for key, way in ways for k in first["accuracies"][key]]
    header += [
        "area",
        *(f"coverage at risk {float(risk):.0%}" for risk in first["risk_coverage"]["coverage"]),
    ]
    rows = []
    for board in one["systems"]:
        lineage = [_estimate(e) for key, _ in ways for e in board["accuracies"][key].values()]
        certainty = board["risk_coverage"]
        rows.append(
            (
                board["system"],
                *lineage,
                _estimate(certainty["area"]),
                *(_estimate(e) for e in certainty["coverage"].values()),
            )
        )
    return table(header, rows)


def _differences(one: Mapping[str, Any]) -> str:
    rows = []
    for board in one["systems"]:
        if board["behind"]:
            accuracy = board["behind"]["accuracy"]
            rows.append(
                (board["system"], *(signed(accuracy[k]) for k in CUTOFFS), signed(board["behind"]["mrr"]))
            )
    return table(("less", *(f"@{k}" for k in CUTOFFS), "MRR"), rows)


def _counted(one: Mapping[str, Any]) -> str:
    return f"{one['subset']}: {one['mentions']:,} mentions of {one['documents']:,} documents"


def _estimate(e: Mapping[str, float]) -> str:
    return f"{e['value']:.3f} [{e['low']:.2f}–{e['high']:.2f}]"


def signed(e: Mapping[str, float] | Estimate) -> str:
    """A difference with its interval."""
    value, low, high = (
        (e.value, e.low, e.high) if isinstance(e, Estimate) else (e["value"], e["low"], e["high"])
    )
    return f"{value:+.3f} [{low:+.3f}, {high:+.3f}]".replace("-", "−")


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    header = list(header)
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)
