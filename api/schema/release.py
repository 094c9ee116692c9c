"""What is served: the release and its index."""

from __future__ import annotations

import strawberry

from api.schema.connections import After, Connection, record_page
from api.schema.context import Info
from api.schema.fields import First, described
from graph import model
from linker.index_manifest import IndexManifest


@strawberry.type(description="How many records of a kind a release holds.")
class Count:
    """An entry of `graph.model.Release.counts`."""

    kind: str = strawberry.field(description="`concepts`, `active_concepts`, `terms`, `is_a` and others.")
    number: int = strawberry.field(description="How many.")


@strawberry.type(description="A file that an import read.")
class Source:
    """`graph.model.Source` in the schema."""

    name: str = strawberry.field(description="The file's name.")
    format: str = strawberry.field(description="`rf2`, `obograph`, `babelon`, `gazetteer` or another.")
    version: str = strawberry.field(
        description="What the file says of its version; empty where it says nothing."
    )
    sha256: str = strawberry.field(description="The digest of its bytes, in hex.")

    @classmethod
    def of(cls, source: model.Source) -> Source:
        """The record as the schema shows it."""
        return cls(name=source.name, format=source.format, version=source.version, sha256=source.sha256)


@strawberry.type(description="The index with which mentions are linked and terms are found.")
class Index:
    """`linker.index_manifest.IndexManifest` in the schema."""

    created: str = strawberry.field(description="When it was made: UTC, ISO 8601.")
    bi_encoder: str = strawberry.field(description="The model that makes the vectors, or `shipped`.")
    cross_encoder: str | None = strawberry.field(description="The model that re-ranks; null where none does.")
    pooling: str = strawberry.field(description="How the vectors of tokens become one, for example `mean`.")
    dimensions: int = strawberry.field(description="Numbers in a vector.")
    terms: int = strawberry.field(description="Distinct strings in it.")
    concepts: int = strawberry.field(description="Concepts that it can answer with.")
    mentions: int = strawberry.field(description="Annotated mentions of text that were added as terms.")
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
            terms=manifest.terms,
            concepts=manifest.concepts,
            mentions=manifest.mentions,
            recall_at_64=manifest.recall_at_64,
        )


@strawberry.type(description="The terminology release that is served.")
class Release:
    """`graph.model.Release` in the schema."""

    name: str = strawberry.field(description="What it is called here, for example `hpo-2024-04`.")
    created: str = strawberry.field(description="When it was imported: UTC, ISO 8601.")
    software: str = strawberry.field(description="What imported it.")
    languages: list[str] = strawberry.field(description="The languages of its terms, BCP 47, sorted.")
    rejected: int = strawberry.field(description="Rows of the sources that could not be used.")
    counts: list[Count] = strawberry.field(description="How many records of each kind it holds.")
    files: strawberry.Private[tuple[model.Source, ...]]

    @classmethod
    def of(cls, release: model.Release) -> Release:
        """The record as the schema shows it."""
        return cls(
            name=release.name,
            created=release.created,
            software=release.software,
            languages=list(release.languages),
            rejected=release.rejected,
            counts=[Count(kind=kind, number=number) for kind, number in release.counts.items()],
            files=tuple(release.sources),
        )

    @described
    def sources(self, info: Info, first: First, after: After = None) -> Connection[Source]:
        """The files it was imported from, in the order in which they were read."""
        return record_page(info, self.files, Source.of, first, after, "sources")

    @described
    async def index(self, info: Info) -> Index | None:
        """Its index; null where the release is not indexed, so that nothing can be linked or searched."""
        manifest = await info.context.service.index()
        return Index.of(manifest) if manifest else None
