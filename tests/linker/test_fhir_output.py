"""FHIR R4 bundles: valid for two libraries, and saying of each mention what the note says."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from annotated_documents import NOTE, ORIGIN, annotation, candidate, documents, note
from fhir.resources.R4B import bundle as r4b
from fhirclient.models.bundle import Bundle
from hypothesis import given, settings

from linker.annotation.formats.code_systems import system_and_code
from linker.annotation.formats.fhir import bundle
from linker.annotation.formats.fhir_mentions import mention_resource
from linker.annotation.model import AnnotatedDocument, Assertion, Document, Source, Span, Trigger
from linker.annotation.writing import render

#: The codes of FHIR R4's required value sets that are used here.
VERIFICATION = {"unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"}
CLINICAL = {"active", "recurrence", "relapse", "inactive", "remission", "resolved"}
STATUS = {
    "Observation": {"registered", "preliminary", "final", "amended", "corrected", "cancelled", "unknown"},
    "Procedure": {"preparation", "in-progress", "not-done", "on-hold", "stopped", "completed", "unknown"},
    "FamilyMemberHistory": {"partial", "completed", "entered-in-error", "health-unknown"},
    "DocumentReference": {"current", "superseded", "entered-in-error"},
}


def _valid(told: dict[str, Any]) -> None:
    """Raises unless a bundle is one for both libraries, and its codes are of the value sets."""
    Bundle(told)
    r4b.Bundle.model_validate(told)
    urls = {entry["fullUrl"] for entry in told["entry"]}
    assert len(urls) == len(told["entry"])
    assert set(_references(told)) <= urls
    for entry in told["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "Condition":
            assert resource["verificationStatus"]["coding"][0]["code"] in VERIFICATION
            assert _clinical(resource) in CLINICAL | {None}
        else:
            assert resource["status"] in STATUS[resource["resourceType"]]


def _references(told: Any) -> list[str]:
    if isinstance(told, dict):
        own = [told["reference"]] if "reference" in told else []
        return own + [one for value in told.values() for one in _references(value)]
    return [one for value in told for one in _references(value)] if isinstance(told, list) else []


def _clinical(resource: dict[str, Any]) -> str | None:
    return resource["clinicalStatus"]["coding"][0]["code"] if "clinicalStatus" in resource else None


def _resources(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in told["entry"][1:]]


def _extension(resource: dict[str, Any]) -> list[tuple[str, Any]]:
    [mention] = resource["extension"]
    return [(one["url"], next(v for k, v in one.items() if k != "url")) for one in mention["extension"]]


def test_a_note_is_a_bundle_with_its_text_and_a_resource_a_mention() -> None:
    told = bundle(note(), ORIGIN)
    _valid(told)
    document = told["entry"][0]["resource"]
    [content] = document["content"]
    text = base64.b64decode(content["attachment"]["data"])
    assert text.decode() == NOTE
    assert base64.b64decode(content["attachment"]["hash"]) == hashlib.sha1(text).digest()
    assert [(one["resourceType"], _said(one)) for one in _resources(told)] == [
        ("FamilyMemberHistory", ("partial",)),
        ("Condition", ("confirmed", "active")),
        ("Condition", ("confirmed", "inactive")),
        ("Observation", ("final", True)),
        ("Observation", ("final", True)),
        ("Observation", ("final", False)),
        ("Condition", ("provisional", "active")),
        ("Observation", ("preliminary", None)),
        ("Procedure", ("completed",)),
    ]


def _said(resource: dict[str, Any]) -> tuple[Any, ...]:
    if resource["resourceType"] == "Condition":
        return resource["verificationStatus"]["coding"][0]["code"], _clinical(resource)
    if resource["resourceType"] == "Observation":
        return resource["status"], resource.get("valueBoolean")
    return (resource["status"],)


def test_concepts_have_the_addresses_of_their_terminologies() -> None:
    family, _, infarction, *_ = _resources(bundle(note(), ORIGIN))
    assert infarction["code"] == {
        "text": "Infarto de miocardio",
        "coding": [
            {"system": "http://snomed.info/sct", "code": "22298006", "display": "infarto de miocardio"}
        ],
    }
    assert family["condition"][0]["code"]["coding"][0]["code"] == "HP:0003002"
    assert [system_and_code(id) for id in ("UMLS:C0027051", "ICD10CM:I21", "ECIEO:8041/3", "X")] == [
        ("http://www.nlm.nih.gov/research/umls", "C0027051"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "I21"),
        ("urn:enlace:ECIEO", "8041/3"),
        ("urn:enlace:X", "X"),
    ]


def test_where_a_mention_stands_is_in_its_extension() -> None:
    told = bundle(note(), ORIGIN)
    *_, pain, fever, _, _, _ = _resources(told)
    assert [one for one in _extension(pain) if one[0] in ("start", "end")] == [
        ("start", 84),
        ("end", 89),
        ("start", 101),
        ("end", 108),
    ]
    assert _extension(fever) == [
        ("document", {"reference": told["entry"][0]["fullUrl"]}),
        ("start", 113),
        ("end", 119),
        ("probability", 0.9),
        ("source", "recognizer"),
        ("type", "symptom"),
        ("section", "Exploración:"),
        ("negated", "No"),
    ]


@pytest.mark.parametrize(
    ("type", "tag", "assertions", "resource", "said"),
    [
        ("disorder", "", "negated", "Condition", ("refuted", None)),
        ("disorder", "", "hypothetical", "Condition", ("unconfirmed", None)),
        ("disorder", "", "negated historical", "Condition", ("refuted", None)),
        ("disorder", "", "uncertain historical", "Condition", ("provisional", "active")),
        ("procedure", "", "negated", "Procedure", ("not-done",)),
        ("procedure", "", "uncertain", "Procedure", ("unknown",)),
        ("procedure", "", "historical", "Procedure", ("completed",)),
        ("symptom", "", "historical", "Observation", ("final", True)),
        ("symptom", "", "uncertain", "Observation", ("preliminary", None)),
        ("symptom", "trastorno", "", "Condition", ("confirmed", "active")),
        ("disorder", "hallazgo", "", "Observation", ("final", True)),
        ("disorder", "organismo", "", "Condition", ("confirmed", "active")),
        ("", "", "", "Observation", ("final", True)),
        ("ENFERMEDAD", "", "", "Condition", ("confirmed", "active")),
        ("procedure", "", "family", "FamilyMemberHistory", ("partial",)),
    ],
)
def test_the_resource_and_its_status(
    type: str, tag: str, assertions: str, resource: str, said: tuple[Any, ...]
) -> None:
    triggers = tuple(Trigger(Assertion(one), 0, 2) for one in assertions.split())
    span = Span(3, 9, type, Source.GIVEN)
    mention = annotation("No fiebre", span, candidate("X:1", "fiebre"), triggers=triggers)
    told = mention_resource(mention, "No fiebre", tag, {"display": "-"}, "urn:uuid:1")
    assert (told["resourceType"], _said(told)) == (resource, said)


def test_what_a_family_history_cannot_say_modifies_it() -> None:
    both = tuple(Trigger(one, 0, 2) for one in (Assertion.FAMILY, Assertion.NEGATED))
    mention = annotation("No asma", Span(3, 7, "disorder", Source.GIVEN), triggers=both)
    told = bundle(AnnotatedDocument(Document("a", "No asma"), (mention,)), ORIGIN)
    _valid(told)
    assert _resources(told)[0]["modifierExtension"] == [
        {"url": "urn:enlace:asserted", "valueCode": "negated"}
    ]


@settings(max_examples=40, deadline=None)
@given(documents())
def test_any_text_with_any_spans_is_valid(document: AnnotatedDocument) -> None:
    told = bundle(document, ORIGIN)
    _valid(told)
    text = base64.b64decode(told["entry"][0]["resource"]["content"][0]["attachment"]["data"]).decode()
    assert text == document.document.text
    for one, resource in zip(document.annotations, _resources(told), strict=True):
        offsets = [value for name, value in _extension(resource) if name in ("start", "end")]
        pieces = one.span.fragments or ((one.span.start, one.span.end),)
        assert offsets == [offset for piece in pieces for offset in piece]


def test_a_line_is_a_bundle_and_the_same_one_again(tmp_path: Path) -> None:
    some = [note(), note(), AnnotatedDocument(Document("", ""), ())]
    for name in ("a.ndjson", "b.ndjson"):
        render("fhir", some, tmp_path / name, ORIGIN)
    lines = (tmp_path / "a.ndjson").read_text("utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    assert len(told) == 3
    for one in told:
        _valid(one)
    assert len({entry["fullUrl"] for one in told for entry in one["entry"]}) == 21
    assert (tmp_path / "b.ndjson").read_text("utf-8").splitlines() == lines
