"""The files of the terminology browser over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from api.web.browser_files import FOLDER, POLICY, files
from graph.release import ReleaseHome


@pytest.fixture(scope="module")
def client(bare_home: ReleaseHome) -> Iterator[TestClient]:
    settings = Settings.of("demo", environment={}, home=bare_home.path)
    with TestClient(create_app(settings), base_url="http://localhost") as client:
        yield client


def test_the_page_and_all_that_it_loads(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert loaded
    for link in loaded:
        assert client.get(f"/{link}").status_code == 200


def test_every_module_that_a_module_imports_is_served(client: TestClient) -> None:
    for name, content in files().items():
        for imported in re.findall(r'from "\./([^"]+)"', content.decode("utf-8")):
            assert imported in files(), f"{name} imports {imported}"


@pytest.mark.parametrize("path", ["/", "/browser/main.js", "/browser/layout.css"])
def test_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_a_file_that_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/browser/main.js")
    again = client.get("/browser/main.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["none.js", "..%2fbrowser_files.py", "../browser_files.py", ".", "%2e%2e"])
def test_nothing_else_is_served(client: TestClient, name: str) -> None:
    answer = client.get(f"/browser/{name}")
    assert answer.status_code == 404 or answer.url.path == "/"


def test_nothing_is_written_into_the_page() -> None:
    page = (FOLDER / "index.html").read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|style=", page)
