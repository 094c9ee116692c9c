"""FHIR R4: a bundle a line, one for each document, with the note itself and a resource for each mention.

What a mention is decides its resource (`fhir_mentions`); where it stands in the note, and what decided, are in an
extension of that resource. The patient is not known: a subject is named by the document, to be replaced.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from linker.annotation.formats.fhir_mentions import DOCUMENT_IDS, mention_resource, string
from linker.annotation.formats.origin import Origin
from linker.annotation.model import AnnotatedDocument

_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, DOCUMENT_IDS)


def render(documents: Iterable[AnnotatedDocument], destination: Path, origin: Origin) -> None:
    """Write newline-delimited JSON, a bundle a document. Raises OSError."""
    with destination.open("xb") as file:
        for place, document in enumerate(documents):
            file.write(orjson.dumps(bundle(document, origin, place), option=orjson.OPT_APPEND_NEWLINE))


def bundle(document: AnnotatedDocument, origin: Origin, place: int = 0) -> dict[str, Any]:
    """The bundle of one document. The same document at the same place gets the same identifiers again."""
    key = f"{place}\n{document.document.id}\n{document.document.text}"
    note_url = _url(key, "note")
    subject = _subject(document.document.id)
    entries = [{"fullUrl": note_url, "resource": _note(document, origin, subject)}]
    for number, annotation in enumerate(document.annotations, 1):
        tag = origin.semantic_tags.get(annotation.chosen.id, "") if annotation.chosen else ""
        resource = mention_resource(annotation, document.document.text, tag, subject, note_url)
        entries.append({"fullUrl": _url(key, str(number)), "resource": resource})
    return {
        "resourceType": "Bundle",
        "identifier": _identifier(document.document.id),
        "type": "collection",
        "entry": entries,
    }


def _url(key: str, name: str) -> str:
    return uuid.uuid5(_NAMES, f"{name}\n{key}").urn


def _identifier(id: str) -> dict[str, str]:
    return {"system": DOCUMENT_IDS, "value": string(id) or "unnamed"}


def _subject(id: str) -> dict[str, Any]:
    return {"type": "Patient", "identifier": _identifier(id), "display": "The patient of this document"}


def _note(document: AnnotatedDocument, origin: Origin, subject: dict[str, Any]) -> dict[str, Any]:
    text = document.document.text.encode()
    attachment: dict[str, Any] = {"contentType": "text/plain; charset=utf-8", "size": len(text)}
    if text:
        # FHIR asks for a SHA-1, which says whether the text is the one annotated, and is no secret.
        digest = hashlib.sha1(text, usedforsecurity=False).digest()
        attachment |= {"data": base64.b64encode(text).decode(), "hash": base64.b64encode(digest).decode()}
    else:
        attachment["title"] = "empty"
    return {
        "resourceType": "DocumentReference",
        "identifier": [_identifier(document.document.id)],
        "status": "current",
        "subject": subject,
        "description": string(f"Annotated by {origin.software} with {origin.release}"),
        "content": [{"attachment": attachment}],
    }
