"""faiss, always loaded after torch.

Both bring an OpenMP runtime, and the one that is loaded first serves both. With faiss's, linking a single mention takes
half as long again (`benchmarks/latency.py`). So nothing else imports faiss by itself.
"""

from __future__ import annotations

import torch  # noqa: F401 - it has to come first

# isort: split
import faiss

__all__ = ["faiss"]
