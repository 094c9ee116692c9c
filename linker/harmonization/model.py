"""What becomes of a row. Rows with the same code, or the same text, share one `Unit`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from graph.model import CURIE


class Status(StrEnum):
    """Where a row ends."""

    ASSIGNED = "assigned"
    """To the most specific variable or variables that its concept counts as."""
    AMBIGUOUS = "ambiguous"
    """It may mean several concepts, which count as different variables."""
    UNMATCHED = "unmatched"
    """What it means counts as no variable, or nobody knows what it means."""
    DECLINED = "declined"
    """What it may mean is too uncertain to be used, or a reviewer said no."""


class Route(StrEnum):
    """How a row's concept was found."""

    ACTIVE = "active"
    """The code is an active concept."""
    RETIRED = "retired"
    """The code is retired, and a variable names it all the same."""
    REPLACED = "replaced"
    """The code is retired, and these concepts stand for it."""
    MAPPED = "mapped"
    """These concepts map to the code, which is another system's."""
    LINKED = "linked"
    """The text was linked."""
    REVIEWED = "reviewed"
    """A concept map says so."""
    NONE = ""


class Reason(StrEnum):
    """Why a row is not assigned."""

    NONE = ""
    NO_VARIABLE = "no variable"
    UNKNOWN_CODE = "unknown code"
    NOT_REPLACED = "not replaced"
    EMPTY = "empty"
    SEVERAL = "several concepts"
    LOW_SCORE = "low score"
    NOTHING_CLOSE = "nothing close"
    NO_MENTION = "no mention"
    REVIEWED = "reviewed"


class Kind(StrEnum):
    """What of a row was looked up."""

    CODE = "code"
    TEXT = "text"
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class Key:
    """A code of a system (both as CURIE prefix and local part), or a text with no system."""

    kind: Kind
    system: str
    value: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """The concepts that a code or text may mean, how that is known, and how sure it is.

    `via` tells the steps; `score`, in [0, 1], is the linker's. Without concepts `reason` and `detail` tell why.
    """

    concepts: tuple[CURIE, ...] = ()
    route: Route = Route.NONE
    via: str = ""
    score: float | None = None
    reason: Reason = Reason.NONE
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unit:
    """A distinct code or text and all that follows from it.

    `path` has for each of `variables` the is-a path from the concept up to the variable's own, ids joined by
    ` > `, and paths by ` | `.
    """

    key: Key
    status: Status
    variables: tuple[str, ...]
    concepts: tuple[CURIE, ...]
    route: Route
    via: str
    score: float | None
    path: str
    reason: Reason
    detail: str

    @property
    def settled(self) -> bool:
        """Whether what it means is known, or was decided by a reviewer: nothing else of a row is looked at."""
        return bool(self.concepts) or self.reason is Reason.REVIEWED
