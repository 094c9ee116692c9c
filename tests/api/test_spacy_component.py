"""Enlace in a pipeline of the real spaCy."""

from __future__ import annotations

import json
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span

from graph.errors import ReleaseNotFound
from graph.release import ReleaseHome

NOTE = "Niega asma.\nSe confirma insuficiencia renal aguda (IRA). La IRA mejora."
ACUTE = "SNOMEDCT:29039999999107"


@pytest.fixture(scope="module")
def nlp(home: ReleaseHome) -> Language:
    import_module("api.spacy_component")
    nlp = spacy.blank("es")
    nlp.add_pipe("enlace", config={"release": "demo", "home": str(home.path)})
    return nlp


def _said(doc: Doc) -> list[tuple[str, str]]:
    return [(one.text, one.kb_id_) for one in doc.ents]


def test_entities_have_their_concepts_and_their_context(nlp: Language) -> None:
    doc = nlp(NOTE)
    assert doc.text == NOTE
    found = {one.text: one for one in doc.ents}
    assert found["insuficiencia renal aguda"].kb_id_ == ACUTE
    assert found["insuficiencia renal aguda"].label_ == "disorder"
    assert found["IRA"].kb_id_ == ACUTE
    asthma = found["asma"]
    assert asthma._.enlace_context["negated"] is True
    assert not found["insuficiencia renal aguda"]._.enlace_context["negated"]
    assert asthma._.enlace_candidates[0]["id"] == asthma.kb_id_ == asthma._.enlace_decision["id"]
    assert NOTE[asthma._.enlace["start"] : asthma._.enlace["end"]] == "asma"
    assert {one.text for one in doc.ents} <= {one.text for one in doc.spans["enlace"]}
    assert doc[0:1]._.enlace is None
    assert doc[0:1]._.enlace_context is None


def test_documents_together_are_as_alone_and_can_be_stored(nlp: Language) -> None:
    texts = [NOTE, "", "Sin hallazgos 😀 de interés.", "Asma bronquial."]
    together = list(nlp.pipe(texts, batch_size=3))
    assert [doc.text for doc in together] == texts
    assert [_said(doc) for doc in together] == [_said(nlp(text)) for text in texts]
    stored = DocBin(docs=together, store_user_data=True).to_bytes()
    again = list(DocBin().from_bytes(stored).get_docs(nlp.vocab))
    assert [_said(doc) for doc in again] == [_said(doc) for doc in together]
    # Stored lists come back as tuples.
    assert json.dumps(again[0].ents[0]._.enlace) == json.dumps(together[0].ents[0]._.enlace)


def test_entities_that_were_there_are_kept_and_linked(home: ReleaseHome) -> None:
    nlp = spacy.blank("es")
    nlp.add_pipe("enlace", config={"release": "demo", "home": str(home.path), "recognizer": []})
    doc = nlp.make_doc(NOTE)
    doc.ents = [Span(doc, 1, 2, label="DISEASE")]
    doc = nlp.get_pipe("enlace")(doc)
    assert [(one.text, one.label_) for one in doc.ents] == [("asma", "DISEASE")]
    assert doc.ents[0].kb_id_.startswith("SNOMEDCT:")
    assert doc.ents[0]._.enlace["source"] == "given"


def test_a_release_that_is_not_there_is_told(home: ReleaseHome) -> None:
    nlp = spacy.blank("es")
    with pytest.raises(ReleaseNotFound):
        nlp.add_pipe("enlace", config={"release": "none", "home": str(home.path)})


def test_spacy_finds_the_component_by_its_entry_point() -> None:
    project = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text("utf-8"))[
        "project"
    ]
    module, _, name = project["entry-points"]["spacy_factories"]["enlace"].partition(":")
    assert Language.get_factory_meta("enlace").factory == "enlace"
    assert callable(getattr(import_module(module), name))
