"""`enlace link --texts` and `enlace evaluate --texts` with a cross-encoder that was trained to read around mentions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_models import make_bi_encoder

from api.indexing import index_release
from api.link_options import LinkOptions
from api.linking_file import checked_rows, linking_lines
from api.linking_work import LinkWork, links_of, opened_linker, rows_text
from graph.importing import import_release
from graph.model import Concept, Record, Term, TermKind
from graph.release import ReleaseHome
from linker.document_texts import Contexts
from linker.mentions import GoldMention, is_held_out, write_mentions
from linker.model import Linking
from linker.pair_text import Context, PairForm
from linker.pipeline import Linker
from linker.training.choices import Negatives
from linker.training.cross_encoder import CrossEncoderRecipe
from linker.training.runs import Oversight, TrainingData, run_cross_encoder

REACH = 30
NAMES = {
    "X:1": ("asma", "asma bronquial", "enfermedad asmática"),
    "X:2": ("bronquitis", "inflamación de bronquios"),
    "X:3": ("cardiopatía", "enfermedad del corazón"),
}
RECORDS: list[Record] = [
    *(Concept(id) for id in NAMES),
    *(
        Term(id, name, "es", TermKind.SYNONYM if place else TermKind.PREFERRED)
        for id, names in NAMES.items()
        for place, name in enumerate(names)
    ),
]
LUNG, HEART = (
    "Tos y sibilancias: crisis de asma desde niño.",
    "Soplo; en casa crisis de asma, no cardiopatía.",
)
TEXTS = {"d1": LUNG, "d2": HEART, **{f"caso{i}": f"Paciente {i} con {LUNG}" for i in range(12)}}


def place(document: str, span: str) -> tuple[int, int]:
    start = TEXTS[document].index(span)
    return start, start + len(span)


@pytest.fixture(scope="module")
def reading_home(tmp_path_factory: pytest.TempPathFactory) -> ReleaseHome:
    """A home whose release is re-ranked by a cross-encoder trained on mentions with their context."""
    folder = tmp_path_factory.mktemp("reading")
    home = ReleaseHome(folder / "home")
    import_release(home, "mini", RECORDS, sources=())
    bi_encoder = make_bi_encoder(folder / "bi-encoder")
    gold = [
        GoldMention("crisis de asma", ("X:1",), document, *place(document, "crisis de asma"))
        for document in TEXTS
    ]
    recipe = CrossEncoderRecipe(
        steps=4, lists=2, negatives=2, depth=5, max_length=100, bfloat16=False, kind=Negatives.TOP,
        form=PairForm(context=REACH),
    )  # fmt: skip
    with home.open("mini") as opened:
        run_cross_encoder(
            TrainingData([opened.store], gold, ["mini"], 0.3, TEXTS),
            str(bi_encoder), folder / "cross-encoder", recipe, ["enlace"], start_from=None,
            oversight=Oversight(measure_steps=4), progress=lambda *told: None,
        )  # fmt: skip
    index_release(home, "mini", bi_encoder=str(bi_encoder), cross_encoder=str(folder / "cross-encoder"))
    return home


@pytest.fixture
def in_reading_home(reading_home: ReleaseHome, monkeypatch: pytest.MonkeyPatch) -> ReleaseHome:
    monkeypatch.setenv("ENLACE_HOME", str(reading_home.path))
    return reading_home


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.jsonl"
    path.write_text(
        "".join(json.dumps({"doc": doc, "text": text}) + "\n" for doc, text in TEXTS.items()), "utf-8"
    )
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """One mention in two documents, and once more where its offsets are wrong."""
    path = tmp_path / "mentions.tsv"
    places = [("d1", *place("d1", "crisis de asma")), ("d2", *place("d2", "crisis de asma")), ("d2", 0, 5)]
    rows = "".join(f"{doc}\t{start}\t{end}\tcrisis de asma\tX:1\n" for doc, start, end in places)
    path.write_text("doc\tstart\tend\tspan\tcode\n" + rows, "utf-8")
    return path


def read(text: str) -> list[dict[str, float]]:
    """The cross-encoder's score of each candidate, a mention a line."""
    answers = [json.loads(line) for line in text.splitlines()]
    return [{one["id"]: one["scores"]["rerank"] for one in answer["candidates"]} for answer in answers]


