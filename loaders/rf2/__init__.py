"""SNOMED CT RF2 packages, folders or zips, as records: Snapshot, Full as of a date, Delta on a loaded release."""

from loaders.rf2.package import loaded_files, recognises
from loaders.rf2.reader import read, release_type

__all__ = ["loaded_files", "read", "recognises", "release_type"]
