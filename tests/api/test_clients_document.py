"""The examples of docs/clients.md: run where the tool is here; elsewhere, what they send is sent."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from listening_server import listening

from api.client import Enlace
from graph.release import ReleaseHome

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "clients.md").read_text("utf-8")
URL = "http://127.0.0.1:8000"


def examples(section: str, language: str) -> list[str]:
    (text,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def address(home: ReleaseHome) -> Iterator[str]:
    with listening(home) as address:
        yield address


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
def test_curl(address: str) -> None:
    expand, link, graphql = (
        subprocess.run(
            ["bash", "-c", command.replace(URL, address)], capture_output=True, text=True, check=True
        ).stdout
        for command in examples("curl", "sh")
    )
    assert "SNOMEDCT:29039999999107" in {row["id"] for row in csv.DictReader(io.StringIO(expand))}
    assert {row["mention"] for row in csv.DictReader(io.StringIO(link))} == {
        "insuf. renal aguda",
        "DM tipo 2",
    }
    assert '"errors"' not in graphql
    assert "matchedTerm" in graphql


def test_python(address: str) -> None:
    pytest.importorskip("pandas")
    with_client, without = (
        subprocess.run(
            [sys.executable, "-W", "error::UserWarning", "-c", example.replace(URL, address)],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        ).stdout
        for example in examples("Python", "python")
    )
    assert "insuf. renal aguda" in with_client
    assert with_client.rstrip().splitlines()[-1].isdigit()
    assert "SNOMEDCT:29039999999107" in without


@pytest.fixture(scope="module")
def rscript() -> str:
    """R, with the packages that the example loads."""
    path = shutil.which("Rscript")
    if path is None:
        pytest.skip("R is not here")
    libraries = re.findall(r"^library\((\w+)\)", examples("R", "r")[0], re.MULTILINE)
    loaded = "; ".join(f"library({name})" for name in (*libraries, "jsonlite"))
    if subprocess.run([path, "-e", loaded], capture_output=True, check=False).returncode:
        pytest.skip(f"R has not all of {', '.join(libraries)} and jsonlite")
    return path


def test_r(address: str, rscript: str) -> None:
    (example,) = examples("R", "r")
    told = subprocess.run(
        [rscript, "-e", example.replace(URL, address)], capture_output=True, text=True, check=True
    ).stdout
    table, linked = told.split("mention", maxsplit=1)
    assert "SNOMEDCT:29039999999107" in table
    assert "insuf. renal aguda" in linked
    assert "DM tipo 2" in linked


def test_what_r_sends(address: str) -> None:
    (example,) = examples("R", "r")
    table, endpoint = re.findall(r'request\("([^"]+)"\)', example)
    (ecl,) = re.findall(r'req_url_query\(ecl = "([^"]+)"\)', example)
    (query,) = re.findall(r"query <- '([^']+)'", example)
    mentions = re.findall(r'"([^"]+)"', re.findall(r"mentions = list\((.*?)\)", example)[0])
    shown = re.findall(r'"(\w+)"', re.findall(r"concepts\[concepts\$active, c\((.*?)\)\]", example)[0])
    assert endpoint == f"{URL}/graphql"
    with Enlace(address) as enlace:
        name, ending = table.removeprefix(f"{URL}/tables/").split(".")
        rows = list(csv.DictReader(io.StringIO(enlace.table(name, ending, ecl=ecl).decode())))
        answer = enlace.query(query, mentions=mentions)
    assert len(rows) > 3
    assert {*shown, "id", "active"} <= set(rows[0])
    assert [one["mention"] for one in answer["link"]] == mentions


def test_what_power_bi_sends(address: str) -> None:
    (example,) = examples("Power BI", "")
    (target,) = re.findall(r'RelativePath = "tables/([^"]+)"', example)
    (ecl,) = re.findall(r'Query = \[ecl = "([^"]+)"\]', example)
    named = re.findall(r'\{"(\w+)", type \w+\}', example)
    assert f'Address = "{URL}"' in example
    with Enlace(address) as enlace:
        name, ending = target.split(".")
        rows = list(csv.DictReader(io.StringIO(enlace.table(name, ending, ecl=ecl).decode())))
    assert set(named) <= set(rows[0])
    assert {row["active"] for row in rows} <= {"true", "false"}


def test_every_table_is_documented() -> None:
    from api.tables import rows
    from api.tables.endpoint import TABLES

    assert set(re.findall(r"^\| `/tables/(\w+)` \|", PAGE, re.MULTILINE)) == set(TABLES)
    for column in (*rows.CONCEPTS.names, *rows.LINKINGS.names):
        assert f"`{column}`" in PAGE
