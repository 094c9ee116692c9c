"""One release, open for answering: records, hierarchy, term search and the linker.

The graph answers as soon as the service is made. The linker, whose libraries take seconds to load, opens
in the background from `start` on; a link request that comes sooner waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from api.errors import ServerBusy
from api.facts_cache import FactsCache
from api.lookups import Found, Kind, Wanted, look_up
from api.service_limits import ServiceLimits
from graph.errors import EnlaceError
from graph.hierarchy import Hierarchy
from graph.model import CURIE, Release
from graph.release import OpenRelease
from graph.time_limit import time_limit

if TYPE_CHECKING:
    from api.harmonizing_batch import Defined, Options, Row
    from api.link_batching import LinkQueue
    from api.link_options import LinkOptions
    from graph.similarity import Measured, Similarity
    from graph.value_sets import Expansion, ValueSets
    from graph.variables.checking import Checked
    from linker.annotation.annotator import Annotator
    from linker.annotation.model import Annotation
    from linker.harmonization.model import Unit
    from linker.model import Linking
    from linker.pipeline import Linker
    from linker.search import SearchHit, TermSearch

_T = TypeVar("_T")

_LOG = logging.getLogger("enlace.api")
_READING_THREADS = 4


class Service:
    """Answers about one release. Methods that wait leave the event loop free; safe for many requests."""

    def __init__(
        self,
        opened: OpenRelease,
        limits: ServiceLimits | None = None,
        *,
        batched: Callable[[int], None] = lambda mentions: None,
    ) -> None:
        """`batched` hears how many mentions are linked together, each time."""
        self._opened = opened
        self._limits = limits or ServiceLimits()
        self._batched = batched
        self._facts = FactsCache(self._limits.remembered)
        self._links: LinkQueue | None = None
        self._reading = ThreadPoolExecutor(_READING_THREADS, "enlace-read")
        # One thread links: the models use all cores for one batch, and two batches at once only contend.
        self._linking = ThreadPoolExecutor(1, "enlace-link")
        self._waiting = 0
        self._lock = threading.Lock()
        self._state = "opening"
        self._linker: Linker | None = None
        self._annotator: Annotator | None = None
        self._search: TermSearch | None = None
        self._value_sets: ValueSets | None = None
        self._opening_value_sets = threading.Lock()
        self._similarity: Similarity | None = None

    @property
    def release(self) -> Release:
        """The release that is served."""
        return self._opened.release

    @property
    def index_folder(self) -> Path:
        """Where its index is, if it has one."""
        return self._opened.index_folder

    @property
    def hierarchy(self) -> Hierarchy:
        """The compiled hierarchy; its look-ups take microseconds and need no thread."""
        return self._opened.hierarchy

    @property
    def linker_state(self) -> str:
        """`ready`, `opening` or, where the last attempt failed, `unavailable`."""
        return self._state

    def start(self) -> None:
        """Begin to open the linker in the background. An index that is not there is told when asked for."""
        self._linking.submit(self._try_opening)

    async def open_linker(self) -> None:
        """Return when linking answers. Raises what `Linker.open` raises."""
        await asyncio.get_running_loop().run_in_executor(self._linking, self._open_linker)

    async def close(self) -> None:
        """Let requests under way end, then let go of files."""
        await asyncio.to_thread(self._close)

    def remembered(self, kind: Kind, id: CURIE) -> object:
        """A fact that was looked up before, or UNKNOWN."""
        return self._facts.get(kind, id)

    async def look_up(self, wanted: Wanted) -> Found:
        """Records from the store, one store call a kind. Raises StoreUnavailable."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._reading, look_up, self._opened.store, wanted)
        self._facts.remember(wanted, found)
        return found

    @property
    def waiting_links(self) -> int:
        """Requests that link or wait for it."""
        return self._waiting + (len(self._links) if self._links else 0)

    async def link(self, mentions: Sequence[str], top: int, budget_ms: float | None = None) -> list[Linking]:
        """Link mentions, together with those of other requests; alone where there is a budget of time.

        Raises what `Linker.open` and `Linker.link` raise, and ServerBusy.
        """
        if self._linker is None:
            await self._in_turn(self._open_linker)
        if self._links is None:
            # Only now: importing the linker takes seconds, which its thread has spent.
            from api.link_batching import LinkQueue

            self._links = LinkQueue(
                self._link_together,
                most_waiting=self._limits.waiting_links,
                most_together=self._limits.linked_together,
                wait_s=self._limits.link_wait_s,
                batched=self._batched,
            )
        return await self._links.link(mentions, top, budget_ms)

    async def link_within(
        self, mentions: Sequence[str], top: int, text: str, options: LinkOptions
    ) -> list[Linking]:
        """Link mentions of one document, `text` if it is known, as `options` say.

        Raises what `link` raises, EclError and ScopeRejected.
        """
        return await self._in_turn(self._link_within, list(mentions), top, text, options)

    async def annotate(self, text: str) -> Sequence[Annotation]:
        """The mentions of a text, in its order, with context and concepts. Raises what `link` raises."""
        return await self._in_turn(self._annotate, text)

    async def search(
        self,
        text: str,
        first: int,
        *,
        language: str | None = None,
        tags: frozenset[str] | None = None,
        ecl: str | None = None,
    ) -> list[SearchHit]:
        """Concepts by the beginnings of the words of their terms.

        Raises IndexNotFound, IndexDamaged, and where there is an expression EclError, StoreUnavailable.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reading, self._find, text, first, language, tags, ecl)

    async def expand(self, ecl: str, first: int, offset: int, text: str) -> Expansion:
        """A page of the concepts of an expression. Raises EclError, StoreUnavailable."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reading, self._expand, ecl, first, offset, text)

    async def members(self, refset: CURIE, first: int, offset: int) -> Expansion:
        """A page of the members of a refset. Raises EclNotSupported, StoreUnavailable."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reading, self._members, refset, first, offset)

    async def contains(self, ecl: str, ids: Sequence[CURIE]) -> list[bool]:
        """Which ids are among the concepts of an expression. Raises EclError, StoreUnavailable."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reading, self._contains, ecl, ids)

    async def similarity(self, first: Sequence[CURIE], second: Sequence[CURIE]) -> list[Measured]:
        """How similar the active concepts of each pair are. Raises ConceptNotFound."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reading, self._measure, first, second)

    async def harmonize(
        self, variables: str, rows: Sequence[Row], options: Options, most_variables: int
    ) -> list[Unit]:
        """What becomes of rows. Raises VariablesError, what linking raises where there are texts, and ServerBusy."""
        if any(row.text.strip() for row in rows):
            return await self._in_turn(self._harmonize, variables, rows, options, most_variables)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._reading, self._harmonize, variables, rows, options, most_variables
        )

    async def check_variables(self, variables: str, most_variables: int) -> Checked:
        """What is amiss with variables. Raises VariablesError, StoreUnavailable."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reading, self._check, variables, most_variables)

    async def define_variables(self, variables: str, most_variables: int) -> list[Defined]:
        """What each of some variables stands for. Raises VariablesError, StoreUnavailable."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reading, self._define, variables, most_variables)

    async def _in_turn(self, work: Callable[..., _T], *arguments: object) -> _T:
        """Do something in the linking thread. Raises ServerBusy where too much is waiting for it."""
        if self.waiting_links >= self._limits.waiting_links:
            raise ServerBusy(
                f"{self.waiting_links} link requests are waiting already; try again in some seconds."
            )
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._linking, work, *arguments)
        finally:
            self._waiting -= 1

    def _close(self) -> None:
        self._linking.shutdown(cancel_futures=True)
        self._reading.shutdown(cancel_futures=True)
        for part in (self._linker, self._search, self._opened):
            if part is not None:
                part.close()

    def _try_opening(self) -> None:
        try:
            self._open_linker()
        except EnlaceError as error:
            self._state = "unavailable"
            _LOG.warning("Linking is not available: %s", error)
        except Exception:
            self._state = "unavailable"
            _LOG.exception("The linker could not be opened.")

    def _open_linker(self) -> Linker:
        """The linker, opened at the first call. Only the linking thread calls it."""
        if self._linker is None:
            from linker.pipeline import Linker

            # An index that cannot be searched is told now, not by the first search.
            self._open_search().check_layout()
            self._linker = Linker.open(self._opened.index_folder)
            self._state = "ready"
        return self._linker

    async def _link_together(self, mentions: list[str], top: int, budget_ms: float | None) -> list[Linking]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._linking, self._link, mentions, top, budget_ms)

    def _link(self, mentions: Sequence[str], top: int, budget_ms: float | None) -> list[Linking]:
        return self._open_linker().link(mentions, top_k=top, budget_ms=budget_ms)

    def _link_within(
        self, mentions: Sequence[str], top: int, text: str, options: LinkOptions
    ) -> list[Linking]:
        from api.link_options import scope_of
        from linker.model import DocumentContext

        linker = self._open_linker()
        if options.ecl.strip():
            self._open_value_sets()  # compiled the first time, which is no part of what the limit is for
        with time_limit(self._limits.ecl_seconds):
            scope = scope_of(options, linker.index, self._open_value_sets)
        return linker.link(
            mentions,
            top_k=top,
            documents=[DocumentContext(text=text)] * len(mentions),
            scope=scope,
            min_probability=options.min_probability,
            budget_ms=options.budget_ms,
        )

    def _annotate(self, text: str) -> Sequence[Annotation]:
        from linker.annotation.model import Document

        if self._annotator is None:
            from api.annotating import AnnotateOptions, annotator_of
            from api.argument_checks import MOST_ANNOTATION_CANDIDATES

            options = AnnotateOptions((self._limits.recognizer,), MOST_ANNOTATION_CANDIDATES)
            self._annotator = annotator_of(self._opened.index_folder, options, self._open_linker)
        return self._annotator.annotate_batch([Document("", text)])[0].annotations

    def _find(
        self, text: str, first: int, language: str | None, tags: frozenset[str] | None, ecl: str | None
    ) -> list[SearchHit]:
        from linker.search import Narrowing

        search = self._open_search()
        scope = None
        if ecl is not None:
            value_sets = self._open_value_sets()
            with time_limit(self._limits.ecl_seconds):
                scope = value_sets.value_set(ecl)
        return search.find(text, first, Narrowing(language, tags, scope))

    def _open_search(self) -> TermSearch:
        with self._lock:
            if self._search is None:
                from linker.index_manifest import IndexManifest
                from linker.search import TermSearch

                IndexManifest.read(self._opened.index_folder)
                self._search = TermSearch.open(self._opened.index_folder / "search.sqlite")
        return self._search

    def _expand(self, ecl: str, first: int, offset: int, text: str) -> Expansion:
        value_sets = self._open_value_sets()
        with time_limit(self._limits.ecl_seconds):
            return value_sets.expand(ecl, first=first, offset=offset, text=text)

    def _members(self, refset: CURIE, first: int, offset: int) -> Expansion:
        value_sets = self._open_value_sets()
        with time_limit(self._limits.ecl_seconds):
            return value_sets.members(refset, first=first, offset=offset)

    def _contains(self, ecl: str, ids: Sequence[CURIE]) -> list[bool]:
        value_sets = self._open_value_sets()
        with time_limit(self._limits.ecl_seconds):
            found: list[bool] = value_sets.contains(ecl, ids).tolist()
        return found

    def _open_value_sets(self) -> ValueSets:
        # Another lock than that of the search, for compiling may take seconds.
        with self._opening_value_sets:
            if self._value_sets is None:
                from graph.value_sets import ValueSets

                self._value_sets = ValueSets.open(self._opened)
        return self._value_sets

    def _measure(self, first: Sequence[CURIE], second: Sequence[CURIE]) -> list[Measured]:
        with self._lock:
            if self._similarity is None:
                from graph.similarity import Similarity

                self._similarity = Similarity(self._opened.hierarchy)
        return self._similarity.measured(first, second)

    def _harmonize(
        self, variables: str, rows: Sequence[Row], options: Options, most_variables: int
    ) -> list[Unit]:
        from api.harmonizing_batch import harmonize_batch

        with time_limit(self._limits.variables_seconds):
            return harmonize_batch(
                self._opened,
                variables,
                rows,
                options,
                most_variables=most_variables,
                linker=self._open_linker,
            )

    def _check(self, variables: str, most_variables: int) -> Checked:
        from api.harmonizing_batch import check_batch

        with time_limit(self._limits.variables_seconds):
            return check_batch(self._opened, variables, most_variables=most_variables)

    def _define(self, variables: str, most_variables: int) -> list[Defined]:
        from api.harmonizing_batch import define_batch

        with time_limit(self._limits.variables_seconds):
            return define_batch(self._opened, variables, most_variables=most_variables)
