"""Keeps the model libraries' own progress bars and advice out of what commands print."""

from __future__ import annotations

import os


def quieten_model_libraries() -> None:
    """Set what the libraries read when they are first imported; what the user has set stays."""
    for name, value in {
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    }.items():
        os.environ.setdefault(name, value)
