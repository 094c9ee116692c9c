"""The figures of annotated documents as tables."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from linker.evaluation.document_runs import DocumentEvaluation


def document_evaluation_tables(found: DocumentEvaluation) -> Iterator[Table]:
    """A table a type of mention: a row a system and measure."""
    types = dict.fromkeys(type for by_type in found.systems.values() for type in by_type)
    for type in types:
        table = Table(
            title=f"{found.release}: {type}, {found.documents:,} documents, {found.mentions:,} gold mentions",
            title_justify="left",
        )
        for heading in ("system", "measure", "precision", "recall", "F1"):
            table.add_column(heading)
        table.add_column("found", justify="right")
        table.add_column("gold", justify="right")
        for system, by_type in found.systems.items():
            for measure, one in by_type.get(type, {}).items():
                table.add_row(
                    system,
                    measure,
                    str(one.precision),
                    str(one.recall),
                    str(one.f1),
                    f"{one.counts.found:,}",
                    f"{one.counts.gold:,}",
                )
        yield table
