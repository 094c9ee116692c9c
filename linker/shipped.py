"""The models that come with Enlace, as folders inside the package."""

from __future__ import annotations

from pathlib import Path

SHIPPED = "shipped"
"""What manifests and the command line call the models that come with Enlace."""

_MODELS = Path(__file__).parent / "models"


def bi_encoder_source(name: str) -> str:
    """`name` itself, or the shipped bi-encoder's folder for `shipped`."""
    return str(_MODELS / "bi-encoder") if name == SHIPPED else name


def recognizer_source(name: str) -> str:
    """`name` itself, or the shipped recogniser's folder for `shipped`."""
    return str(_MODELS / "recognizer") if name == SHIPPED else name


def cross_encoder_source(name: str) -> str:
    """`name` itself, or the shipped cross-encoder's folder for `shipped`."""
    return str(_MODELS / "cross-encoder") if name == SHIPPED else name
