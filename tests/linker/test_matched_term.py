"""Where the term comes from by which a candidate was found."""

from __future__ import annotations

from pathlib import Path

from clinic import ASTHMA, COLIC, INFARCTION, RECORDS, RENAL_COLIC, imported, indexed, retriever

from graph.release import ReleaseHome
from linker.encoder import BiEncoder
from linker.index import TermIndex
from linker.matched_term import ANNOTATED
from linker.model import Linking
from linker.pipeline import Linker

MENTIONS = [
    *3 * [("cólico", RENAL_COLIC)],
    ("cólico", COLIC),
    ("el infarto", INFARCTION),
]


def shares(answer: Linking) -> dict[str, float]:
    """Of each candidate, the share of its matched term's annotations that are of it."""
    return {
        one.id: each.value for one in answer.candidates for each in one.evidence if each.kind == ANNOTATED
    }


def test_a_term_that_annotators_gave_a_concept_is_shown_as_such(encoder: BiEncoder, tmp_path: Path) -> None:
    home = ReleaseHome(tmp_path)
    folder = imported(home, "clinic", RECORDS)
    indexed(home, "clinic", encoder, mentions=MENTIONS)
    index = TermIndex.open(folder)
    colic, infarction, asthma = Linker(retriever(index, encoder), None).link(
        ["cólico", "El infarto", "asma"], top_k=3
    )
    # "cólico" is a term of the one and, in texts, three times in four the other's.
    assert [one.id for one in colic.candidates[:2]] == [RENAL_COLIC, COLIC]
    assert (shares(colic)[RENAL_COLIC], shares(colic)[COLIC]) == (0.75, 0.25)
    assert infarction.candidates[0].matched_term == "el infarto"
    assert shares(infarction)[INFARCTION] == 1
    # A term of the terminology that no text was annotated with.
    assert ASTHMA not in shares(asthma)
    index.close()


def test_without_annotated_mentions_no_term_is_one(linker: Linker) -> None:
    assert not any(shares(one) for one in linker.link(["cólico", "infarto", "asma"]))
