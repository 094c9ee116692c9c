"""What a caller may ask of linking besides the mentions: a scope, and how likely a choice must be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graph.value_sets import ValueSets
    from linker.index import TermIndex
    from linker.scope import Scope


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """`ecl` and `semantic_tags` limit the candidates, empty ones do not; `min_probability` None is the models' own."""

    ecl: str = ""
    semantic_tags: tuple[str, ...] = ()
    min_probability: float | None = None
    budget_ms: float | None = None
    """Milliseconds after which no further mention is re-ranked; None does not count them."""

    @property
    def decides(self) -> bool:
        """Whether they say more than a budget."""
        return self.scoped or self.min_probability is not None

    @property
    def scoped(self) -> bool:
        """Whether only some concepts may be candidates."""
        return bool(self.ecl.strip() or self.semantic_tags)


def scope_of(options: LinkOptions, index: TermIndex, value_sets: Callable[[], ValueSets]) -> Scope | None:
    """The scope within an index; `value_sets` is asked for expressions only. Raises EclError and ScopeRejected."""
    if not options.scoped:
        return None
    from linker.scope import Scope

    ids = value_sets().expand(options.ecl).ids if options.ecl.strip() else None
    return Scope.of(index, ids=ids, semantic_tags=options.semantic_tags)
