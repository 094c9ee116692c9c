"""Training a cross-encoder that reads more than strings: it is shown what linking will show, and no more."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from checkpoints import make_clinical_xlm_roberta, make_spanish_roberta
from clinic import RecordsInMemory
from tiny_models import make_bi_encoder

from graph.model import IS_A, Concept, Mapping, Record, Relation, Term, TermKind
from linker.document_texts import Contexts, read_texts
from linker.errors import MentionFileError, TrainingError
from linker.mentions import GoldMention
from linker.normalization import fold
from linker.pair_text import NO_CONTEXT, NO_GLOSS, Context, Gloss, PairForm, Part
from linker.reranker import Reranker
from linker.training.choices import Negatives
from linker.training.corpus import build_corpus
from linker.training.cross_encoder import CrossEncoderRecipe, Lists
from linker.training.negatives import WrongAnswers
from linker.training.pair_details import PairDetails, contexts_of, detailed, glosses_of
from linker.training.runs import Oversight, TrainingData, run_cross_encoder

FORM = PairForm(tuple(Part), 1, 30)
NAMES = {
    "X:0": ("enfermedad", "dolencia"),
    "X:1": ("neumopatía", "enfermedad pulmonar"),
    "X:2": ("Asma", "asma bronquial", "enfermedad asmática"),
    "X:3": ("bronquitis", "inflamación de bronquios"),
    "X:4": ("cardiopatía", "enfermedad del corazón"),
}
RECORDS: list[Record] = [
    *(Concept(id, semantic_tag="trastorno" if id > "X:1" else "") for id in NAMES),
    *(
        Term(id, name, "es", TermKind.SYNONYM if place else TermKind.PREFERRED)
        for id, names in NAMES.items()
        for place, name in enumerate(names)
    ),
    Term("X:2", "asthma", "en", TermKind.PREFERRED),
    Term("X:2", "La de los bronquios que se cierran.", "es", TermKind.DEFINITION),
    Mapping("X:2", "C:2"),
    *(Mapping(id, "C:9") for id in ("X:3", "X:4")),
    *(
        Relation(child, IS_A, parent)
        for child, parent in (("X:1", "X:0"), ("X:2", "X:1"), ("X:3", "X:1"), ("X:4", "X:0"))
    ),
]
STORE = RecordsInMemory(RECORDS)
HEARTS = ("corazón", "corazones", "ventrículo", "aurícula", "válvula", "tabique", "miocardio")
TEXTS = {
    f"caso{i}": f"Paciente {i} con crisis de\nasma desde niño y {heart} sin fiebre."
    for i, heart in enumerate(f"{what} de {whose}" for what in ("mal", "fallo") for whose in HEARTS)
}
MENTIONS = [
    GoldMention(span, (code,), document, text.index(there), text.index(there) + len(there))
    for document, text in TEXTS.items()
    for there, span, code in (
        ("crisis de\nasma", "crisis de asma", "X:2"),
        (text[text.index(" y ") + 3 : text.index(" sin ")],) * 2 + ("X:4",),
    )
]
RECIPE = CrossEncoderRecipe(
    steps=6, lists=4, negatives=3, depth=10, max_length=100, bfloat16=False, kind=Negatives.BKG, form=FORM
)


def data(texts: dict[str, str] = TEXTS) -> TrainingData:
    return TrainingData([STORE], MENTIONS, ["Five diseases"], 0.3, texts)  # type: ignore[list-item]


def glosses() -> dict[str, Gloss]:
    return glosses_of([STORE], FORM, fold)  # type: ignore[list-item]


def test_a_gloss_is_as_an_index_shows_it() -> None:
    assert glosses() == {
        "X:0": Gloss("enfermedad"),
        "X:1": Gloss("neumopatia", "", ("enfermedad",)),
        "X:2": Gloss("asma", "trastorno", ("neumopatia",)),
        "X:3": Gloss("bronquitis", "trastorno", ("neumopatia",)),
        "X:4": Gloss("cardiopatia", "trastorno", ("enfermedad",)),
        # A code that one concept maps to; the other one has two.
        "C:2": Gloss("asma", "trastorno", ("neumopatia",)),
    }


def test_a_context_is_that_of_the_mention() -> None:
    contexts = Contexts(TEXTS)
    found = contexts_of(MENTIONS[:2], contexts, FORM, fold)
    assert found == {
        "crisis de asma": ((("X:2",), Context("paciente 0 con", "desde niño y mal de corazon")),),
        "mal de corazon": ((("X:4",), Context("crisis de asma desde niño y", "sin fiebre .")),),
    }
    assert not contexts.misplaced


def test_mentions_that_are_not_in_their_text_are_counted() -> None:
    contexts = Contexts({"a": "tos y fiebre"})
    assert contexts.of(GoldMention("fiebre", ("X:1",), "a", 6, 12), 9) == Context("tos y ", "")
    for mention in (
        GoldMention("fiebre", ("X:1",), "a", 5, 11),
        GoldMention("tos", ("X:1",), "a", 1, 4),
        GoldMention("tos", ("X:1",), "a"),
        GoldMention("tos", ("X:1",), "b", 0, 3),
    ):
        assert contexts.of(mention, 9) is None
    assert str(contexts.misplaced) == (
        "1 are of documents whose text is not given; 1 have no start and end; "
        "2 are not what their document has at their place (a 5–11: 'fiebre' is ' fiebr')"
    )


@pytest.mark.parametrize("name", ["texts.jsonl", "texts.jsonl.gz"])
def test_texts_are_read_plain_and_packed(name: str, tmp_path: Path) -> None:
    lines = [json.dumps({"doc": document, "text": text}) for document, text in TEXTS.items()]
    content = ("\n".join(lines) + "\n\n").encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    (tmp_path / "more").write_text('{"doc": "caso1", "text": "otro"}\n{"doc": "b", "text": "más"}', "utf-8")
    assert read_texts([tmp_path / name, tmp_path / "more"]) == {**TEXTS, "b": "más"}


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"doc": 1, "text": ""}', b'{"doc": "a"}', b"\xff"])
def test_a_line_that_is_no_text_is_told(line: bytes, tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_bytes(b'{"doc": "a", "text": "b"}\n' + line)
    with pytest.raises(MentionFileError, match=r"texts\.jsonl:2 is no JSON object"):
        read_texts([path])
    path.write_bytes(gzip.compress(b"abc" * 1000)[:-20])
    with pytest.raises(MentionFileError, match=r"texts\.jsonl"):
        read_texts([path])
    with pytest.raises(MentionFileError, match="cannot be read: No such file"):
        read_texts([tmp_path / "none"])


def lists(query: str, positive: str, close: tuple[str, ...], details: PairDetails) -> Lists:
    strange = GoldMention("cosa rara", ("Z:1",))
    again = GoldMention("cosa extraña", ("Z:1",))
    corpus = build_corpus([STORE], [*MENTIONS, strange, again], fold)  # type: ignore[list-item]
    wrong = WrongAnswers((query,), ((positive,),), (close,), ((),))
    return Lists(corpus, wrong, replace(RECIPE, augmentation=0), details)


def test_a_list_shows_the_glosses_of_what_its_strings_name() -> None:
    drawn = lists("enfermedad asmatica", "asma bronquial", ("bronquitis",), PairDetails(glosses())).draw()
    assert (
        drawn.pairs
        == [("enfermedad asmatica", "asma bronquial")] + [("enfermedad asmatica", "bronquitis")] * 3
    )
    assert drawn.glosses == [glosses()["X:2"]] + [glosses()["X:3"]] * 3
    assert drawn.contexts == [NO_CONTEXT] * 4


def test_a_list_does_not_show_the_query_as_the_preferred_term() -> None:
    drawn = lists("asma", "asma bronquial", ("inflamacion de bronquios",), PairDetails(glosses())).draw()
    assert [gloss.preferred for gloss in drawn.glosses] == [""] * 4
    assert [gloss.tag for gloss in drawn.glosses] == ["trastorno"] * 4


def test_what_has_a_gloss_stands_against_what_has_one() -> None:
    details = PairDetails(glosses())
    of_concept = lists("asma", "asma bronquial", ("cosa rara", "bronquitis"), details)
    assert {text for _ in range(20) for _, text in of_concept.draw().pairs[1:]} == {"bronquitis"}
    of_none = lists("cosa rara", "cosa extraña", ("bronquitis", "asma"), details)
    assert of_none.draw().glosses == [NO_GLOSS] * 4
    nothing_else = lists("asma", "asma bronquial", ("cosa rara",), details)
    assert nothing_else.draw().glosses[1:] == [NO_GLOSS] * 3


def test_a_list_shows_a_place_where_the_query_is_marked_as_what_it_names() -> None:
    places = contexts_of(MENTIONS, Contexts(TEXTS), FORM, fold)
    drawing = lists("crisis de asma", "asma", ("bronquitis",), PairDetails({}, places))
    drawn = [drawing.draw() for _ in range(40)]
    assert all(len(set(one.contexts)) == 1 for one in drawn)
    assert {one.contexts[0] for one in drawn} <= {context for _, context in places["crisis de asma"]}
    assert len({one.contexts[0] for one in drawn}) > 3
    other = lists("crisis de asma", "cardiopatia", ("bronquitis",), PairDetails({}, places))
    assert other.draw().contexts == [NO_CONTEXT] * 4


def test_on_dev_documents_the_right_concept_is_shown_where_a_string_names_it() -> None:
    holders = {"a": frozenset(["X:1", "X:2"]), "b": frozenset(["X:3", "Z:1"])}
    context = Context("con", "y")
    details = PairDetails(glosses(), {"m": ((("X:2",), context), (("X:3",), Context("no", "")))})
    shown = detailed([("m", "a"), ("m", "b"), ("n", "a")], [("X:2",), ("X:2",), ("Q:1",)], holders, details)
    assert [gloss.preferred for gloss in shown.glosses] == ["asma", "bronquitis", "neumopatia"]
    assert shown.contexts == [context, context, NO_CONTEXT]


Make = Callable[[Path], Path]


@pytest.mark.parametrize("make", [make_bi_encoder, make_spanish_roberta, make_clinical_xlm_roberta])
def test_a_model_is_trained_on_its_form_and_opens_with_it(make: Make, tmp_path: Path) -> None:
    output = tmp_path / "model"
    course = run_cross_encoder(
        data(), str(make(tmp_path / "base")), output, RECIPE, ["enlace"], start_from=None,
        oversight=Oversight(measure_steps=3), progress=lambda *told: None,
    )  # fmt: skip
    assert all(reading.score is not None for reading in course.readings)
    settings = json.loads((output / "enlace.json").read_text("utf-8"))
    assert settings["pair"] == {
        "candidate": ["term", "preferred", "tag", "parents"], "parents": 1, "context": 30,
    }  # fmt: skip
    card = (output / "README.md").read_text("utf-8")
    assert "| form | term, preferred, tag, parents (at most 1); 30 characters of context on each side" in card
    assert "| ids with a gloss | 6 |" in card
    reranker = Reranker.open(output)
    assert reranker.form == FORM
    pair = [("asma leve", "asma")]
    assert reranker.logits(pair) != reranker.logits(pair, [Gloss("asma", "trastorno")])


def test_a_killed_training_goes_on_and_one_of_another_form_is_refused(tmp_path: Path) -> None:
    base = str(make_bi_encoder(tmp_path / "base"))

    class Killed(Exception):
        pass

    def run(output: str, last: int = 0, form: PairForm = FORM, texts: dict[str, str] = TEXTS) -> bytes:
        def progress(step: int, steps: int, loss: float) -> None:
            if step == last:
                raise Killed

        run_cross_encoder(
            data(texts), base, tmp_path / output, replace(RECIPE, form=form), ["enlace"], start_from=None,
            oversight=Oversight(save_steps=2), progress=progress,
        )  # fmt: skip
        return (tmp_path / output / "model.safetensors").read_bytes()

    with pytest.raises(Killed):
        run("killed", 3)
    for form in (PairForm(), replace(FORM, context=10)):
        with pytest.raises(TrainingError, match="another output, or delete the folder"):
            run("killed", form=form)
    changed = {document: text.upper() for document, text in TEXTS.items()}
    with pytest.raises(TrainingError, match="A context of 30 characters was asked for and no mention"):
        run("killed", texts=changed)
    assert run("killed") == run("undisturbed")
