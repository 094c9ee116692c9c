"""`enlace train` as it is typed, on the demonstration release and with tiny models."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

from graph.release import ReleaseHome
from linker.encoder import BiEncoder
from linker.pair_text import PairForm, Part
from linker.reranker import Reranker


def test_a_bi_encoder_is_trained_with_what_was_asked(
    enlace, in_home: ReleaseHome, tiny_bi_encoder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "model"
    told = enlace(
        "train", "bi-encoder", "--release", "demo", "--output", output, "--from", tiny_bi_encoder,
        "--pairs", "grandparents", "--synonym-share", "0.6", "--loss", "multi-similarity", "--max-length", "20",
        "--hard-negatives", "3", "--easy-steps", "1", "--refresh-steps", "1", "--steps", "3", "--batch-size", "8",
    )  # fmt: skip
    assert (told.code, told.err) == (0, f"The bi-encoder is in {output}.\n")
    card = (output / "README.md").read_text("utf-8")
    assert "enlace train bi-encoder --release demo" in card
    assert "--loss multi-similarity" in card
    for fact in ("| pairs | grandparents |", "| synonym_share | 0.6 |", "| loss | multi-similarity |"):
        assert fact in card
    assert BiEncoder.open(output).identity.max_length == 20


def test_a_bi_encoder_from_scratch_learns_words_from_texts(
    enlace, in_home: ReleaseHome, tmp_path: Path
) -> None:
    texts = tmp_path / "texts.jsonl"
    line = json.dumps({"doc": "a", "text": "Presenta zumbayllu renal.\n" * 300})
    texts.write_text(f"{line}\n", "utf-8")
    asked = (
        "train", "bi-encoder", "--release", "demo", "--dimensions", "32", "--vocabulary", "900", "--steps", "2",
        "--batch-size", "4", "--hard-negatives", "0",
    )  # fmt: skip
    told = enlace(*asked, "--texts", texts, "--output", tmp_path / "model")
    assert told.code == 0
    assert "1 texts of texts.jsonl" in (tmp_path / "model" / "README.md").read_text("utf-8")
    assert "zumbayllu" in BiEncoder.open(tmp_path / "model").model.tokenizer.get_vocab()
    again = enlace(*asked, "--texts", texts, "--from", tmp_path / "model", "--output", tmp_path / "other")
    assert (again.code, again.err) == (
        1,
        "enlace: --texts is for a model from scratch; leave it out, or leave --from out.\n",
    )


def test_what_cannot_be_trained_is_one_sentence(
    enlace, in_home: ReleaseHome, tiny_bi_encoder: Path, tmp_path: Path
) -> None:
    asked = (
        "train",
        "bi-encoder",
        "--release",
        "demo",
        "--output",
        tmp_path / "model",
        "--from",
        tiny_bi_encoder,
    )
    device = enlace(*asked, "--device", "tpu9000")
    assert (device.code, device.out) == (1, "")
    assert "This machine has no device 'tpu9000'" in device.err
    pooling = enlace(*asked, "--pooling", "cls")
    assert pooling.code == 1
    assert "pools by 'mean', as its modules.json says" in pooling.err
    assert len(pooling.err.splitlines()) == 1
    patience = enlace(*asked, "--patience", "2")
    assert patience.code == 1
    assert "Stopping early needs mentions" in patience.err
    assert not (tmp_path / "model").exists()


def test_a_cross_encoder_is_trained_with_what_was_asked(
    enlace, in_home: ReleaseHome, tiny_bi_encoder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "model"
    told = enlace(
        "train", "cross-encoder", "--release", "demo", "--output", output, "--bi-encoder", tiny_bi_encoder,
        "--negatives", "bkg", "--negative-count", "3", "--graph-share", "0.4", "--depth", "10", "--lists", "4",
        "--loss", "binary", "--max-length", "32", "--steps", "2", "--measure-steps", "1", "--save-steps", "1",
    )  # fmt: skip
    assert (told.code, told.err) == (0, f"The cross-encoder is in {output}.\n")
    card = (output / "README.md").read_text("utf-8")
    for fact in ("| kind | bkg |", "| graph_share | 0.4 |", "| negatives | 3 |", "| loss | binary |"):
        assert fact in card
    assert re.findall(r"^\| (\d) \| \d\.\d{4} \|$", card, re.MULTILINE) == ["1", "2"]
    assert not (tmp_path / ".model.training").exists()
    assert Reranker.open(output).logits([("asma", "asma bronquial")]).shape == (1,)


def test_a_cross_encoder_reads_what_was_asked(
    enlace, in_home: ReleaseHome, tiny_bi_encoder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "model"
    asked = (
        "train", "cross-encoder", "--release", "demo", "--output", output, "--bi-encoder", tiny_bi_encoder,
        "--lists", "2", "--steps", "1", "--max-length", "64",
    )  # fmt: skip
    wrong = enlace(*asked, "--candidate", "term,words")
    assert (wrong.code, wrong.err) == (
        1,
        "enlace: --candidate term,words: a candidate has no part 'words', only term, preferred, tag, parents.\n",
    )
    blind = enlace(*asked, "--context", "20")
    assert blind.code == 1
    assert "A context of 20 characters was asked for and no mention" in blind.err
    mentions, texts = tmp_path / "mentions.tsv", tmp_path / "texts.jsonl"
    mentions.write_text("doc\tstart\tend\tspan\tcode\na\t4\t8\tasma\tX:1\na\t3\t7\ttos\tX:2\n", "utf-8")
    texts.write_text('{"doc": "a", "text": "Con asma y tos."}\n', "utf-8")
    told = enlace(
        *asked, "--candidate", "parents, term,tag", "--parents", "3", "--context", "20", "--mentions", mentions,
        "--texts", texts, "--dev-share", "0",
    )  # fmt: skip
    assert told.code == 0, told.err
    assert "1 are not what their document has at their place (a 3–7: 'tos' is ' asm')" in told.err
    form = PairForm((Part.TERM, Part.TAG, Part.PARENTS), 3, 20)
    assert Reranker.open(output).form == form

    # What goes on from a model reads what that model reads.
    again = enlace(*asked[:4], "--output", tmp_path / "again", *asked[6:], "--from", output, "--context", "0")
    assert again.code == 0, again.err
    assert Reranker.open(tmp_path / "again").form == replace(form, context=0)


def test_the_weights_of_axes_are_fitted_and_kept(
    enlace, in_own_home: ReleaseHome, tiny_bi_encoder: Path, tiny_cross_encoder: Path, tmp_path: Path
) -> None:
    models = []
    for name, folder in (("--bi-encoder", tiny_bi_encoder), ("--cross-encoder", tiny_cross_encoder)):
        shutil.copytree(folder, tmp_path / folder.name)
        models += [name, tmp_path / folder.name]
    codes = ["code\tlanguage\tterm\tsemantic_tag\tmainterm"]
    mentions = ["doc\tspan\tcode"]
    for stem, name in (("10", "asma"), ("20", "angina"), ("30", "artritis")):
        for grade, said in (("1", "leve"), ("2", "grave")):
            codes.append(f"{stem}/{grade}\tes\t{name} {said}\t\t1")
            mentions += [f"d{place}\tla {name} muy {said}\tT:{stem}/{grade}" for place in range(40)]
    (tmp_path / "codes.tsv").write_text("\n".join(codes) + "\n", "utf-8")
    (tmp_path / "mentions.tsv").write_text("\n".join(mentions) + "\n", "utf-8")
    loaded = enlace(
        "load", tmp_path / "codes.tsv", "--format", "gazetteer", "--prefix", "T", "--release", "t"
    )
    assert loaded.code == 0, loaded.err
    fit = ("train", "axes", "--release", "t", "--mentions", tmp_path / "mentions.tsv", *models)
    assert enlace("index", "--release", "t", *models).code == 0
    without = enlace(*fit)
    assert (without.code, without.err) == (
        1,
        "enlace: The index of release 't' knows no axes of codes; make it with `enlace index --code-axes`.\n",
    )
    refused = enlace("index", "--release", "t", *models, "--code-axes", "(")
    assert (refused.code, len(refused.err.splitlines())) == (1, 1)
    assert "are no regular expression" in refused.err
    assert enlace("link", "asma", "--release", "t", "--json").code == 0, "the former index still serves"
    indexed = enlace("index", "--release", "t", *models, "--code-axes", r"(\d+)/(\d)")
    assert indexed.code == 0
    assert r", code axes (\d+)/(\d); in " in indexed.out
    told = enlace(*fit)
    assert told.code == 0, told.err
    assert told.err.startswith("Fitted on ")
    for folder in models[1::2]:
        weights = json.loads((folder / "enlace.json").read_text("utf-8"))["axis_weights"]
        assert set(weights) == {"own", "retrieved", "qualifiers", "stem", "bias"}
    linked = json.loads(enlace("link", "artritis muy leve", "--release", "t", "--json").out)
    assert "axes of the code" in json.dumps(linked)
