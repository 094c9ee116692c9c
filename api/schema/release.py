"""What is served: the release and its index."""

from __future__ import annotations

import asyncio
from pathlib import Path

import strawberry

from api.schema.connections import After, Connection, record_page
from api.schema.context import Asked, Info
from api.schema.fields import First, check_first, described
from graph import model
from graph.release import INDEX_FOLDER, ReleaseHome
from linker.errors import IndexNotFound
from linker.index_manifest import IndexManifest


@strawberry.type(description="How many records of a kind a release holds.")
class Count:
    """An entry of `graph.model.Release.counts`."""

    kind: str = strawberry.field(description="`concepts`, `active_concepts`, `terms`, `is_a` and others.")
    number: int = strawberry.field(description="How many.")


@strawberry.type(description="A file that an import read.")
class Source:
    """`graph.model.Source` in the schema."""

    name: str = strawberry.field(description="The file's name, for example `hp.json.gz`.")
    format: str = strawberry.field(description="`rf2`, `obograph`, `babelon`, `gazetteer` or another.")
    version: str = strawberry.field(
        description="What the file says of its version, as `20260101`; empty where it says nothing."
    )
    sha256: str = strawberry.field(description="The digest of its bytes, 64 hex digits, as `9f86d081…`.")

    @classmethod
    def of(cls, source: model.Source) -> Source:
        """The record as the schema shows it."""
        return cls(name=source.name, format=source.format, version=source.version, sha256=source.sha256)


@strawberry.type(description="Terms in an index that another release has for the same concepts.")
class LentTerms:
    """One item of `IndexManifest.terms_of` in the schema."""

    release: str = strawberry.field(description="The release that has them, for example `do-2026-07`.")
    terms: int = strawberry.field(description="How many terms the index took from it.")


@strawberry.type(description="The index with which mentions are linked and terms are found.")
class Index:
    """`linker.index_manifest.IndexManifest` in the schema."""

    created: str = strawberry.field(
        description="When it was made: UTC, ISO 8601, as `2026-01-31T09:30:00+00:00`."
    )
    bi_encoder: str = strawberry.field(description="The model that makes the vectors, or `shipped`.")
    cross_encoder: str | None = strawberry.field(
        description="The model that re-ranks, for example `shipped`; null where none does."
    )
    pooling: str = strawberry.field(description="How the vectors of tokens become one, for example `mean`.")
    dimensions: int = strawberry.field(description="Numbers in a vector.")
    precision: str = strawberry.field(
        description="What the models compute in: `float32`, `bfloat16` or `int8`."
    )
    runtime: str = strawberry.field(
        description="What computes the models: `torch`, or `onnx` for ONNX Runtime."
    )
    terms: int = strawberry.field(description="Distinct strings in it.")
    written_out: int = strawberry.field(
        description="Of the terms, those that are others with their abbreviations written out."
    )
    concepts: int = strawberry.field(description="Concepts that it can answer with.")
    mentions: int = strawberry.field(description="Annotated mentions of text that were added as terms.")
    terms_of: list[LentTerms] = strawberry.field(
        description="The releases whose terms for the same concepts were added, by their codes; often none."
    )
    recall_at_64: float | None = strawberry.field(
        description="Share of the 64 nearest strings by exact search that the stored vectors find, 0 to 1."
    )

    @classmethod
    def of(cls, manifest: IndexManifest) -> Index:
        """The manifest as the schema shows it."""
        return cls(
            created=manifest.created,
            bi_encoder=manifest.bi_encoder,
            cross_encoder=manifest.cross_encoder or None,
            pooling=manifest.encoder.pooling,
            dimensions=manifest.encoder.dimensions,
            precision=manifest.encoder.precision,
            runtime=manifest.runtime,
            terms=manifest.terms,
            written_out=manifest.written_out,
            concepts=manifest.concepts,
            mentions=manifest.mentions,
            terms_of=[LentTerms(release=one, terms=number) for one, number in manifest.terms_of.items()],
            recall_at_64=manifest.recall_at_64,
        )


@strawberry.type(description="A terminology release.")
class Release:
    """`graph.model.Release` in the schema."""

    name: str = strawberry.field(description="What it is called here, for example `hpo-2024-04`.")
    created: str = strawberry.field(
        description="When it was imported: UTC, ISO 8601, as `2026-01-31T09:30:00+00:00`."
    )
    software: str = strawberry.field(description="What imported it, for example `enlace 0.1.0`.")
    languages: list[str] = strawberry.field(
        description="The languages of its terms, BCP 47, sorted, as `en`, `es`."
    )
    rejected: int = strawberry.field(description="Rows of the sources that could not be used.")
    counts: list[Count] = strawberry.field(description="How many records of each kind it holds.")
    record: strawberry.Private[model.Release]
    index_folder: strawberry.Private[Path]

    @classmethod
    def of(cls, release: model.Release, index_folder: Path) -> Release:
        """The record as the schema shows it."""
        return cls(
            name=release.name,
            created=release.created,
            software=release.software,
            languages=list(release.languages),
            rejected=release.rejected,
            counts=[Count(kind=kind, number=number) for kind, number in release.counts.items()],
            record=release,
            index_folder=index_folder,
        )

    @classmethod
    def asked(cls, asked: Asked) -> Release:
        """The release that a request asks."""
        return cls.of(asked.release, asked.service.index_folder)

    @described
    def current(self, info: Info) -> bool:
        """Whether it answers where a request names none."""
        return info.context.leases.current().release.name == self.name

    @described
    def sources(self, info: Info, first: First, after: After = None) -> Connection[Source]:
        """The files it was imported from, in the order in which they were read."""
        return record_page(info, self.record, self.record.sources, Source.of, first, after, "sources")

    @described
    async def index(self) -> Index | None:
        """Its index; null where the release is not indexed, so that nothing can be linked or searched."""
        manifest = await asyncio.to_thread(_read_index, self.index_folder)
        return Index.of(manifest) if manifest else None


async def releases_here(info: Info, first: int, after: str | None) -> Connection[Release]:
    """The releases that a request can name, by name. Raises ArgumentRejected, ReleaseDamaged."""
    check_first(info, first)
    home = ReleaseHome(info.context.settings.home)
    found = sorted(await asyncio.to_thread(home.releases), key=lambda one: one.name)

    def shown(release: model.Release) -> Release:
        return Release.of(release, home.folder(release.name) / INDEX_FOLDER)

    # The list belongs to no release: it is told apart by what is in it.
    mark = model.Release("", "", "")
    return record_page(info, mark, found, shown, first, after, "releases", *(one.name for one in found))


def _read_index(folder: Path) -> IndexManifest | None:
    try:
        return IndexManifest.read(folder)
    except IndexNotFound:
        return None
