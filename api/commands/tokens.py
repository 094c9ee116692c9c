"""`enlace tokens`: who may ask a server, and what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import JsonOption
from api.terminal import note, out

if TYPE_CHECKING:
    from api.tokens import TokenFile

tokens = typer.Typer(
    no_args_is_help=True, help="Make, list and remove the tokens with which a server may be asked."
)


@tokens.command()
def add(
    name: Annotated[str, typer.Argument(help="What the token is called, for example who uses it.")],
    scopes: Annotated[
        str,
        typer.Option("--scopes", help="What it allows, separated by commas: `read`, `link`, `admin`."),
    ] = "read,link",
) -> None:
    """Make a token and print it; it is kept nowhere, so it cannot be printed again."""
    made = _tokens().add(name, [scope.strip() for scope in scopes.split(",") if scope.strip()])
    note("Keep it: only its digest is stored. Send it as `Authorization: Bearer …`.")
    print(made)


@tokens.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the tokens: names, scopes and when each was made."""
    found = _tokens().tokens()
    if as_json:
        rows = [
            {"name": token.name, "scopes": list(token.scopes), "created": token.created} for token in found
        ]
        print(json.dumps(rows, indent=2))
        return
    if not found:
        note("There are no tokens; make one with `enlace tokens add`.")
        return
    from rich.table import Table

    table = Table("token", "scopes", "created")
    for token in found:
        table.add_row(token.name, " ".join(token.scopes), token.created[:16].replace("T", " "))
    out().print(table)


@tokens.command()
def remove(name: Annotated[str, typer.Argument(help="The token's name.")]) -> None:
    """Remove a token; servers refuse it at once."""
    _tokens().remove(name)
    note(f"The token {name} is removed.")


def _tokens() -> TokenFile:
    from api.tokens import TokenFile
    from graph.release import default_home

    return TokenFile(default_home().path)
