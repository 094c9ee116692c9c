"""Bad input: one sentence on stderr, exit code 1 (2 for wrong usage), no trace, and the release still serves.

Cases that need no model run through the installed script, each in a process of its own.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from interrupts import hear_interrupts
from tiny_models import make_bi_encoder

from graph.release import ReleaseHome

SCRIPT = Path(sys.executable).with_name("enlace")


def enlace_script(home: ReleaseHome, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, *map(str, arguments)],
        env={**os.environ, "ENLACE_HOME": str(home.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def check_one_sentence(told, *words: str) -> None:
    assert told.returncode == 1
    assert told.stdout == ""
    assert told.stderr.startswith("enlace: ")
    assert told.stderr.count("\n") == 1
    assert told.stderr.rstrip().endswith(".")
    for word in words:
        assert word in told.stderr


def check_still_serves(home: ReleaseHome) -> None:
    assert home.names() == ["demo"]
    home.verify("demo")
    with home.open("demo") as opened:
        assert next(opened.store.scan_concepts())


HEADER = "code\tlanguage\tterm\tsemantic_tag\tmainterm\n"


def truncated_gzip(folder: Path) -> Path:
    path = folder / "hp.json.gz"
    whole = gzip.compress(
        json.dumps({"graphs": [{"nodes": [{"id": f"x{i}"} for i in range(5000)]}]}).encode()
    )
    path.write_bytes(whole[: len(whole) // 2])
    return path


def text_file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_a_truncated_gzip(home: ReleaseHome, tmp_path: Path) -> None:
    told = enlace_script(home, "load", truncated_gzip(tmp_path), "--format", "obograph", "--release", "demo")
    check_one_sentence(told, "hp.json.gz", "damaged")
    check_still_serves(home)


def test_a_file_of_no_known_format(home: ReleaseHome, tmp_path: Path) -> None:
    told = enlace_script(home, "load", text_file(tmp_path, "a.txt", "hola\n"), "--release", "demo")
    check_one_sentence(told, "a.txt", "obograph")
    check_still_serves(home)


def test_a_file_of_another_format_than_said(home: ReleaseHome, tmp_path: Path) -> None:
    path = text_file(tmp_path, "a.tsv", HEADER + "A01\tes\tasma\ttrastorno\t1\n")
    told = enlace_script(home, "load", path, "--format", "obograph", "--release", "demo")
    check_one_sentence(told, "a.tsv")
    check_still_serves(home)


def test_a_row_with_a_missing_column(home: ReleaseHome, tmp_path: Path) -> None:
    path = text_file(tmp_path, "a.tsv", HEADER + "A01\tes\tasma\ttrastorno\t1\nA02\tes\n")
    told = enlace_script(
        home, "load", path, "--format", "gazetteer", "--prefix", "ECIEO", "--release", "demo"
    )
    check_one_sentence(told, "Row 3", "a.tsv")
    check_still_serves(home)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--as-of", "20260131"), ("date", "gazetteer")),
        (("--onto", "demo"), ("gazetteer", "Delta")),
        (("--onto", "otra"), ("'otra'", "demo")),
        (("--source", "SCTSPA"), ("gazetteer", "RRF")),
        (("--hierarchy", "SCTSPA"), ("hierarchy", "gazetteer")),
    ],
)
def test_an_option_of_another_format(
    enlace, in_home: ReleaseHome, tmp_path: Path, option: tuple[str, str], words: tuple[str, ...]
) -> None:
    path = text_file(tmp_path, "a.tsv", HEADER + "A01\tes\tasma\ttrastorno\t1\n")
    told = enlace("load", path, "--prefix", "ECIEO", "--release", "demo", *option)
    assert (told.code, told.out, told.err.count("\n")) == (1, "", 1)
    assert all(word in told.err for word in words)
    check_still_serves(in_home)


def test_too_many_rows_that_cannot_be_used(home: ReleaseHome, tmp_path: Path) -> None:
    path = text_file(tmp_path, "a.tsv", HEADER + "A01\tes\tasma\tx\t1\nNO_CODE\tes\tnada\tx\t1\n")
    told = enlace_script(home, "load", path, "--prefix", "ECIEO", "--release", "demo")
    rows = home.path / "rejected" / "demo.tsv"
    check_one_sentence(told, "1 of 3 rows", "at most 1%", str(rows), "--max-rejected")
    assert rows.read_text("utf-8").splitlines()[1:] == [
        f"{path}:3\tthe code is blank, NO_CODE or a composite\tNO_CODE es"
    ]
    check_still_serves(home)


@pytest.mark.parametrize("command", [("link", "HTA"), ("index",), ("serve", "--port", "0")])
def test_an_unknown_release(home: ReleaseHome, command: tuple[str, ...]) -> None:
    told = enlace_script(home, *command, "--release", "otra")
    check_one_sentence(told, "'otra'", "demo")


def test_no_release_at_all(tmp_path: Path) -> None:
    check_one_sentence(enlace_script(ReleaseHome(tmp_path), "link", "HTA"), "--release")


def test_an_empty_mention(home: ReleaseHome) -> None:
    check_one_sentence(enlace_script(home, "link", "HTA", "  "), "Mention 2", "empty")


def test_a_mention_of_100_000_characters(home: ReleaseHome) -> None:
    check_one_sentence(enlace_script(home, "link", "a" * 100_000), "100,000 characters")


def test_a_file_with_an_empty_mention_says_the_row(home: ReleaseHome, tmp_path: Path) -> None:
    path = text_file(tmp_path, "m.tsv", "doc\tspan\nd1\tHTA\nd1\t\n")
    told = enlace_script(home, "link", "--input", path, "--output", tmp_path / "out.jsonl")
    check_one_sentence(told, "Row 3", "m.tsv")
    assert not (tmp_path / "out.jsonl").exists()


def test_a_file_without_the_column(home: ReleaseHome, tmp_path: Path) -> None:
    path = text_file(tmp_path, "m.tsv", "doc\ttext\nd1\tHTA\n")
    told = enlace_script(home, "link", "--input", path, "--output", tmp_path / "out.jsonl")
    check_one_sentence(told, "'span'", "doc, text")


def test_an_index_made_with_another_encoder(enlace, in_own_home: ReleaseHome, tmp_path: Path) -> None:
    model = make_bi_encoder(tmp_path / "model", seed=1)
    assert enlace("index", "--bi-encoder", model, "--cross-encoder", "none").code == 0
    (model / "model.safetensors").write_bytes(
        (make_bi_encoder(tmp_path / "other", seed=2) / "model.safetensors").read_bytes()
    )
    told = enlace("link", "HTA")
    assert (told.code, told.out) == (1, "")
    assert told.err.startswith("enlace: The index of release 'demo' was made with encoder")
    assert told.err.count("\n") == 1
    check_still_serves(in_own_home)


def test_a_model_that_is_not_there(enlace, in_own_home: ReleaseHome, tmp_path: Path) -> None:
    told = enlace("index", "--bi-encoder", tmp_path / "nothing")
    assert (told.code, told.out) == (1, "")
    assert "nothing" in told.err
    assert "Traceback" not in told.err
    assert enlace("link", "HTA", "--json").code == 0, "the former index still serves"


@pytest.mark.parametrize(
    "arguments",
    [
        ("link",),
        ("link", "HTA", "--input", "m.tsv", "--output", "o.jsonl"),
        ("link", "--input", "m.tsv"),
        ("link", "HTA", "--top", "0"),
        ("load", "a.tsv"),
        ("load", "a.tsv", "--release", "r", "--max-rejected", "few"),
        ("serve", "--port", "http"),
        ("nothing",),
        ("releases", "--colour"),
    ],
)
def test_wrong_usage_exits_with_2(enlace, in_home: ReleaseHome, arguments: tuple[str, ...]) -> None:
    told = enlace(*arguments)
    assert (told.code, told.out) == (2, "")
    assert "Usage" in told.err


def test_a_setting_that_cannot_be_read(enlace, in_home: ReleaseHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENLACE_MAX_MENTIONS", "many")
    told = enlace("serve", "--port", "0")
    assert told.code == 1
    assert "ENLACE_MAX_MENTIONS" in told.err


def test_a_fault_of_ours_is_one_line_too(
    enlace, in_home: ReleaseHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: ReleaseHome) -> list[str]:
        raise RuntimeError("a fault")

    monkeypatch.setattr(ReleaseHome, "names", fail)
    told = enlace("releases")
    assert told.code == 1
    assert told.err.count("\n") == 1
    assert "ENLACE_DEBUG=1" in told.err
    monkeypatch.setenv("ENLACE_DEBUG", "1")
    with pytest.raises(RuntimeError, match="a fault"):
        enlace("releases")


def test_a_reader_that_goes_away_is_no_error(home: ReleaseHome) -> None:
    process = subprocess.Popen(
        f"'{SCRIPT}' releases --json | true; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        env={**os.environ, "ENLACE_HOME": str(home.path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    _, err = process.communicate(timeout=60)
    assert err == ""


def test_an_interrupt_is_quiet(home: ReleaseHome, tmp_path: Path) -> None:
    fifo = tmp_path / "m.tsv"
    os.mkfifo(fifo)
    process = subprocess.Popen(
        [SCRIPT, "link", "--input", fifo, "--output", tmp_path / "o.jsonl"],
        env={**os.environ, "ENLACE_HOME": str(home.path)},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,
    )
    with fifo.open("w"):  # opens once the command reads
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")
