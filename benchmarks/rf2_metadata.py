"""The upper end of a synthetic release: the top-level hierarchies, and the concepts that RF2 is written with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from loaders.demo.release import ENGLISH_TAGS
from loaders.demo.source import parse
from loaders.sctid import ComponentKind, make

#: A made-up namespace that SNOMED International has not allocated.
NAMESPACE = "9999998"
#: The simple refsets; the last two are the extension's.
SIMPLE_REFSETS = tuple(make(ComponentKind.CONCEPT, 500 + place, NAMESPACE) for place in range(6))


@dataclass(frozen=True, slots=True)
class TopLevel:
    """A top-level hierarchy: its names and semantic tags, and what share of the concepts is in it."""

    english: str
    spanish: str
    english_tag: str
    spanish_tag: str
    share: float


TOP_LEVELS = (
    TopLevel("model component", "componente del modelo", "metadata", "metadato", 0.0),
    TopLevel("clinical finding", "hallazgo clínico", "disorder", "trastorno", 0.33),
    TopLevel("procedure", "procedimiento", "procedure", "procedimiento", 0.165),
    TopLevel("body structure", "estructura corporal", "body structure", "estructura corporal", 0.12),
    TopLevel("organism", "organismo", "organism", "organismo", 0.098),
    TopLevel("substance", "sustancia", "substance", "sustancia", 0.08),
    TopLevel("medicinal product", "producto medicinal", "medicinal product", "producto medicinal", 0.066),
    TopLevel("physical object", "objeto físico", "physical object", "objeto físico", 0.042),
    TopLevel("observable entity", "entidad observable", "observable entity", "entidad observable", 0.03),
    TopLevel("qualifier value", "calificador", "qualifier value", "calificador", 0.027),
    TopLevel("situation", "situación", "situation", "situación", 0.014),
    TopLevel("social context", "contexto social", "social concept", "concepto social", 0.012),
    TopLevel("event", "evento", "event", "evento", 0.006),
    TopLevel("specimen", "espécimen", "specimen", "espécimen", 0.005),
    TopLevel("environment", "ambiente", "environment", "ambiente", 0.003),
    TopLevel("staging and scales", "estadificaciones y escalas", "assessment scale", "escala", 0.001),
    TopLevel("special concept", "concepto especial", "special concept", "concepto especial", 0.0005),
    TopLevel("record artifact", "elemento de registro", "record artifact", "elemento de registro", 0.0003),
    TopLevel("physical force", "fuerza física", "physical force", "fuerza física", 0.0002),
)
METADATA, FINDING, PROCEDURE, BODY, ORGANISM, SUBSTANCE, PRODUCT = range(7)
OBSERVABLE, QUALIFIER, SITUATION, EVENT, SPECIMEN = 8, 9, 10, 12, 13


@dataclass(frozen=True, slots=True)
class Metadata:
    """The root and the concepts that RF2 itself is written with, parents first; `parents` are positions."""

    sctids: tuple[int, ...]
    parents: tuple[tuple[int, ...], ...]
    english: tuple[str, ...]
    spanish: tuple[str, ...]
    english_tags: tuple[str, ...]
    spanish_tags: tuple[str, ...]


#: Beside the demonstration terminology's metadata: SCTID, English and Spanish name, name of the parent.
_MORE_METADATA = (
    (900000000000207008, "core module", "módulo central", "módulo"),
    (900000000000012004, "model component module", "módulo de componentes del modelo", "módulo"),
    (449081005, "Spanish edition module", "módulo de la edición en español", "módulo"),
    (900000001000122104, "Spain edition module", "módulo de la edición de España", "módulo"),
    (900000000000508004, "GB English", "idioma inglés de Gran Bretaña", "conjunto de referencias de idioma"),
    (
        450828004,
        "Latin American Spanish",
        "idioma español de América Latina",
        "conjunto de referencias de idioma",
    ),
    (900000000000496009, "simple map", "correspondencias simples", "conjunto de referencias"),
    (446608001, "ICD-O simple map", "correspondencia con la CIE-O", "correspondencias simples"),
    (
        447563008,
        "ICD-9-CM complex map",
        "correspondencia con la CIE-9-MC",
        "conjunto de referencias de correspondencias complejas",
    ),
    (446609009, "simple reference set", "conjunto de referencias simple", "conjunto de referencias"),
    (
        900000000000490003,
        "description inactivation",
        "motivo de retirada de una descripción",
        "motivo de retirada",
    ),
    (1142135004, "has presentation strength", "potencia de la presentación", "atributo"),
    (1142139005, "count of ingredients", "número de principios activos", "atributo"),
    (900000000000227009, "additional relationship", "relación adicional", "tipo de característica"),
    (900000000000494007, "inappropriate", "no apropiado", "motivo de retirada"),
)


@cache
def metadata() -> Metadata:
    """The demonstration terminology's metadata, with what a full release needs beside it."""
    text = (files("loaders.demo") / "metadata.yaml").read_text("utf-8")
    rows = [
        (int(c.sctid), c.english[0], c.preferred, ENGLISH_TAGS[c.tag], c.tag, c.parents)
        for c in parse(text, "metadata.yaml")
        if c.english
    ]
    rows += [
        (id, english, spanish, "metadata", "metadato", (parent,))
        for id, english, spanish, parent in _MORE_METADATA
    ]
    rows += [
        (int(id), f"list {n}", f"listado {n}", "metadata", "metadato", ("conjunto de referencias simple",))
        for n, id in enumerate(SIMPLE_REFSETS, start=1)
    ]
    # Parents come first: a row is taken once its parents have been.
    places: dict[str, int] = {}
    ordered: list[tuple[int, str, str, str, str, tuple[str, ...]]] = []
    while len(ordered) < len(rows):
        for row in rows:
            if row[2] not in places and all(parent in places for parent in row[5]):
                places[row[2]] = len(ordered)
                ordered.append(row)
    ids, english, spanish, english_tags, spanish_tags, parents = zip(*ordered, strict=True)
    above = tuple(tuple(places[name] for name in names) for names in parents)
    return Metadata(ids, above, english, spanish, english_tags, spanish_tags)
