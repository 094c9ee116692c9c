"""`enlace`, the command line. Every module it loads at start is light; commands load what they need.

Exit codes: 0 done, 1 an error that one sentence on stderr tells, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from api.commands.annotate import annotate
from api.commands.compare_runs import compare_runs
from api.commands.demo import demo
from api.commands.diff import diff
from api.commands.evaluate import evaluate
from api.commands.evaluate_documents import evaluate_documents
from api.commands.expand import expand
from api.commands.export import export
from api.commands.harmonize import harmonize
from api.commands.index import index
from api.commands.link import link
from api.commands.load import load
from api.commands.releases import releases
from api.commands.schema import schema
from api.commands.serve import serve
from api.commands.tokens import tokens
from api.commands.train import train
from api.commands.train_recognizer import recognizer
from api.commands.train_weights import axes, fusion, skip_rule, translation
from api.commands.variables import variables
from api.quiet import quieten_model_libraries
from graph.errors import EnlaceError

app = typer.Typer(
    name="enlace",
    no_args_is_help=True,
    rich_markup_mode="markdown",  # else the lines of docstrings break where the source does
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("load")(load)
app.command("index")(index)
app.command("link")(link)
app.command("annotate")(annotate)
app.command("expand")(expand)
app.command("export")(export)
app.command("harmonize")(harmonize)
app.command("evaluate")(evaluate)
app.command("evaluate-documents")(evaluate_documents)
app.command("compare-runs")(compare_runs)
app.command("serve")(serve)
app.command("schema")(schema)
app.command("demo")(demo)
app.command("releases")(releases)
app.command("diff")(diff)
train.command("recognizer")(recognizer)
train.command("translation")(translation)
train.command("fusion")(fusion)
train.command("axes")(axes)
train.command("skip-rule")(skip_rule)
app.add_typer(tokens, name="tokens")
app.add_typer(variables, name="variables")
app.add_typer(train, name="train")


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"enlace {version('enlace')}")
        raise typer.Exit


@app.callback()
def enlace(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Link Spanish clinical mentions to SNOMED CT, UMLS or open-ontology concepts, and serve the concept graph.

    Releases live in the folder that the environment variable ENLACE_HOME names, by default ~/.enlace.
    """


def main() -> None:
    """Run the command line and exit."""
    quieten_model_libraries()
    try:
        app()
    except EnlaceError as error:
        _fail(str(error), error)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # the last resort: a person gets a sentence, a developer asks for the trace
        _fail(
            f"Something unexpected went wrong ({type(error).__name__}: {error}); "
            "set ENLACE_DEBUG=1 to see where, and report it.",
            error,
        )


def _fail(sentence: str, error: Exception) -> None:
    if os.environ.get("ENLACE_DEBUG"):
        raise error
    print(f"enlace: {sentence}", file=sys.stderr)
    sys.exit(1)
