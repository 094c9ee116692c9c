"""The one table from error types to the codes that GraphQL answers carry in `extensions.code`.

An error has the code of its own type or of the nearest type above it. Besides these there are
GRAPHQL_INVALID (the query does not parse, does not fit the schema, or is too deep, too long or has too
many aliases), HTTP_INVALID (no such page, or not with that method) and INTERNAL (a fault of ours: logged
under the id that the message names).
"""

from __future__ import annotations

from types import MappingProxyType

from api import errors as api
from graph import errors as graph
from linker import errors as linker
from loaders import errors as loaders

GRAPHQL_INVALID = "GRAPHQL_INVALID"
HTTP_INVALID = "HTTP_INVALID"
INTERNAL = "INTERNAL"

CODES: MappingProxyType[type[graph.EnlaceError], str] = MappingProxyType(
    {
        graph.EnlaceError: "ENLACE",
        graph.ReleaseNotFound: "RELEASE_NOT_FOUND",
        graph.ConceptNotFound: "CONCEPT_NOT_FOUND",
        graph.ReleaseBusy: "RELEASE_BUSY",
        graph.ReleaseExists: "RELEASE_EXISTS",
        graph.ReleaseDamaged: "RELEASE_DAMAGED",
        graph.HierarchyCycle: "HIERARCHY_CYCLE",
        graph.TooManyRejected: "TOO_MANY_REJECTED",
        graph.EclSyntaxError: "ECL_SYNTAX",
        graph.EclNotSupported: "ECL_NOT_SUPPORTED",
        graph.EclUnknownId: "ECL_UNKNOWN_ID",
        graph.EclTooSlow: "ECL_TOO_SLOW",
        graph.VariablesError: "VARIABLES_UNREADABLE",
        graph.StoreUnavailable: "STORE_UNAVAILABLE",
        graph.StoreUnauthorized: "STORE_UNAUTHORIZED",
        graph.StoreUnsupported: "STORE_UNSUPPORTED",
        graph.StoreExhausted: "STORE_EXHAUSTED",
        loaders.LoadError: "SOURCE_UNREADABLE",
        linker.MentionRejected: "MENTION_REJECTED",
        linker.ScopeRejected: "SCOPE_REJECTED",
        linker.IndexNotFound: "INDEX_NOT_FOUND",
        linker.IndexMismatch: "INDEX_MISMATCH",
        linker.IndexDamaged: "INDEX_DAMAGED",
        linker.ModelNotFound: "MODEL_NOT_FOUND",
        linker.MentionFileError: "MENTION_FILE",
        linker.ContextRulesError: "CONTEXT_RULES",
        linker.DocumentsError: "DOCUMENTS_UNREADABLE",
        linker.RunFileError: "RUN_FILE",
        linker.RowsError: "ROWS_UNREADABLE",
        linker.RunMismatch: "RUN_MISMATCH",
        linker.TrainingError: "TRAINING",
        api.NoReleaseChosen: "NO_RELEASE_CHOSEN",
        api.OutputMismatch: "OUTPUT_MISMATCH",
        api.EngineFailed: "ENGINE_FAILED",
        api.ArgumentRejected: "ARGUMENT_REJECTED",
        api.QueryTooCostly: "QUERY_TOO_COSTLY",
        api.RequestTooLarge: "REQUEST_TOO_LARGE",
        api.ServerBusy: "SERVER_BUSY",
        api.NotReady: "NOT_READY",
        api.RequestTooSlow: "REQUEST_TOO_SLOW",
        api.ClientTooSlow: "CLIENT_TOO_SLOW",
        api.TokenRefused: "TOKEN_REFUSED",
        api.ScopeMissing: "SCOPE_MISSING",
        api.HostRefused: "HOST_REFUSED",
        api.TokensUnusable: "TOKENS_UNUSABLE",
        api.ServerNotStarted: "SERVER_NOT_STARTED",
        api.VariableNotFound: "VARIABLE_NOT_FOUND",
        api.ExampleNotUnderstood: "EXAMPLE_NOT_UNDERSTOOD",
    }
)

#: The argument to blame where an error of another room does not know it.
_ARGUMENTS: MappingProxyType[type[graph.EnlaceError], str] = MappingProxyType(
    {
        linker.MentionRejected: "mentions",
        graph.EclSyntaxError: "ecl",
        graph.EclNotSupported: "ecl",
        graph.EclUnknownId: "ecl",
        graph.EclTooSlow: "ecl",
        graph.VariablesError: "variables",
    }
)


def code_of(error: graph.EnlaceError) -> str:
    """The code of an error."""
    return next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)


def argument_of(error: graph.EnlaceError) -> str | None:
    """The argument of the request that an error is about; None where it is about none."""
    argument = getattr(error, "argument", None) or _ARGUMENTS.get(type(error))
    return str(argument) if argument else None


def extensions_of(error: graph.EnlaceError) -> dict[str, str | int]:
    """What an answer tells of an error besides its sentence: code, argument, and where in an expression it is."""
    said: dict[str, str | int] = {"code": code_of(error)}
    if argument := argument_of(error):
        said["argument"] = argument
    if isinstance(error, graph.EclError):
        said |= {"line": error.line, "column": error.column}
    return said
