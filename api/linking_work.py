"""Linking rows of mentions with an opened release, in this process or as the work of a worker elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.link_options import LinkOptions, scope_of
from api.linking_file import Links, Row, linking_lines
from graph.ecl.parser import parse
from graph.release import INDEX_FOLDER, ReleaseHome
from graph.value_sets import ValueSets
from linker.model import DocumentContext, Linking

if TYPE_CHECKING:
    from linker.pipeline import Linker
    from linker.scope import Scope


@contextmanager
def opened_linker(
    home: ReleaseHome, release: str, options: LinkOptions
) -> Iterator[tuple[Linker, Scope | None]]:
    """The linker of a release and the scope that is asked for. An expression is told wrong before models are opened."""
    from linker.pipeline import Linker

    if options.ecl.strip():
        parse(options.ecl)
    with ExitStack() as stack:
        linker = Linker.open(home.folder(release) / INDEX_FOLDER)
        stack.callback(linker.close)
        scope = scope_of(
            options, linker.index, lambda: ValueSets.open(stack.enter_context(home.open(release)))
        )
        yield linker, scope


def links_of(linker: Linker, top: int, scope: Scope | None, options: LinkOptions) -> Links:
    """What links some rows, whole documents together."""

    reach = linker.reranker.form.context if linker.reranker else 0

    def link(rows: Sequence[Row]) -> list[Linking]:
        return linker.link(
            [row.mention for row in rows],
            top_k=top,
            documents=[row.document or DocumentContext() for row in rows],
            contexts=[row.context(reach) for row in rows] if reach else None,
            scope=scope,
            min_probability=options.min_probability,
        )

    return link


@dataclass(frozen=True, slots=True)
class LinkWork:
    """Linking as the work of a worker: a batch is what `rows_text` gives, its answer the lines of its rows."""

    home: str
    release: str
    top: int
    options: LinkOptions

    def open(self) -> Callable[[str], str]:
        """Open models and release; they stay open as long as the worker lives."""
        from api.quiet import quieten_model_libraries
        from api.ray_engine import home_on_node

        quieten_model_libraries()
        opened = opened_linker(home_on_node(self.home, self.release), self.release, self.options)
        linker, scope = opened.__enter__()
        link = links_of(linker, self.top, scope, self.options)

        def answer(batch: str) -> str:
            told = json.loads(batch)
            documents = [DocumentContext(id, text) for id, text in told["documents"]]
            rows = [
                Row(mention, None if at is None else documents[at], place and (place[0], place[1]))
                for mention, at, place in told["rows"]
            ]
            return linking_lines(link(rows))

        return answer


def rows_text(rows: Sequence[Row]) -> str:
    """A batch of rows as text, each document once."""
    numbers: dict[DocumentContext, int] = {}
    told = [
        (
            row.mention,
            None if row.document is None else numbers.setdefault(row.document, len(numbers)),
            row.place,
        )
        for row in rows
    ]
    return json.dumps({"documents": [(one.id, one.text) for one in numbers], "rows": told})
