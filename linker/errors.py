"""Errors of models, indexes and mentions.

LinkerError
├── MentionRejected     an empty or over-long mention, or no Unicode text
├── ScopeRejected       a scope to link within that no concept of the index is in
├── IndexNotFound       the release has no index yet
├── IndexMismatch       the index was made with another encoder, pooling or normalisation
├── IndexDamaged        a file of the index is missing or altered
├── ModelNotFound       a model id or folder cannot be loaded
├── ContextRulesError   a row of the rules, words or headings of context cannot be read
├── MentionFileError    a row of a mention file cannot be read
├── DocumentsError      documents to annotate cannot be read
├── RunFileError        a file of an evaluation's figures cannot be read, or two are not of the same mentions
├── RowsError           a file of rows to harmonise, or a concept map, cannot be read
├── RunMismatch         a harmonised table is not the beginning of what is asked for
└── TrainingError       nothing to train on, or a run that cannot be resumed
"""

from __future__ import annotations

from graph.errors import EnlaceError


class LinkerError(EnlaceError):
    """Something about models, indexes or mentions."""


class MentionRejected(LinkerError):
    """A mention is empty, too long to be one, or no Unicode text."""


class ScopeRejected(LinkerError):
    """No concept of the index is in the scope that was asked for, or none has its semantic tag."""


class IndexNotFound(LinkerError):
    """The release has not been indexed."""


class IndexMismatch(LinkerError):
    """The index and the encoder at hand do not belong together."""


class IndexDamaged(LinkerError):
    """A file of the index is missing, altered or of another schema version."""


class ModelNotFound(LinkerError):
    """A model id or folder cannot be loaded."""


class MentionFileError(LinkerError):
    """A row or the header of a mention file cannot be read."""


class ContextRulesError(LinkerError):
    """A row of the rules of context, of their words, or of headings cannot be read."""


class DocumentsError(LinkerError):
    """A file or folder of documents cannot be read; what is amiss with a single document is no error."""


class RunFileError(LinkerError):
    """A file of an evaluation's figures cannot be read, or two of them cannot be compared."""


class RowsError(LinkerError):
    """A file of rows to harmonise, or a concept map, cannot be read."""


class RunMismatch(LinkerError):
    """A harmonised table is there already, or was begun from something else, or cannot be written."""


class TrainingError(LinkerError):
    """Training cannot start or go on."""


def first_line(error: Exception) -> str:
    """What a library's error says first, without its full stop; the error's kind where it says nothing."""
    told = str(error).strip().splitlines()
    return told[0].rstrip(".") if told else type(error).__name__
