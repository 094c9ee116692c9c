"""What a training can be asked to do, by the names that the command line takes."""

from __future__ import annotations

from enum import StrEnum


class Pooling(StrEnum):
    """How a bi-encoder makes one vector of its tokens'."""

    CLS = "cls"
    MEAN = "mean"


class Network(StrEnum):
    """What stands between a recogniser's word pieces and its labels."""

    TRANSFORMER = "transformer"
    BILSTM = "bilstm"


class Pairs(StrEnum):
    """Which strings a bi-encoder is to draw together (ClinLinker-KB, Gallego et al. 2024)."""

    SYNONYMS = "synonyms"
    PARENTS = "parents"
    GRANDPARENTS = "grandparents"

    @property
    def steps_up(self) -> int:
        """How many is-a steps a concept's partner may be above it."""
        return list(Pairs).index(self)


class BiEncoderLoss(StrEnum):
    """What a bi-encoder lowers (`linker.training.losses`)."""

    CONTRASTIVE = "contrastive"
    MULTI_SIMILARITY = "multi-similarity"


class Negatives(StrEnum):
    """What a cross-encoder learns to tell from the right answer (`linker.training.negatives`)."""

    TOP = "top"
    SIM = "sim"
    KG = "kg"
    BKG = "bkg"

    @property
    def from_graph(self) -> bool:
        """Whether a share of them is read off the hierarchy."""
        return self in (Negatives.KG, Negatives.BKG)


class CrossEncoderLoss(StrEnum):
    """What a cross-encoder lowers (`linker.training.losses`)."""

    LIST_WISE = "list-wise"
    BINARY = "binary"
