"""What evidence is worth as Markdown, from the figures that `benchmarks.evidence` wrote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.evidence import LINKED, PIECES, signed
from benchmarks.linking_page import table
from linker.evaluation.metrics import Estimate

_SECTION = """\
## What evidence is worth

`python -m benchmarks.evidence --data ../shared/data --json docs/results`

What a piece adds to accuracy@1: beyond the scores of bi-encoder, letters and cross-encoder / beyond what else is kept.
**Kept** are the pieces that linking uses. The first 25 candidates are ranked, mentions whose code the index lacks are
left out, and the weights are fitted on held-out training documents of all five sets together.
*Overlap*: how far mention and term say the same words; *translation*: how likely the words of its terms and the
mention's translate into one another, as synonyms teach (`linker.translation`); *kin*: the share of its parents,
children and siblings; *lineage*: of its ancestors and descendants; *kin coherence*: whether another mention of the
document is linked to its kin by itself; *coherence*: whether one is to the candidate itself, measured by linking the
mentions of a document together and apart, with the shipped weight (`linker.coherence`); *code axes*: what the words
of a mention say of its code, measured by linking with them and without, where the index knows them
(`linker.axis_ranking`); *scope*: that a caller who knows the mentions to be disorders, or procedures, asks for such
concepts alone, here for those that DisTEMIST's, or MedProcNER's, training mentions have; *abbreviations in the text*:
that linking reads the document, which may explain or write out its abbreviations (`linker.document_abbreviations`);
*terms written out*: that the index has terms with their abbreviations written out (`linker.written_out_terms`).
SNOMED CT codes named by mentions have no hierarchy here.
"""


def evidence_section(figures: dict[str, Any]) -> str:
    """The part of docs/results.md, from the figures that were written."""
    sets: dict[str, dict[str, Any]] = figures["sets"]

    def told(numbers: Sequence[float] | None) -> str:
        return signed(None if numbers is None else Estimate(*numbers))

    rows = [
        ["accuracy@1 with what is kept", *(f"{one['kept'][0]:.3f}" for one in sets.values())],
        *(
            [
                f"**{piece}**" if piece in figures["kept"] else piece,
                *(
                    f"{told(one['pieces'][piece]['beyond'])} / {told(one['pieces'][piece]['last'])}"
                    for one in sets.values()
                ),
            ]
            for piece in (*PIECES, *LINKED)
        ),
    ]
    return f"{_SECTION}\n{table(['piece', *sets], rows)}"