def test_a_file_of_mentions_is_linked_with_the_text_around_each(
    enlace: Any, in_reading_home: ReleaseHome, table: Path, texts: Path
) -> None:
    command = ("link", "--input", table, "--output", "-", "--top", "3")
    without, told = enlace(*command), enlace(*command, "--texts", texts)
    lung, heart, nowhere = read(told.out)
    assert lung != heart
    assert nowhere not in (lung, heart)
    assert read(without.out) == [nowhere] * 3
    assert (
        "1 are not what their document has at their place (d2 0–5: 'crisis de asma' is 'Soplo')" in told.err
    )
    assert without.err == ""
    # What linking answers to whoever gives it the contexts.
    linker = Linker.open(in_reading_home.folder("mini") / "index")
    contexts = [Context.around(TEXTS[d], *place(d, "crisis de asma"), REACH) for d in ("d1", "d2")]
    for right, found in zip(
        linker.link(["crisis de asma"] * 2, top_k=3, contexts=contexts), (lung, heart), strict=True
    ):
        assert found == pytest.approx({one.id: one.scores.rerank for one in right.candidates}, abs=1e-5)
    linker.close()


def test_workers_elsewhere_read_the_text_around_each_too(reading_home: ReleaseHome, table: Path) -> None:
    rows = list(checked_rows(table, "span", None, Contexts(TEXTS)))
    options = LinkOptions()
    there = LinkWork(str(reading_home.path), "mini", 3, options).open()(rows_text(rows))
    with opened_linker(reading_home, "mini", options) as (linker, scope):
        assert there == linking_lines(links_of(linker, 3, scope, options)(rows))
        misread = links_of(linker, 3, scope, options)([replace(row, place=None) for row in rows])
    assert there != linking_lines(misread)


def test_an_evaluation_reads_the_text_around_each_mention(
    enlace: Any, in_reading_home: ReleaseHome, table: Path, texts: Path
) -> None:
    command = ("evaluate", "--mentions", table, "--top", "3", "--json", "-")
    without, told = enlace(*command), enlace(*command, "--texts", texts)
    scores = [json.loads(one.out)["rows"]["systems"]["enlace"]["score"] for one in (without, told)]
    assert len(set(scores[0])) == 1
    assert len(set(scores[1])) == 3
    assert scores[1][2] == scores[0][2], "without a place it is read as without a text"
    assert "without the text around them: 1 are not what their document has" in told.err
    assert "around" not in without.err


def test_the_skip_rule_is_chosen_as_linking_reads(
    enlace: Any,
    in_reading_home: ReleaseHome,
    texts: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gold = [
        GoldMention("crisis de asma", ("X:1",), document, *place(document, "crisis de asma"))
        for document in TEXTS
    ]
    held_out = [document for document in TEXTS if is_held_out(document, 0.5)]
    write_mentions(tmp_path / "gold.tsv", [*gold, GoldMention("asma", ("X:1",), held_out[0], 0, 4)])
    folder = in_reading_home.path.parent
    cross_encoder = shutil.copytree(folder / "cross-encoder", tmp_path / "cross-encoder")
    given: list[Sequence[Context] | None] = []
    link = Linker.link

    def watched(self: Linker, mentions: Sequence[str], **options: Any) -> list[Linking]:
        given.append(options.get("contexts"))
        return link(self, mentions, **options)

    monkeypatch.setattr(Linker, "link", watched)
    told = enlace(
        "train", "skip-rule", "--release", "mini", "--mentions", tmp_path / "gold.tsv", "--texts", texts,
        "--bi-encoder", folder / "bi-encoder", "--cross-encoder", cross_encoder, "--dev-share", "0.5",
    )  # fmt: skip
    assert told.code == 0, told.err
    assert "read without their context: 1 are not what their document has" in told.err
    read, unread = given
    assert unread is None, "retrieval reads no context"
    assert read == [
        *(Context.around(TEXTS[d], *place(d, "crisis de asma"), REACH) for d in held_out),
        Context(),
    ]
