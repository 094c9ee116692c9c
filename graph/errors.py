"""Every error Enlace raises on purpose descends from `EnlaceError`; its text is one sentence fit for a user.

EnlaceError
├── GraphError                      (this module)
│   ├── ReleaseNotFound             no release of that name in ENLACE_HOME
│   ├── ReleaseExists               a release of that name is already there
│   ├── ReleaseBusy                 another process is writing that release
│   ├── ReleaseDamaged              a file of a release is missing, altered or of another schema version
│   ├── ConceptNotFound             an id that the release does not hold
│   ├── HierarchyCycle              the is-a relations go round
│   ├── TooManyRejected             more rows of the sources could not be used than the import allows
│   ├── EclError                    an expression constraint cannot be answered, and where in it
│   │   ├── EclSyntaxError          it is not well-formed
│   │   ├── EclNotSupported         it asks for what this version does not answer
│   │   └── EclUnknownId            it names an id that the release does not hold
│   ├── EclTooSlow                  an expression constraint takes longer to answer than it may
│   ├── VariablesError              a file of variables cannot be used, and where in it
│   └── StoreUnavailable            the store cannot be opened or stopped answering
│       ├── StoreUnauthorized       a server refused the user or the password
│       ├── StoreUnsupported        a server is too old, or is something else
│       └── StoreExhausted          a server ran out of memory or disk
├── loaders.errors.LoadError        a source file cannot be read as its format
└── linker.errors.LinkerError       models, indexes and mentions
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class EnlaceError(Exception):
    """The root of the tree. `str(error)` is one sentence that says what is wrong and what to do."""


class GraphError(EnlaceError):
    """Something about a release, its store or its hierarchy."""


class ReleaseNotFound(GraphError):
    """No release of that name exists; `argument` is what named it, where a request did."""

    def __init__(self, name: str, known: Sequence[str] = (), *, argument: str = "") -> None:
        there = ", ".join(known) if known else "none yet; import one with `enlace load`"
        super().__init__(f"There is no release {name!r}; the releases here are: {there}.")
        self.name, self.argument = name, argument


class ReleaseExists(GraphError):
    """A release of that name is already there and may not be overwritten silently."""


class ReleaseBusy(GraphError):
    """Another process is importing, indexing or removing that release."""


class ReleaseDamaged(GraphError):
    """A release folder lacks a file, or one was altered or written by an incompatible version."""


class ConceptNotFound(GraphError):
    """The release does not hold that id, or, with `active`, not among its active concepts.

    `argument` is what named it, where a request did.
    """

    def __init__(self, ids: Sequence[str], release: str, *, active: bool = False, argument: str = "") -> None:
        listed = ", ".join(repr(i) for i in ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")
        super().__init__(
            f"Release {release!r} has no {'active ' if active else ''}concept {listed}; "
            "ids are written like SNOMEDCT:22298006 or HP:0001658."
        )
        self.ids, self.argument = tuple(ids), argument


class HierarchyCycle(GraphError):
    """The is-a relations contain a cycle; `path` names it, first concept repeated at the end."""

    def __init__(self, path: Sequence[str]) -> None:
        shown = list(path) if len(path) <= 12 else [*path[:6], "…", *path[-5:]]
        super().__init__(
            f"The is-a relations go round: {' → '.join(shown)}; "
            "remove one of them from the source and load again."
        )
        self.path = tuple(path)


class TooManyRejected(GraphError):
    """More rows could not be used than the import allows; `file` lists them."""

    def __init__(self, rejected: int, used: int, limit: str, file: Path) -> None:
        share = 100 * rejected / max(1, rejected + used)
        super().__init__(
            f"{rejected:,} of {rejected + used:,} rows ({share:.2g} %) could not be used and at most {limit} may be, "
            f"so nothing was imported; see them in {file}, then correct the source or allow more with --max-rejected."
        )
        self.rejected = rejected
        self.file = file


class EclError(GraphError):
    """An expression constraint cannot be answered; `line` and `column` count from 1."""

    def __init__(self, line: int, column: int, what: str) -> None:
        super().__init__(f"Line {line}, column {column} of the expression: {what}.")
        self.line, self.column = line, column


class EclSyntaxError(EclError):
    """The expression is not well-formed."""


class EclNotSupported(EclError):
    """The expression is well-formed and asks for something that is not answered, rather than answered wrongly."""


class EclUnknownId(EclError):
    """The expression names an id that the release does not hold."""


class EclTooSlow(GraphError):
    """An expression constraint takes longer to answer than it may."""


class VariablesError(GraphError):
    """A file of variables cannot be used; `line` counts from 1, and is 0 where none is to blame."""

    def __init__(self, file: str, line: int, what: str, *, field: str = "", variable: str = "") -> None:
        where = f"{file}:{line}" if line else file
        named = f", variable {variable!r}" if variable else ""
        named += f", field {field!r}" if field else ""
        super().__init__(f"{where}{named}: {what}{'' if what.endswith(('.', '?')) else '.'}")
        self.file, self.line, self.field, self.variable, self.what = file, line, field, variable, what


class StoreUnavailable(GraphError):
    """The store cannot be opened, or stopped answering."""


class StoreUnauthorized(StoreUnavailable):
    """A server refused the user or the password, or the user may not do what is needed."""


class StoreUnsupported(StoreUnavailable):
    """What answers at a store's address is too old, or is something else."""


class StoreExhausted(StoreUnavailable):
    """A server ran out of memory or disk."""
