"""A mention as a FHIR R4 resource: which one by the semantic tag or the type, its status by the context.

| what the note says | Condition | Observation | Procedure |
|---|---|---|---|
| it is there | confirmed, active | final, true | completed |
| negated | refuted | final, false | not-done |
| uncertain | provisional, active | preliminary, unknown | unknown |
| historical | confirmed, inactive | final, true | completed |
| hypothetical | unconfirmed | preliminary, unknown | unknown |

Negated goes before hypothetical, hypothetical before uncertain, uncertain before historical. What is said of a
relative is a FamilyMemberHistory, whatever it is; what it cannot say of it is in its modifier extension.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any

from linker.annotation.formats.code_systems import system_and_code
from linker.annotation.model import Annotation, Assertion

DOCUMENT_IDS = "urn:enlace:document"
MENTION = "urn:enlace:mention"
#: The modifier extension of a family history: what the note says of the relative's condition besides that it is there.
ASSERTED = "urn:enlace:asserted"

_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
_CONDITION, _OBSERVATION, _PROCEDURE = "Condition", "Observation", "Procedure"
#: Semantic tags of SNOMED CT and types of mentions, in small letters. What is not here is an Observation.
_RESOURCES: MappingProxyType[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "disorder",
                "disease",
                "trastorno",
                "enfermedad",
                "morphology",
                "morphologic abnormality",
                "anomalía morfológica",
                "morfologia_neoplasia",
                "situation",
                "situación",
                "event",
                "evento",
            ),
            _CONDITION,
        ),
        **dict.fromkeys(
            ("procedure", "procedimiento", "regime/therapy", "régimen/tratamiento", "régimen/terapia"),
            _PROCEDURE,
        ),
        **dict.fromkeys(("symptom", "sintoma", "síntoma", "finding", "hallazgo"), _OBSERVATION),
    }
)
#: Which assertion gives the status where a mention has several.
_STRONGEST = (Assertion.NEGATED, Assertion.HYPOTHETICAL, Assertion.UNCERTAIN, Assertion.HISTORICAL)
_VERIFICATION = {
    Assertion.NEGATED: "refuted",
    Assertion.HYPOTHETICAL: "unconfirmed",
    Assertion.UNCERTAIN: "provisional",
}
_CLINICAL = {Assertion.NEGATED: "", Assertion.HYPOTHETICAL: "", Assertion.HISTORICAL: "inactive"}
_PROCEDURE_STATUS = {
    Assertion.NEGATED: "not-done",
    Assertion.HYPOTHETICAL: "unknown",
    Assertion.UNCERTAIN: "unknown",
}
# FHIR's strings have no control characters, and no white space at their ends.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def mention_resource(
    annotation: Annotation, text: str, tag: str, subject: dict[str, Any], note: str
) -> dict[str, Any]:
    """The resource of a mention in `text`, of a concept with that semantic tag; `note` is the URL of the text's."""
    strongest = next((one for one in _STRONGEST if annotation.context.has(one)), None)
    code = _code(annotation, text)
    extension = {"extension": [_mention(annotation, text, note)]}
    kind = resource_type(annotation, tag)
    if annotation.context.has(Assertion.FAMILY):
        return _family_history(strongest, code, subject, extension)
    if kind == _CONDITION:
        return _condition(strongest, code, subject, note, extension)
    if kind == _PROCEDURE:
        status = _PROCEDURE_STATUS.get(strongest, "completed") if strongest else "completed"
        return {
            "resourceType": kind,
            **extension,
            "status": status,
            "code": code,
            "subject": subject,
            "report": [{"reference": note}],
        }
    return {
        "resourceType": kind,
        **extension,
        **_observed(strongest),
        "code": code,
        "subject": subject,
        "derivedFrom": [{"reference": note}],
    }


def resource_type(annotation: Annotation, tag: str) -> str:
    """What a mention is, were it the patient's: by the semantic tag, else by the type, else an Observation."""
    named = (_RESOURCES.get(name.lower()) for name in (tag, annotation.span.type))
    return next(filter(None, named), _OBSERVATION)


def string(text: str) -> str:
    """Text as FHIR's strings have it: controls as U+FFFD, no white space at the ends; empty where nothing is left."""
    return _CONTROLS.sub("\ufffd", text.strip()).strip()


def _condition(
    strongest: Assertion | None,
    code: dict[str, Any],
    subject: dict[str, Any],
    note: str,
    extension: dict[str, Any],
) -> dict[str, Any]:
    clinical, verification = "active", "confirmed"
    if strongest:
        clinical = _CLINICAL.get(strongest, clinical)
        verification = _VERIFICATION.get(strongest, verification)
    return {
        "resourceType": _CONDITION,
        **extension,
        **({"clinicalStatus": _coded("condition-clinical", clinical)} if clinical else {}),
        "verificationStatus": _coded("condition-ver-status", verification),
        "code": code,
        "subject": subject,
        "evidence": [{"detail": [{"reference": note}]}],
    }


def _observed(strongest: Assertion | None) -> dict[str, Any]:
    if strongest in (Assertion.UNCERTAIN, Assertion.HYPOTHETICAL):
        return {"status": "preliminary", "dataAbsentReason": _coded("data-absent-reason", "unknown")}
    return {"status": "final", "valueBoolean": strongest is not Assertion.NEGATED}


def _family_history(
    strongest: Assertion | None, code: dict[str, Any], subject: dict[str, Any], extension: dict[str, Any]
) -> dict[str, Any]:
    changed = strongest and strongest is not Assertion.HISTORICAL
    return {
        "resourceType": "FamilyMemberHistory",
        **extension,
        **(
            {"modifierExtension": [{"url": ASSERTED, "valueCode": strongest.value}]}
            if changed and strongest
            else {}
        ),
        "status": "partial",
        "patient": subject,
        "relationship": _coded("v3-RoleCode", "FAMMEMB"),
        "condition": [{"code": code}],
    }


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": _TERMINOLOGY + system, "code": code}]}


def _code(annotation: Annotation, text: str) -> dict[str, Any]:
    code: dict[str, Any] = {"text": string(annotation.span.of(text)) or "\ufffd"}
    chosen = annotation.chosen
    if chosen:
        system, value = system_and_code(chosen.id)
        coding = {"system": system, "code": " ".join(value.split())}
        display = string(chosen.preferred_term)
        code["coding"] = [{**coding, "display": display} if display else coding]
    return code


def _mention(annotation: Annotation, text: str, note: str) -> dict[str, Any]:
    span, context = annotation.span, annotation.context
    parts: list[dict[str, Any]] = [{"url": "document", "valueReference": {"reference": note}}]
    for start, end in span.fragments or ((span.start, span.end),):
        parts.append({"url": "start", "valueUnsignedInt": start})
        parts.append({"url": "end", "valueUnsignedInt": end})
    parts.append({"url": "probability", "valueDecimal": round(annotation.decision.probability, 6)})
    parts.append({"url": "source", "valueCode": span.source.value})
    for name, value in (("type", span.type), ("section", context.section)):
        if string(value):
            parts.append({"url": name, "valueString": string(value)})
    for assertion in Assertion:
        words = [text[one.start : one.end] for one in context.triggers if one.assertion is assertion]
        if words:
            parts.append({"url": assertion.value, "valueString": string("; ".join(words)) or "\ufffd"})
    return {"url": MENTION, "extension": parts}
