"""The term index: what is in it, that it opens as it was written, and what is said when it does not fit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from clinic import (
    ANGINA,
    ANSWERABLE,
    ASTHMA,
    COLIC,
    COVID,
    DEFINITION,
    INDEXED,
    INFARCTION,
    RECORDS,
    RENAL_COLIC,
    RETIRED,
    YEAR,
    RecordsInMemory,
    imported,
    indexed,
)
from tiny_models import make_bi_encoder

from graph.model import Concept, Term, TermKind
from graph.release import ReleaseHome
from linker.encoder import BiEncoder, Vectors
from linker.errors import IndexDamaged, IndexMismatch, IndexNotFound, LinkerError
from linker.gathered_terms import gather_terms
from linker.index import TermIndex, open_checked
from linker.index_manifest import MANIFEST_FILE, IndexManifest
from linker.indexed_text import indexed_text
from linker.indexing import build_index


def senses(index: TermIndex, text: str) -> dict[str, float]:
    """The concepts of a term with their weights, the heaviest first."""
    row = index.texts().index(text)
    weighed = {
        index.concept_id(concept): float(weight)
        for concept, weight in zip(index.senses.of(row), index.senses.weights_of(row), strict=True)
    }
    return dict(sorted(weighed.items(), key=lambda item: -item[1]))


def state(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.stat().st_size)
        for path in folder.rglob("*")
    }


class TestWhatIsIndexed:
    def test_every_distinct_term_of_an_active_concept_is_a_row(self, index: TermIndex) -> None:
        assert sorted(index.texts()) == sorted(INDEXED)
        assert len(index) == index.manifest.terms == len(INDEXED)

    def test_definitions_and_retired_concepts_are_not(self, index: TermIndex) -> None:
        assert DEFINITION not in index.texts()
        assert "perlesía" not in index.texts()
        assert RETIRED not in index.concept_ids()

    def test_it_answers_with_every_active_concept_that_has_a_term(self, index: TermIndex) -> None:
        assert set(index.concept_ids()) == ANSWERABLE
        assert index.concept_count == index.manifest.concepts == len(ANSWERABLE)

    def test_an_fsn_loses_its_tag_and_no_other_term_its_brackets(self, index: TermIndex) -> None:
        assert "infarto agudo de miocardio" in index.texts()
        assert "angina inestable (de reciente comienzo)" in index.texts()

    @pytest.mark.parametrize(
        ("text", "language", "tag", "expected"),
        [
            ("asma (trastorno)", "es", "trastorno", "asma"),
            ("asthma (disorder)", "en", "trastorno", "asthma"),
            ("asma (trastorno)", "es", "", "asma"),
            ("angina (de pecho)", "es", "trastorno", "angina (de pecho)"),
            ("(trastorno)", "es", "trastorno", "(trastorno)"),
            ("quiste (roto) (trastorno)", "es", "trastorno", "quiste (roto)"),
        ],
    )
    def test_which_bracket_is_a_tag(self, text: str, language: str, tag: str, expected: str) -> None:
        assert indexed_text(Term("X:1", text, language, TermKind.FSN), tag) == expected

    def test_one_string_names_several_concepts_the_preferred_one_heaviest(self, index: TermIndex) -> None:
        assert list(senses(index, "cólico")) == [COLIC, RENAL_COLIC]
        assert list(senses(index, "myocardial infarction")) == [INFARCTION, COVID]
        assert list(senses(index, "asma")) == [ASTHMA]

    def test_a_term_keeps_its_language(self, index: TermIndex) -> None:
        languages = {text: index.language(row) for row, text in enumerate(index.texts())}
        assert languages["asma"] == "es"
        assert languages["bronchial asthma"] == "en"

    def test_a_concept_is_shown_by_its_preferred_term_in_the_first_language(self, index: TermIndex) -> None:
        shown = {id: index.preferred_term(ordinal) for ordinal, id in enumerate(index.concept_ids())}
        assert shown[INFARCTION] == "infarto de miocardio"
        assert shown[ASTHMA] == "asma"

    def test_languages_order_what_is_shown(self) -> None:
        store = RecordsInMemory(RECORDS)
        gathered = gather_terms(store, ["en", "es"])  # type: ignore[arg-type]
        shown = dict(zip(gathered.concept_ids, gathered.preferred, strict=True))
        assert shown[ASTHMA] == "bronchial asthma"
        assert shown[YEAR] == "año"


@pytest.fixture(scope="module")
def with_mentions(tmp_path_factory: pytest.TempPathFactory, encoder: BiEncoder) -> Iterator[TermIndex]:
    home = ReleaseHome(tmp_path_factory.mktemp("home"))
    folder = imported(home, "clinic", RECORDS)
    mentions = [
        (" crisis anginosa ", ANGINA),
        ("cólico", RENAL_COLIC),
        ("asma", ASTHMA),
        ("asma", COVID),
        ("asma", COVID),
        ("", ASTHMA),
        ("desconocido", "X:77"),
        ("retirado", RETIRED),
    ]
    indexed(home, "clinic", encoder, mentions=mentions)
    index = TermIndex.open(folder)
    yield index
    index.close()


class TestMentions:
    def test_they_are_further_terms(self, with_mentions: TermIndex) -> None:
        assert set(with_mentions.texts()) == INDEXED | {"crisis anginosa"}

    def test_they_outweigh_what_the_release_says(self, with_mentions: TermIndex) -> None:
        assert list(senses(with_mentions, "cólico")) == [RENAL_COLIC, COLIC]

    def test_the_more_frequent_outweighs_the_rarer(self, with_mentions: TermIndex) -> None:
        assert list(senses(with_mentions, "asma")) == [COVID, ASTHMA]

    def test_only_those_of_known_active_concepts_are_counted(self, with_mentions: TermIndex) -> None:
        assert with_mentions.manifest.mentions == 5

    def test_a_concept_that_only_mentions_name_can_answer(self) -> None:
        store = RecordsInMemory([Concept("X:1"), Term("X:1", "asma", "es"), Concept("X:2")])
        gathered = gather_terms(store, ["es"], [("tos", "X:2")])  # type: ignore[arg-type]
        assert gathered.concept_ids == ["X:1", "X:2"]
        assert gathered.preferred == ["asma", "X:2"]


class TestOpening:
    def test_it_opens_what_was_written_and_writes_nothing(
        self, index_folder: Path, encoder: BiEncoder
    ) -> None:
        before = state(index_folder)
        index = open_checked(index_folder, encoder)
        vectors = index.vectors_of(range(len(index)))
        index.close()
        assert state(index_folder) == before
        # Stored in half precision.
        np.testing.assert_allclose(vectors, encoder.encode(index.texts()), atol=2e-3)

    def test_its_arrays_are_mapped_and_not_read(self, index: TermIndex) -> None:
        assert isinstance(index.senses.concepts.base, np.memmap)
        assert isinstance(index.lexical.postings.indices.base.base, np.memmap)

    def test_it_says_what_it_was_made_of(self, index: TermIndex, encoder: BiEncoder) -> None:
        manifest = index.manifest
        assert manifest.release == "clinic"
        assert manifest.encoder == encoder.identity
        assert manifest.recall_at_64 == 1.0
        assert set(manifest.files) >= {"terms.arrow", "vectors.faiss", "search.sqlite", "lexical/idf.npy"}

    def test_another_encoder_is_refused_and_what_differs_is_named(
        self, index_folder: Path, tiny_bi_encoder: Path, tmp_path: Path
    ) -> None:
        other = BiEncoder.open(make_bi_encoder(tmp_path / "other", seed=1))
        with pytest.raises(
            IndexMismatch, match=r"encoder 'tiny-bi-encoder' and not 'other' .*weights_sha256"
        ):
            open_checked(index_folder, other)
        shorter = BiEncoder.open(tiny_bi_encoder, max_length=16)
        with pytest.raises(IndexMismatch, match="max_length 48 / 16") as caught:
            open_checked(index_folder, shorter)
        assert "weights" not in str(caught.value)

    def test_a_release_without_an_index_says_how_to_make_one(self, tmp_path: Path) -> None:
        folder = imported(ReleaseHome(tmp_path), "bare", RECORDS)
        with pytest.raises(IndexNotFound, match=r"'bare' has no index.*`enlace index --release bare`"):
            TermIndex.open(folder)

    @pytest.mark.parametrize(
        "name",
        [
            "terms.arrow",
            "concepts.arrow",
            "vectors.faiss",
            "search.sqlite",
            "senses/weights.npy",
            "lexical/keys.npy",
        ],
    )
    def test_a_missing_or_cut_file_is_named(self, name: str, index_folder: Path, tmp_path: Path) -> None:
        folder = shutil.copytree(index_folder, tmp_path / "index")
        path = folder / name
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
        with pytest.raises(IndexDamaged, match=rf"{path.name} has another size; build the index again"):
            TermIndex.open(folder)
        path.unlink()
        with pytest.raises(IndexDamaged, match=rf"{path.name} is missing"):
            TermIndex.open(folder)

    @pytest.mark.parametrize("name", ["terms.arrow", "vectors.faiss", "search.sqlite", "lexical/keys.npy"])
    def test_an_overwritten_file_is_no_part_of_an_index(
        self, name: str, index_folder: Path, tmp_path: Path
    ) -> None:
        folder = shutil.copytree(index_folder, tmp_path / "index")
        (folder / name).write_bytes(b"\x07" * (folder / name).stat().st_size)
        with pytest.raises(IndexDamaged, match="cannot be read"):
            TermIndex.open(folder)

    @pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"schema": 1}', '{"schema": 999}'])
    def test_a_manifest_of_another_kind_is_refused(
        self, content: str, index_folder: Path, tmp_path: Path
    ) -> None:
        folder = shutil.copytree(index_folder, tmp_path / "index")
        (folder / MANIFEST_FILE).write_text(content)
        with pytest.raises(IndexDamaged, match=MANIFEST_FILE):
            TermIndex.open(folder)

    def test_a_manifest_is_json_a_person_can_read(self, index_folder: Path) -> None:
        text = (index_folder / MANIFEST_FILE).read_text("utf-8")
        assert json.loads(text)["encoder"]["pooling"] == "mean"
        assert text.count("\n") > 10


class FailingEncoder:
    """Gives up when asked for vectors."""

    def __init__(self, encoder: BiEncoder) -> None:
        self.identity = encoder.identity

    def encode(self, texts: object, progress: object = None) -> Vectors:
        raise KeyboardInterrupt

    encode_terms = encode


class TestBuilding:
    def test_a_failed_build_leaves_the_old_index_serving(self, encoder: BiEncoder, tmp_path: Path) -> None:
        home = ReleaseHome(tmp_path)
        folder = imported(home, "clinic", RECORDS)
        indexed(home, "clinic", encoder)
        before = state(folder)
        with pytest.raises(KeyboardInterrupt):
            indexed(home, "clinic", FailingEncoder(encoder))
        assert state(folder) == before
        assert [path.name for path in folder.parent.glob(".index*")] == []
        open_checked(folder, encoder).close()

    def test_if_the_new_index_cannot_take_its_place_the_old_one_does(
        self, encoder: BiEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home = ReleaseHome(tmp_path)
        folder = imported(home, "clinic", RECORDS)
        indexed(home, "clinic", encoder)
        created = IndexManifest.read(folder).created
        replace = Path.replace

        def refuse(self: Path, target: Path) -> Path:
            if self.name == ".index-new":
                raise OSError("no space")
            return replace(self, target)

        monkeypatch.setattr(Path, "replace", refuse)
        with pytest.raises(OSError, match="no space"):
            indexed(home, "clinic", encoder)
        assert IndexManifest.read(folder).created == created
        assert [path.name for path in folder.parent.glob(".index*")] == []

    def test_what_a_killed_build_left_is_removed_by_the_next(
        self, encoder: BiEncoder, tmp_path: Path
    ) -> None:
        home = ReleaseHome(tmp_path)
        folder = imported(home, "clinic", RECORDS)
        (folder.parent / ".index-new").mkdir()
        (folder.parent / ".index-new" / "half").write_text("of it")
        indexed(home, "clinic", encoder)
        assert [path.name for path in folder.parent.glob("*index*")] == ["index"]
        assert not (folder / "half").exists()

    def test_a_new_index_replaces_the_old_one_whole(self, encoder: BiEncoder, tmp_path: Path) -> None:
        home = ReleaseHome(tmp_path)
        folder = imported(home, "clinic", RECORDS)
        indexed(home, "clinic", encoder)
        opened = TermIndex.open(folder)
        indexed(home, "clinic", encoder, mentions=[("crisis", ASTHMA)])
        reopened = TermIndex.open(folder)
        assert len(reopened) == len(opened) + 1
        # Who had the old one open reads on.
        assert set(opened.texts()) == INDEXED
        assert opened.search.find("asma", 5)
        opened.close()
        reopened.close()

    def test_a_release_without_terms_is_refused(self, encoder: BiEncoder, tmp_path: Path) -> None:
        home = ReleaseHome(tmp_path)
        folder = imported(
            home, "empty", [Concept("X:1"), Concept("X:2", active=False), Term("X:2", "a", "es")]
        )
        with pytest.raises(LinkerError, match="no active concept with a term"):
            indexed(home, "empty", encoder)
        assert not folder.exists()

    def test_progress_ends_with_every_term(self, encoder: BiEncoder, tmp_path: Path) -> None:
        told: list[tuple[str, int, int]] = []
        manifest = build_index(
            tmp_path / "index",
            "clinic",
            RecordsInMemory(RECORDS),  # type: ignore[arg-type]
            encoder,
            bi_encoder="",
            cross_encoder="",
            progress=lambda *stage: told.append(stage),
        )
        ends = {stage: done for stage, done, total in told if done == total}
        assert ends == {"encoding terms": manifest.terms, "writing the lexical index": manifest.terms}


@pytest.mark.parametrize("rows_at_once", [1, 7, 1000])
def test_many_queries_find_what_each_finds_alone(
    index: TermIndex, encoder: BiEncoder, monkeypatch: pytest.MonkeyPatch, rows_at_once: int
) -> None:
    monkeypatch.setattr("linker.vector_index._ROWS_AT_ONCE", rows_at_once)
    queries = encoder.encode([*index.texts(), *(f"término {number}" for number in range(40))])
    for top_k in (1, 5, 10_000):
        cosines, rows = index.nearest(queries, top_k)
        assert rows.shape == cosines.shape == (len(queries), min(top_k, len(index)))
        assert (np.diff(cosines, axis=1) <= 0).all()
        for query, near, own in zip(queries, cosines, rows, strict=True):
            alone, _ = index.nearest(query[None], top_k)
            np.testing.assert_allclose(near, alone[0], atol=1e-5)
            # Rows of nearly one cosine may change places; each has the cosine that is told of it.
            np.testing.assert_allclose(index.vectors_of(own) @ query, near, atol=1e-5)
            assert len(set(own)) == len(own)
