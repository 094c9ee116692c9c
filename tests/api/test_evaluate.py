"""`enlace evaluate` and `enlace compare-runs`: figures on the screen, in a file and as a drawing."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from graph.release import ReleaseHome

MENTIONS = ("HTA", "Sintrom", "fibrilación auricular", "tos")


@pytest.fixture(scope="session")
def gold(home: ReleaseHome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four mentions of three documents with codes of the demonstration, and two that have none."""
    with home.open("demo") as opened:
        by_text = {term.text: term.concept for term in opened.store.scan_terms()}
    rows = [
        ("d1", "hipertensión arterial"),
        ("d1", "acenocumarol"),
        ("d2", "fibrilación auricular"),
        ("d3", "tos"),
    ]
    path = tmp_path_factory.mktemp("gold") / "gold.tsv"
    lines = [f"{doc}\t{span}\t{by_text[span]}" for doc, span in rows]
    lines += ["d3\tHTA y tos\tX:1+X:2", "d3\tnada\tNO_CODE"]
    path.write_text("doc\tspan\tcode\n" + "\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture(scope="session")
def training(gold: Path) -> Path:
    path = gold.with_name("training.tsv")
    code = gold.read_text("utf-8").splitlines()[1].split("\t")[2]
    path.write_text(f"doc\tspan\tcode\nt1\tHTA\t{code}\nd3\ttos\tX:9\n", "utf-8")
    return path


def test_tables_figures_and_a_drawing(
    enlace, in_home: ReleaseHome, gold: Path, training: Path, tmp_path: Path
) -> None:
    figures, drawing = tmp_path / "a.json", tmp_path / "a.svg"
    told = enlace(
        "evaluate", "--release", "demo", "--mentions", gold, "--training", training, "--top", "25",
        "--published-loop", "--json", figures, "--plot", drawing,
    )  # fmt: skip
    assert told.code == 0, told.err
    for words in ("6 mentions of 3 documents on demo", "unseen codes: ", "published loop, cross-encoder",
                  "any path @25", "at risk 5%", "1.000 [1.00–1.00]", "two concepts tie",
                  "Reliability of enlace"):  # fmt: skip
        assert words in told.out, words
    assert f"Documents that are both in {gold} and in {training}: 1." in told.err

    found = json.loads(figures.read_text("utf-8"))
    assert found["mention_file"]["name"] == "gold.tsv"
    assert found["training_file"]["name"] == "training.tsv"
    assert found["index"]["release"] == "demo"
    assert found["is_a"] > 100
    by_name = {one["subset"]: one for one in found["subsets"]}
    assert by_name["all rows"]["mentions"] == 6
    assert by_name["cleaned"]["mentions"] == 4
    assert by_name["unseen codes"]["mentions"] == 3
    cleaned = {board["system"]: board["accuracies"]["accuracy"] for board in by_name["cleaned"]["systems"]}
    assert list(cleaned["enlace"]) == ["1", "5", "10", "25"]
    assert cleaned["enlace"]["1"]["value"] == cleaned["exact or folded"]["1"]["value"] == 1
    calibrated = {board["system"]: board["calibration"] for board in by_name["cleaned"]["systems"]}
    assert calibrated["TF-IDF"] is None
    assert sum(bin["mentions"] for bin in calibrated["enlace"]["bins"]) == 4
    assert calibrated["enlace"]["chosen"]["value"] == calibrated["enlace"]["right"]["value"] == 1

    drawn = ElementTree.parse(drawing).getroot()
    assert drawn.tag.endswith("svg")
    texts = " ".join("".join(node.itertext()) for node in drawn.iter() if node.tag.endswith("text"))
    for words in ("enlace", "TF-IDF", "published loop", "risk", "coverage", "accuracy at k"):
        assert words in texts


def test_figures_go_to_stdout_alone(enlace, in_home: ReleaseHome, gold: Path) -> None:
    told = enlace("evaluate", "--release", "demo", "--mentions", gold, "--top", "5", "--json", "-")
    assert told.err == ""
    found = json.loads(told.out)
    assert list(found["rows"]["systems"]) == ["enlace", "exact or folded", "TF-IDF"]
    assert "training_file" not in found


def test_documents_are_read_where_they_are_given(
    enlace, in_home: ReleaseHome, gold: Path, tmp_path: Path
) -> None:
    code = gold.read_text("utf-8").splitlines()[1].split("\t")[2]
    mentions, texts = tmp_path / "gold.tsv", tmp_path / "texts.jsonl"
    mentions.write_text(f"doc\tspan\tcode\nd1\tHRA\t{code}\nd2\tHRA\t{code}\n", "utf-8")
    texts.write_text(json.dumps({"doc": "d1", "text": "HRA (hipertensión arterial)"}) + "\n", "utf-8")
    arguments = ("evaluate", "--release", "demo", "--mentions", mentions, "--top", "5", "--json", "-")
    without, given = (enlace(*arguments), enlace(*arguments, "--texts", texts))
    assert "Documents of" in given.err
    scores = [json.loads(told.out)["rows"]["systems"]["enlace"]["score"] for told in (without, given)]
    assert scores[0][0] == scores[0][1] == scores[1][1] != scores[1][0]
    assert json.loads(given.out)["text_file"]["name"] == "texts.jsonl"


def test_columns_and_a_prefix_can_be_named(enlace, in_home: ReleaseHome, gold: Path, tmp_path: Path) -> None:
    _, *rows = gold.read_text("utf-8").splitlines()
    code = rows[0].split("\t")[2]
    bare = tmp_path / "bare.tsv"
    bare.write_text(f"caso\ttexto\tid\nd\thipertensión arterial\t{code.partition(':')[2]}\n", "utf-8")
    told = enlace(
        "evaluate", "--release", "demo", "--mentions", bare, "--span-column", "texto", "--code-column", "id",
        "--document-column", "caso", "--prefix", code.partition(":")[0], "--top", "5", "--json", "-",
    )  # fmt: skip
    found = json.loads(told.out)
    assert found["gold_not_in_index"] == 0
    assert found["documents"] == 1


def test_a_corpus_without_codes_is_told(enlace, in_home: ReleaseHome, tmp_path: Path) -> None:
    spans = tmp_path / "spans.tsv"
    spans.write_text(
        "filename\tann_id\tlabel\tstart_span\tend_span\ttext\nd\tT1\tSINTOMA\t0\t3\ttos\n", "utf-8"
    )
    told = enlace("evaluate", "--release", "demo", "--mentions", spans)
    assert told.code == 1
    assert told.err == (
        f"enlace: {spans} marks spans and gives them no codes; give the corpus's linking file.\n"
    )


def test_a_drawing_of_no_known_kind_is_told_before_anything_is_done(enlace, tmp_path: Path) -> None:
    told = enlace("evaluate", "--mentions", tmp_path / "none.tsv", "--plot", "a.doc")
    assert told.code == 1
    assert told.err == "enlace: --plot a.doc has none of the endings .svg, .png, .pdf; choose one of them.\n"


def test_a_drawing_without_matplotlib_is_told(
    enlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("api.evaluation_plot.find_spec", lambda name: None)
    told = enlace("evaluate", "--mentions", tmp_path / "none.tsv", "--plot", "a.svg")
    assert told.err == "enlace: --plot needs matplotlib; install it with `pip install 'enlace[plot]'`.\n"


def test_within_a_scope_other_concepts_are_no_candidates(enlace, in_home: ReleaseHome, gold: Path) -> None:
    options = ("evaluate", "--release", "demo", "--mentions", gold, "--top", "5", "--json", "-")
    figures = json.loads(enlace(*options, "--semantic-tag", "trastorno").out)
    assert figures["asked"] == {"ecl": "", "semantic_tags": ["trastorno"]}
    everything = json.loads(enlace(*options).out)
    assert 0 < figures["scope"] < everything["index"]["concepts"]
    assert everything["scope"] is None
    assert "asked" not in everything

    def at_5(run: dict[str, Any], system: int) -> float:
        cleaned = next(one for one in run["subsets"] if one["subset"] == "cleaned")
        found: float = cleaned["systems"][system]["accuracies"]["accuracy"]["5"]["value"]
        return found

    # Of hypertension, a drug, fibrillation and a cough, the drug is no disorder and the cough a finding.
    assert (at_5(everything, 0), at_5(figures, 0)) == (1.0, 0.5)
    assert at_5(everything, 1) == at_5(figures, 1), "baselines know no scope"
    refused = enlace(*options, "--semantic-tag", "nada")
    assert (refused.code, len(refused.err.splitlines())) == (1, 1)
    assert "'nada'" in refused.err


class TestCompareRuns:
    @pytest.fixture
    def run(self, enlace, in_home: ReleaseHome, gold: Path, tmp_path: Path) -> Path:
        path = tmp_path / "run.json"
        assert (
            enlace("evaluate", "--mentions", gold, "--release", "demo", "--top", "5", "--json", path).code
            == 0
        )
        return path

    def test_two_systems(self, enlace, run: Path) -> None:
        told = enlace("compare-runs", run, run, "--system", "exact or folded", "--against", "TF-IDF")
        assert told.code == 0
        assert told.err == ""
        assert "cleaned: 4 mentions of 3 documents" in told.out
        assert "run.json, exact or folded" in told.out
        assert "difference" in told.out

    def test_sets_that_differ_are_named(
        self, enlace, run: Path, gold: Path, training: Path, tmp_path: Path
    ) -> None:
        other = tmp_path / "other.json"
        enlace(
            "evaluate", "--mentions", gold, "--training", training, "--release", "demo", "--top", "5",
            "--json", other,
        )  # fmt: skip
        told = enlace("compare-runs", other, run)
        assert told.code == 0
        assert "other mentions in them: unseen codes" in told.err

    def test_other_mentions_are_refused(self, enlace, run: Path, gold: Path, tmp_path: Path) -> None:
        fewer, other = tmp_path / "fewer.tsv", tmp_path / "other.json"
        fewer.write_text("\n".join(gold.read_text("utf-8").splitlines()[:3]) + "\n", "utf-8")
        enlace("evaluate", "--mentions", fewer, "--release", "demo", "--top", "5", "--json", other)
        told = enlace("compare-runs", run, other)
        assert told.code == 1
        assert told.err.endswith("were measured on different mentions; compare runs on one mention file.\n")
        assert told.err.count("\n") == 1


@pytest.mark.parametrize("option", ["--json", "--plot"])
def test_a_file_in_no_folder_is_told_before_linking(
    enlace, in_home: ReleaseHome, gold: Path, tmp_path: Path, option: str
) -> None:
    path = tmp_path / "none" / "figures.svg"
    told = enlace("evaluate", "--release", "demo", "--mentions", gold, option, path)
    assert told.code == 1
    assert f"{option} {path} is in no folder that there is; make {path.parent}." in told.err
