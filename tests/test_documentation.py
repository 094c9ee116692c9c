"""What can be typed or met is documented."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from api.error_codes import CODES, GRAPHQL_INVALID, HTTP_INVALID, INTERNAL
from api.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
GRAPHQL = (ROOT / "docs" / "graphql.md").read_text("utf-8")
SERVING = (ROOT / "docs" / "serving.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")

#: Errors of the command line alone: no request can meet them.
COMMAND_LINE_ONLY = {
    "ENLACE",
    "RELEASE_EXISTS",
    "HIERARCHY_CYCLE",
    "TOO_MANY_REJECTED",
    "SOURCE_UNREADABLE",
    "MENTION_FILE",
    "CONTEXT_RULES",
    "DOCUMENTS_UNREADABLE",
    "RUN_FILE",
    "TRAINING",
    "OUTPUT_MISMATCH",
    "ENGINE_FAILED",
    "SERVER_NOT_STARTED",
    "VARIABLE_NOT_FOUND",
    "ROWS_UNREADABLE",
    "RUN_MISMATCH",
    "EXAMPLE_NOT_UNDERSTOOD",
}


def test_every_code_that_a_request_can_meet_is_in_the_table() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", GRAPHQL, re.MULTILINE))
    assert documented == set(CODES.values()) - COMMAND_LINE_ONLY | {GRAPHQL_INVALID, HTTP_INVALID, INTERNAL}


def test_every_setting_is_in_the_table_with_its_default() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", SERVING.partition("## Settings")[2], re.MULTILINE))
    defaults = {field.name: field.default for field in fields(Settings) if field.default is not MISSING}
    assert told == {
        name: "" if default in (None, "") else str(default).lower() for name, default in defaults.items()
    }


@pytest.mark.parametrize(
    "command",
    [
        "load",
        "index",
        "link",
        "annotate",
        "expand",
        "export",
        "variables",
        "harmonize",
        "evaluate",
        "evaluate-documents",
        "compare-runs",
        "serve",
        "tokens",
        "schema",
        "train",
        "demo",
        "releases",
        "diff",
    ],
)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert re.search(rf"\benlace {command}\b", README)


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
)
def test_links_between_documents_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"


def test_the_results_page_says_what_the_result_files_say() -> None:
    from benchmarks.results_page import page

    assert (ROOT / "docs" / "results.md").read_text("utf-8") == page()


def test_the_scale_page_says_what_was_measured() -> None:
    from benchmarks.scale_page import page

    assert (ROOT / "docs" / "scale.md").read_text("utf-8") == page()
