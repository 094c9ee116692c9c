"""The commands, from `main` on, over a real release."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_models import make_bi_encoder

from graph.importing import import_release
from graph.model import Concept
from graph.release import ReleaseHome

GAZETTEER = (
    "code\tlanguage\tterm\tsemantic_tag\tmainterm\n"
    "A01\tes\tfiebre tifoidea\ttrastorno\t1\n"
    "A01\tes\tfiebre entérica\ttrastorno\t0\n"
    "A02\tes\tneumonía lobar\ttrastorno\t1\n"
    "A03\tes\tasma\ttrastorno\t1\n"
)


@pytest.fixture
def gazetteer(tmp_path: Path) -> Path:
    path = tmp_path / "gazetteer.tsv"
    path.write_text(GAZETTEER, "utf-8")
    return path


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ReleaseHome:
    monkeypatch.setenv("ENLACE_HOME", str(tmp_path / "empty-home"))
    return ReleaseHome(tmp_path / "empty-home")


def test_version(enlace) -> None:
    from importlib.metadata import version

    assert enlace("--version").out == f"enlace {version('enlace')}\n"


def test_help_lists_the_commands(enlace) -> None:
    told = enlace("--help")
    assert told.code == 0
    for command in ("load", "index", "link", "serve", "demo", "releases"):
        assert command in told.out


@pytest.mark.parametrize("module", ["torch", "transformers", "strawberry", "numpy", "ladybug", "rich.table"])
def test_starting_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, api.cli; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == 0


def test_load_then_index_then_link(
    enlace, empty_home: ReleaseHome, gazetteer: Path, tiny_bi_encoder: Path
) -> None:
    loaded = enlace("load", gazetteer, "--format", "gazetteer", "--prefix", "ECIEO", "--release", "mini")
    assert loaded.code == 0
    assert "3 concepts" in loaded.out
    assert "enlace index --release mini" in loaded.out
    assert empty_home.current() == "mini"

    # Without --release it is the current one.
    indexed = enlace("index", "--bi-encoder", tiny_bi_encoder, "--cross-encoder", "none")
    assert indexed.code == 0
    assert "4 distinct terms" in indexed.out
    assert "no re-ranking" in indexed.out

    linked = enlace("link", "fiebre entérica", "--json")
    assert linked.code == 0
    decision = json.loads(linked.out)["decision"]
    assert decision.pop("probability") > 0.9
    assert decision == {"id": "ECIEO:A01", "path": "exact", "reason": ""}


def test_annotated_mentions_are_indexed_and_unknown_codes_counted(
    enlace, in_own_home: ReleaseHome, tiny_bi_encoder: Path, tmp_path: Path
) -> None:
    (known,) = _ids(enlace, "fibrilación auricular")
    extra = tmp_path / "extra.tsv"
    extra.write_text(f"span\tcode\narritmia por FA\t{known}|X:1\notra cosa\tX:2\n", "utf-8")
    told = enlace(
        "index", "--release", "demo", "--bi-encoder", tiny_bi_encoder, "--cross-encoder", "none",
        "--mentions", extra,
    )  # fmt: skip
    assert told.code == 0
    assert "1 annotated mentions" in told.out
    assert "2 mentions" in told.err
    assert "2 codes" in told.err
    assert _ids(enlace, "arritmia por FA") == [known]


def test_an_index_reuses_the_vectors_of_other_releases(
    enlace, empty_home: ReleaseHome, gazetteer: Path, tiny_bi_encoder: Path
) -> None:
    def index(release: str, *options: str):
        return enlace(
            "index",
            "--release",
            release,
            "--bi-encoder",
            tiny_bi_encoder,
            "--cross-encoder",
            "none",
            *options,
        )

    load = ("load", gazetteer, "--prefix", "X", "--release")
    assert enlace(*load, "one").code == 0
    gazetteer.write_text(GAZETTEER + "A03\tes\tasma bronquial\ttrastorno\t0\n", "utf-8")
    assert enlace(*load, "two").code == 0
    assert "indexes made before" not in index("one").out
    reused = "4 vectors were taken from indexes made before (4 of release one); 1 terms were encoded."
    assert reused in index("two").out
    assert "indexes made before" not in index("two", "--reuse", "none").out
    assert reused in index("two", "--reuse", "one").out
    assert "(5 of release two); 0 terms were encoded." in index("two").out, "its own former index comes first"
    told = index("two", "--reuse", "three")
    assert (told.code, told.out) == (1, "")
    assert "'three'" in told.err


def test_onnx_runtime_links_as_torch_does_wherever_the_index_is_opened(
    enlace, empty_home: ReleaseHome, gazetteer: Path, tiny_bi_encoder: Path, tiny_cross_encoder: Path
) -> None:
    assert enlace("load", gazetteer, "--prefix", "X", "--release", "mini").code == 0
    models = ("--bi-encoder", tiny_bi_encoder, "--cross-encoder", tiny_cross_encoder)
    mentions = ("fiebre tifoide", "asma bronquial", "neumonía", "--json")

    def scores() -> list[float]:
        lines = [json.loads(line) for line in enlace("link", *mentions).out.splitlines()]
        found = [one["scores"] for line in lines for one in line["candidates"]]
        assert any(one["rerank"] is not None for one in found)
        return [one[stage] for one in found for stage in ("dense", "rerank") if one[stage] is not None]

    assert "computed by torch" in enlace("index", *models).out
    right = scores()
    told = enlace("index", *models, "--runtime", "onnx")
    assert "computed by onnx" in told.out
    assert "0 terms were encoded" in told.out, "the vectors are those of the same encoder"
    exports = empty_home.folder("mini") / "onnx"
    assert sorted(path.name.rsplit("-", 1)[0] for path in exports.iterdir()) == [
        "bi-encoder",
        "cross-encoder",
    ]
    assert scores() == pytest.approx(right, abs=1e-3)
    (release,) = json.loads(enlace("releases", "--json").out)
    assert release["index"]["runtime"] == "onnx"

    assert enlace("index", *models[:2], "--cross-encoder", "none", "--runtime", "onnx").code == 0
    assert [path.name.rsplit("-", 1)[0] for path in exports.iterdir()] == ["bi-encoder"]
    assert enlace("index", *models).code == 0
    assert not exports.exists(), "torch needs no exported models"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--runtime", "openvino"), "There is no runtime 'openvino'; choose torch or onnx."),
        (("--runtime", "onnx", "--precision", "int8"), "computes in float32 and int8 was asked for"),
    ],
)
def test_a_runtime_that_there_is_not_is_refused_before_anything_is_opened(
    enlace, in_own_home: ReleaseHome, options: tuple[str, ...], message: str
) -> None:
    told = enlace("index", *options)
    assert (told.code, told.out) == (1, "")
    assert message in told.err


def test_vectors_of_another_encoder_are_not_reused(enlace, in_own_home: ReleaseHome, tmp_path: Path) -> None:
    other = make_bi_encoder(tmp_path / "model", seed=1)
    told = enlace("index", "--bi-encoder", other, "--cross-encoder", "none")
    assert told.code == 0
    assert "indexes made before" not in told.out


def test_a_model_folder_named_relatively_is_found_from_elsewhere(
    enlace, in_own_home: ReleaseHome, tiny_bi_encoder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tiny_bi_encoder.parent)
    assert enlace("index", "--bi-encoder", tiny_bi_encoder.name, "--cross-encoder", "none").code == 0
    monkeypatch.chdir(tmp_path)
    assert enlace("link", "HTA", "--json").code == 0


def test_what_an_abbreviation_was_read_as_is_shown(enlace, in_home: ReleaseHome) -> None:
    told = enlace("link", "--release", "demo", "EPOC leve", "fiebre", "--top", "1")
    assert told.code == 0
    abbreviated, plain = told.out.split("fiebre →")
    assert "read as" in abbreviated
    # Columns are narrow in a pipe, and words are folded.
    assert "obstru" in abbreviated
    assert "read as" not in plain


def test_link_prints_a_table(enlace, in_home: ReleaseHome) -> None:
    told = enlace("link", "--release", "demo", "HTA", "Sintrom", "--top", "2")
    assert told.code == 0
    assert "hipertensión arterial" in told.out
    assert "acenocumarol" in told.out
    assert "exact" in told.out
    assert told.err == ""


def test_link_json_is_a_line_a_mention(enlace, in_home: ReleaseHome) -> None:
    told = enlace("link", "HTA", "tos", "--top", "3", "--json")
    first, second = map(json.loads, told.out.splitlines())
    assert list(first) == ["mention", "candidates", "decision"]
    assert (first["mention"], second["mention"]) == ("HTA", "tos")
    assert len(first["candidates"]) == 3
    candidate = first["candidates"][0]
    assert list(candidate) == [
        "id",
        "preferredTerm",
        "matchedTerm",
        "reading",
        "score",
        "scores",
        "path",
        "evidence",
    ]
    assert list(candidate["scores"]) == ["dense", "lexical", "rerank"]


def test_releases(enlace, in_home: ReleaseHome) -> None:
    (row,) = json.loads(enlace("releases", "--json").out)
    assert row["name"] == "demo"
    assert row["current"] is True
    assert row["index"]["terms"] > 1000
    table = enlace("releases")
    assert "demo (current)" in table.out


def test_the_report_of_a_release(enlace, empty_home: ReleaseHome, tmp_path: Path) -> None:
    path = tmp_path / "g.tsv"
    path.write_text(GAZETTEER + "NO_CODE\tes\tnada\tx\t1\nA01\tca\tfebre\tx\t0\n", "utf-8")
    loaded = enlace("load", path, "--prefix", "X", "--release", "mini", "--max-rejected", "20%")
    assert loaded.code == 0
    assert f"1: the code is blank, NO_CODE or a composite, for example 'NO_CODE es' in {path}:6" in loaded.err

    told = enlace("releases", "mini")
    assert (told.code, told.err) == (0, "")
    assert "mini (current)" in told.out
    assert "Read with: format gazetteer, prefix X, languages es,en." in told.out
    for words in ("reading records", "rows/s", "g.tsv", "the language is not among those asked for"):
        assert words in told.out
    assert "All of them are in rejected.tsv in the folder of the release. At most 20% were" in told.out

    said = json.loads(enlace("releases", "mini", "--json").out)
    assert said["current"] is True
    assert said["index"] is None
    assert said["release"]["counts"]["terms"] == 4
    assert [stage["name"] for stage in said["stages"]] == ["records", "hierarchy", "graph"]
    assert said["rejected"][0]["place"] == f"{path}:6"
    assert said["left_out"] == {"the language is not among those asked for": 1}


def test_a_release_without_a_report_is_shown_too(enlace, in_own_home: ReleaseHome) -> None:
    (in_own_home.folder("demo") / "report.json").unlink()
    told = enlace("releases", "demo")
    assert told.code == 0
    assert "concepts" in told.out


def test_a_dry_run_leaves_nothing(enlace, empty_home: ReleaseHome, gazetteer: Path) -> None:
    told = enlace("load", gazetteer, "--prefix", "ECIEO", "--release", "mini", "--dry-run")
    assert (told.code, told.err) == (0, "")
    assert "Release mini would hold 3 concepts" in told.out
    assert "Index it next" not in told.out
    assert (empty_home.names(), empty_home.current()) == ([], None)
    left = [path for path in empty_home.path.rglob("*") if path.is_file()]
    assert [(path.parent.name, path.stat().st_size) for path in left] == [(".locks", 0)]


def test_no_releases(enlace, empty_home: ReleaseHome) -> None:
    told = enlace("releases")
    assert (told.code, told.out) == (0, "")
    assert "no releases" in told.err
    assert json.loads(enlace("releases", "--json").out) == []


def test_the_demo_goes_the_whole_way(
    enlace,
    empty_home: ReleaseHome,
    tiny_bi_encoder: Path,
    tiny_cross_encoder: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / "bi-encoder").symlink_to(tiny_bi_encoder)
    (models / "cross-encoder").symlink_to(tiny_cross_encoder)
    monkeypatch.setattr("linker.shipped._MODELS", models)

    told = enlace("demo")
    assert told.code == 0, told.err
    assert "hipertensión arterial" in told.out
    assert "trastorno cardiovascular" in told.out, "the parents are shown"
    assert "curl -s http://127.0.0.1:8000/graphql" in told.out
    assert "enlace serve --release demo" in told.out

    imported = empty_home.release("demo").created
    assert enlace("demo").out == told.out
    assert empty_home.release("demo").created == imported, "the second time nothing is imported"

    # As it stands there after an update of Enlace that reads another kind of store.
    store = empty_home.folder("demo") / "graph.lbug"
    store.write_bytes(b"of another version".ljust(store.stat().st_size))
    assert enlace("demo").out == told.out
    assert empty_home.release("demo").created != imported


#: What a clinician reads in the demo's note. One of them may go wrong, as models are trained anew.
EXPECTED = {
    "HTA": "hipertensión arterial",
    "diabetes tipo II": "diabetes mellitus tipo 2",
    "FA": "fibrilación auricular",
    "Sintrom": "acenocumarol",
    "disnea a moderados esfuerzos": "disnea de esfuerzo",
    "Rx tórax": "radiografía de tórax",
    "derrame pleural bilateral": "derrame pleural",
    "fracaso renal agudo prerrenal": "insuficiencia renal aguda prerrenal",
    "anemia por falta de hierro": "anemia ferropénica",
}


@pytest.mark.usefixtures("shipped_models")
def test_the_demo_reads_its_note_as_a_clinician_does(enlace, empty_home: ReleaseHome) -> None:
    assert enlace("demo").code == 0
    lines = enlace("link", "--release", "demo", *EXPECTED, "--top", "1", "--json").out.splitlines()
    read = {one["mention"]: one["candidates"][0]["preferredTerm"] for one in map(json.loads, lines)}
    wrong = {mention: found for mention, found in read.items() if found != EXPECTED[mention]}
    assert len(wrong) <= 1, wrong


def test_the_note_of_the_demo_has_ten_mentions() -> None:
    from api.commands.demo import NOTE, mentions_of

    assert len(mentions_of(NOTE)) == len(set(mentions_of(NOTE))) == 10


def _ids(enlace, mention: str) -> list[str]:
    (line,) = enlace("link", mention, "--top", "1", "--json").out.splitlines()
    return [candidate["id"] for candidate in json.loads(line)["candidates"]]


def test_choosing_the_current_release_and_going_back(enlace, in_own_home: ReleaseHome) -> None:
    import_release(in_own_home, "next", [Concept("X:2")], sources=())
    assert enlace("releases", "--back").code == 1
    assert enlace("releases", "--use", "next").err == "next is the current release.\n"
    assert in_own_home.current() == "next"
    assert enlace("releases", "--back").code == 0
    assert in_own_home.current() == "demo"
    told = enlace("releases", "--use", "another")
    assert told.code == 1
    assert "another" in told.err
    assert in_own_home.current() == "demo"
