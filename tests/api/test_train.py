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
        "--runs", "2",
    )  # fmt: skip
    assert (told.code, told.err) == (0, f"The bi-encoder is in {output}.\n")
    card = (output / "README.md").read_text("utf-8")
    assert "enlace train bi-encoder --release demo" in card
    assert "--loss multi-similarity" in card
    for fact in (
        "| pairs | grandparents |",
        "| synonym_share | 0.6 |",
        "| loss | multi-similarity |",
        "| runs | 2 |",
    ):
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
    mentioned = enlace("index", "--release", "t", *models, "--mentions", tmp_path / "mentions.tsv")
    assert mentioned.err == (
        r"The former index had the code axes (\d+)/(\d), which this one has not; give --code-axes to have them again."
        "\n"
    )
    assert "The former index had 240 annotated mentions" in enlace("index", "--release", "t", *models).err
    assert enlace("index", "--release", "t", *models).err == ""


def test_how_words_translate_is_learned_into_a_bi_encoder_and_weighed(
    enlace, in_own_home: ReleaseHome, tiny_bi_encoder: Path, tiny_cross_encoder: Path, tmp_path: Path
) -> None:
    bi_encoder = shutil.copytree(tiny_bi_encoder, tmp_path / "bi")
    cross_encoder = shutil.copytree(tiny_cross_encoder, tmp_path / "cross")
    models = ("--bi-encoder", bi_encoder, "--cross-encoder", cross_encoder)
    codes = ["code\tlanguage\tterm\tsemantic_tag\tmainterm"]
    mentions = ["doc\tspan\tcode"]
    for place, organ in enumerate(("renal", "ureteral", "biliar", "vesical")):
        codes.append(f"{place}\tes\tlitiasis {organ}\t\t1")
        mentions += [f"d{n}\tcálculos en zona {organ}\tT:{place}" for n in range(40)]
    (tmp_path / "codes.tsv").write_text("\n".join(codes) + "\n", "utf-8")
    (tmp_path / "mentions.tsv").write_text("\n".join(mentions) + "\n", "utf-8")
    assert (
        enlace(
            "load", tmp_path / "codes.tsv", "--format", "gazetteer", "--prefix", "T", "--release", "t"
        ).code
        == 0
    )
    learn = ("train", "translation", "--release", "t", "--bi-encoder")
    lonely = enlace(*learn, bi_encoder)
    assert (lonely.code, lonely.err) == (
        1,
        "enlace: No concept has two names, so there are no words to learn from; give synonyms or mentions.\n",
    )
    nowhere = enlace(*learn, tmp_path / "none", "--mentions", tmp_path / "mentions.tsv")
    assert (nowhere.code, len(nowhere.err.splitlines())) == (1, 1)
    assert not (bi_encoder / "translation.safetensors").exists()
    told = enlace(*learn, bi_encoder, "--mentions", tmp_path / "mentions.tsv", "--data-note", "my own")
    assert told.code == 0, told.err
    assert told.err.startswith("Learned from 8 pairs how 7 words translate; ")
    card = (bi_encoder / "translation.md").read_text("utf-8")
    assert "enlace train translation --release t" in card
    assert "- my own" in card
    assert enlace("index", "--release", "t", *models).code == 0
    ask = ("link", "cálculo biliar", "--release", "t", "--json")
    assert "translation of its words" not in enlace(*ask).out, "nothing says yet how it weighs"
    fitted = enlace("train", "fusion", "--release", "t", "--mentions", tmp_path / "mentions.tsv", *models)
    assert fitted.code == 0, fitted.err
    settings = json.loads((bi_encoder / "enlace.json").read_text("utf-8"))
    assert {"mention_translated", "term_translated"} < set(settings["order_weights"])
    weights = json.loads((cross_encoder / "enlace.json").read_text("utf-8"))["rerank_weights"]
    assert {"mention_translated", "term_translated"} < set(weights)
    assert "translation of its words" in enlace(*ask).out
    (bi_encoder / "translation.safetensors").write_bytes(b"broken")
    broken = enlace(*ask)
    assert (broken.code, len(broken.err.splitlines())) == (1, 1)
    assert "make it again with `enlace train translation`" in broken.err
