"""An index takes the vectors that other indexes have, and is the same to the last bit as one that encodes all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clinic import INDEXED, RECORDS, imported

from graph.model import Concept, Record, Term, TermKind
from graph.release import ReleaseHome
from linker.encoder import BiEncoder, Vectors
from linker.errors import IndexDamaged, IndexMismatch, IndexNotFound
from linker.faiss_library import faiss
from linker.index import TermIndex
from linker.index_manifest import IndexManifest
from linker.indexing import build_index
from linker.stored_vectors import StoredVectors, encode_new

NEW = ["neumonía atípica primaria", "faringitis", "absceso hepático amebiano crónico"]
#: As `asma` and `Asma bronquial` of the former release are, but for spaces and the composition of accents.
RESPELT = ["  asma ", "co\u0301lico"]
NEXT: list[Record] = [
    *(r for r in RECORDS if not (isinstance(r, Term) and r.text == "calcio iónico")),
    Concept("X:900"),
    *(Term("X:900", text, "es", TermKind.SYNONYM) for text in (*NEW, *RESPELT)),
]


class CountingEncoder:
    """Remembers what it was asked to encode."""

    def __init__(self, encoder: BiEncoder) -> None:
        self._encoder = encoder
        self.identity = encoder.identity
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        raise AssertionError("an index is encoded by encode_terms")

    def encode_terms(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        self.asked += texts
        return self._encoder.encode_terms(texts, progress)


def build(
    home: ReleaseHome, name: str, encoder: CountingEncoder, stored: Sequence[StoredVectors], **told: Any
) -> IndexManifest:
    with home.open(name) as opened:
        return build_index(
            opened.index_folder, name, opened.store, encoder, bi_encoder="", cross_encoder="", stored=stored,
            **told,
        )  # fmt: skip


def content(folder: Path) -> dict[str, bytes]:
    """Every file of an index but its manifest, which has the time."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


@pytest.fixture
def counting(encoder: BiEncoder) -> CountingEncoder:
    return CountingEncoder(encoder)


@pytest.fixture
def home(tmp_path: Path, counting: CountingEncoder) -> ReleaseHome:
    """The release `former`, indexed, and `next`, not yet."""
    home = ReleaseHome(tmp_path)
    imported(home, "former", RECORDS)
    imported(home, "next", NEXT)
    build(home, "former", counting, [])
    assert sorted(counting.asked) == sorted(INDEXED)
    counting.asked.clear()
    return home


def of(home: ReleaseHome, name: str, encoder: CountingEncoder) -> StoredVectors:
    return StoredVectors.open(home.folder(name) / "index", encoder.identity)


def test_only_new_strings_are_encoded_and_the_index_is_the_same(
    home: ReleaseHome, counting: CountingEncoder
) -> None:
    told: list[tuple[str, int, int]] = []
    manifest = build(
        home, "next", counting, [of(home, "former", counting)], progress=lambda *said: told.append(said)
    )
    assert sorted(counting.asked) == sorted(NEW)
    assert manifest.reused == {"former": manifest.terms - len(NEW)}
    assert IndexManifest.read(home.folder("next") / "index").reused == manifest.reused
    assert ("encoding terms", len(NEW), len(NEW)) in told
    reused = content(home.folder("next") / "index")

    counting.asked.clear()
    fresh = build(home, "next", counting, [])
    assert len(counting.asked) == fresh.terms == manifest.terms
    assert fresh.reused == {}
    assert content(home.folder("next") / "index") == reused


def test_nothing_is_encoded_where_everything_is_there(home: ReleaseHome, counting: CountingEncoder) -> None:
    before = content(home.folder("former") / "index")
    manifest = build(home, "former", counting, [of(home, "former", counting)])
    assert counting.asked == []
    assert manifest.reused == {"former": len(INDEXED)}
    assert manifest.recall_at_64 is not None
    assert content(home.folder("former") / "index") == before
    index = TermIndex.open(home.folder("former") / "index")
    assert index.nearest(counting._encoder.encode(["asma"]), 1)[1][0] == index.texts().index("asma")
    index.close()


def test_what_one_index_lacks_another_may_have(home: ReleaseHome, counting: CountingEncoder) -> None:
    build(home, "next", counting, [of(home, "former", counting)])
    counting.asked.clear()
    texts = ["asma", NEW[0], "nunca visto", NEW[0], "asma"]
    stored = [of(home, "former", counting), of(home, "next", counting)]
    encoded = encode_new(texts, counting, stored)
    assert counting.asked == ["nunca visto"]
    assert encoded.reused == {"former": 2, "next": 2}
    expected = counting._encoder.encode_terms(texts).astype(np.float16)
    assert np.array_equal(encoded.vectors.astype(np.float16), expected)


def test_the_recall_of_rounded_vectors_is_not_taken_for_that_of_exact_ones(
    home: ReleaseHome, counting: CountingEncoder
) -> None:
    stored = of(home, "former", counting)
    stored.manifest = replace(stored.manifest, recall_at_64=0.99)
    assert build(home, "next", counting, [stored]).recall_at_64 == 0.99


def test_vectors_of_another_encoder_are_refused(home: ReleaseHome, counting: CountingEncoder) -> None:
    other = replace(counting.identity, pooling="cls")
    with pytest.raises(IndexMismatch, match=r"'former' were made with another encoder .*pooling mean / cls"):
        StoredVectors.open(home.folder("former") / "index", other)
    named = replace(counting.identity, name="the same under another name")
    assert StoredVectors.open(home.folder("former") / "index", named).manifest.release == "former"


def test_an_index_that_is_absent_or_damaged_is_told(home: ReleaseHome, counting: CountingEncoder) -> None:
    with pytest.raises(IndexNotFound, match="'next' has no index"):
        of(home, "next", counting)
    folder = home.folder("former") / "index"
    vectors = folder / "vectors.faiss"
    vectors.write_bytes(bytes(vectors.stat().st_size))
    with pytest.raises(IndexDamaged, match="cannot be read"):
        of(home, "former", counting)
    vectors.write_bytes(b"")
    with pytest.raises(IndexDamaged, match="another size"):
        of(home, "former", counting)


def test_vectors_are_stored_as_they_were(home: ReleaseHome, counting: CountingEncoder) -> None:
    """What is read back from an index and stored in another has the same bytes."""
    path = home.folder("former") / "index" / "vectors.faiss"
    index = faiss.read_index(str(path))
    again = faiss.IndexScalarQuantizer(index.d, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    again.add(index.reconstruct_n(0, index.ntotal))
    assert np.array_equal(faiss.vector_to_array(again.codes), faiss.vector_to_array(index.codes))
