"""SNOMED CT RF2 snapshots, a folder or a zip, as records."""

from loaders.rf2.package import loaded_files, recognises
from loaders.rf2.reader import read

__all__ = ["loaded_files", "read", "recognises"]
