"""docker-compose.yml, read as the compose specification has it: what it names exists."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from neo4j_server import POM, Server
from neo4j_server import version as neo4j_version

from api.cli import app
from api.settings import Settings
from graph.neo4j_address import Neo4jAddress

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]


def command_of(words: list[str]) -> None:
    """Check that `enlace` has such a command with such options, without running it."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    name, *arguments = words
    assert name in commands, f"enlace has no command {name}"
    commands[name].make_context(name, arguments)


def test_both_services_are_there_and_the_api_waits_for_neo4j() -> None:
    assert set(SERVICES) == {"neo4j", "enlace"}
    assert SERVICES["enlace"]["depends_on"] == {"neo4j": {"condition": "service_healthy"}}
    assert SERVICES["neo4j"]["healthcheck"]["test"][0] == "CMD-SHELL"
    assert (ROOT / SERVICES["enlace"]["build"] / "Dockerfile").is_file()


def test_the_image_is_pinned_to_the_version_that_is_tested() -> None:
    assert SERVICES["neo4j"]["image"] == f"neo4j:{neo4j_version()}-community"
    assert POM.is_file()


def test_the_command_of_the_api_exists() -> None:
    command = [re.sub(r"\$\{\w+:-(\w+)\}", r"\1", word) for word in SERVICES["enlace"]["command"]]
    command_of(command)


def test_the_commands_in_the_comments_exist(tmp_path: Path) -> None:
    commands = re.findall(r"docker compose run .*?\benlace (.+)$", TEXT, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        command_of(shlex.split(command))


def test_the_variables_of_the_api_exist() -> None:
    known = {f"ENLACE_{field.name.upper()}" for field in fields(Settings)}
    known |= {"ENLACE_HOME", "NEO4J_URI", "NEO4J_USER", "NEO4J_PASSWORD"}
    environment = SERVICES["enlace"]["environment"]
    assert set(environment) <= known
    assert Neo4jAddress.parse(environment["NEO4J_URI"]).server == "neo4j://neo4j:7687"


def test_volumes_and_ports_are_declared_and_private() -> None:
    for service in SERVICES.values():
        for volume in service["volumes"]:
            assert volume.partition(":")[0] in COMPOSE["volumes"]
        for port in service["ports"]:
            assert port.startswith("127.0.0.1:")


def test_no_password_is_written_and_none_is_a_default() -> None:
    for said in (
        SERVICES["neo4j"]["environment"]["NEO4J_AUTH"],
        SERVICES["enlace"]["environment"]["NEO4J_PASSWORD"],
    ):
        assert re.fullmatch(r"(neo4j/)?\$\{NEO4J_PASSWORD:\?[^}]+\}", said)


def test_the_settings_of_neo4j_exist(neo4j_server: Server) -> None:
    import neo4j

    wanted = {
        # As the image makes settings of variables: `_` is a dot, `__` an underscore.
        name.removeprefix("NEO4J_").replace("__", "\0").replace("_", ".").replace("\0", "_"): str(value)
        for name, value in SERVICES["neo4j"]["environment"].items()
        if name != "NEO4J_AUTH"
    }
    auth = (neo4j_server.user, neo4j_server.password)
    with neo4j.GraphDatabase.driver(neo4j_server.uri, auth=auth) as driver:
        names = [record["name"] for record in driver.execute_query("SHOW SETTINGS YIELD name").records]
    assert len(wanted) >= 4
    assert wanted.keys() <= set(names)


@pytest.mark.parametrize("document", ["docs/neo4j.md"])
def test_the_document_leads_to_it(document: str) -> None:
    assert "](../docker-compose.yml)" in (ROOT / document).read_text("utf-8")
