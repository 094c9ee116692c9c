"""UMLS Metathesaurus releases in Rich Release Format, a folder or a zip, as records."""

from loaders.rrf.reader import read
from loaders.rrf.release import loaded_files, recognises

__all__ = ["loaded_files", "read", "recognises"]
