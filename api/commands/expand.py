"""`enlace expand`: the concepts that an expression stands for."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import JsonOption, ReleaseOption
from api.terminal import note, out, progress

if TYPE_CHECKING:
    from graph.ecl.syntax import Expression
    from graph.release import OpenRelease
    from graph.value_sets import ValueSets

DEFAULT_FIRST = 50
#: Concepts whose terms are read at a time.
_PAGE = 5_000


def expand(
    expression: Annotated[
        str,
        typer.Argument(
            metavar="EXPRESSION",
            help="An expression of the Expression Constraint Language, as '<< 404684003'; - reads it from stdin.",
            show_default=False,
        ),
    ],
    release: ReleaseOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")] = False,
    first: Annotated[
        int | None,
        typer.Option(
            "--first",
            min=1,
            help="Concepts to print; by default 50 in a table and all in JSON and CSV.",
            show_default=False,
        ),
    ] = None,
    text: Annotated[
        str, typer.Option("--text", help="Keep concepts with a name that has words beginning so.")
    ] = "",
    codes: Annotated[
        Path | None,
        typer.Option(
            "--codes",
            exists=True,
            dir_okay=False,
            help="Tell of each code of this file, one a line, whether it is among the concepts, instead of them.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Expand an expression constraint (ECL) to concepts, by id, with their preferred terms.

    The first time that a release is asked, what expressions need is compiled and kept beside it.
    """
    if as_json and as_csv:
        raise typer.BadParameter("give --json or --csv, one of the two", param_hint="--csv")
    if not _is_unicode(text):
        raise typer.BadParameter("this is no UTF-8 text", param_hint="--text")
    if codes and (first or text):
        raise typer.BadParameter("--first and --text do not go with it", param_hint="--codes")
    from api.releases import chosen
    from graph.ecl.parser import parse
    from graph.ecl.well_known import id_of_code
    from graph.release import default_home
    from graph.value_sets import ValueSets

    home = default_home()
    name = chosen(home, release)
    # What is wrong with the text is told before anything is opened.
    parsed = parse(_read_stdin() if expression == "-" else expression)
    asked = _read_codes(codes) if codes else []
    with home.open(name) as opened:
        with progress() as tell:
            value_sets = ValueSets.open(opened, lambda stage, done: tell(f"compiling {stage}", done, None))
        _tell_wrong_terms(parsed, opened)
        if codes:
            members = value_sets.contains(parsed, [id_of_code(code) for code in asked]).tolist()
            _print_members(name, parsed, list(zip(asked, members, strict=True)), as_json, as_csv)
            return
        total = value_sets.expand(parsed, first=0, text=text).total
        wanted = min(total, first or (total if as_json or as_csv else DEFAULT_FIRST))
        rows = _rows(opened, value_sets, parsed, text, wanted)
        if as_json:
            _print_json(name, parsed, total, rows)
        elif as_csv:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(("id", "preferred_term", "active"))
            writer.writerows((id, term, str(active).lower()) for id, term, active in rows)
        else:
            _show(total, list(rows))


def _rows(
    opened: OpenRelease, value_sets: ValueSets, expression: Expression, text: str, wanted: int
) -> Iterator[tuple[str, str, bool]]:
    """The id, the preferred term and whether it is active, of the first concepts."""
    from api.concept_names import names_of

    with progress() as tell:
        ids = value_sets.expand(expression, first=wanted, text=text).ids
        for start in range(0, wanted, _PAGE):
            page = ids[start : start + _PAGE]
            for id, name in names_of(opened.store, page).items():
                yield id, name, id in opened.hierarchy
            tell("reading terms", start + len(page), wanted)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_stdin() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        raise typer.BadParameter(
            "what stdin gives is no UTF-8; save the expression as UTF-8", param_hint="EXPRESSION"
        ) from None


def _read_codes(path: Path) -> list[str]:
    codes = []
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                code = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            except UnicodeDecodeError:
                raise typer.BadParameter(
                    f"{path}, line {number}: this is no UTF-8; save the file as UTF-8", param_hint="--codes"
                ) from None
            if code:
                codes.append(code)
    return codes


def _print_members(
    name: str, expression: Expression, members: list[tuple[str, bool]], as_json: bool, as_csv: bool
) -> None:
    from graph.ecl.printer import text_of

    count = sum(member for _, member in members)
    if as_json:
        told = [{"code": code, "member": member} for code, member in members]
        answer = {"release": name, "expression": text_of(expression), "members": count, "codes": told}
        print(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(("code", "member"))
        writer.writerows((code, str(member).lower()) for code, member in members)
        return
    from rich.table import Table

    table = Table("code", "among the concepts")
    for code, member in members[:DEFAULT_FIRST]:
        table.add_row(code, "yes" if member else "no")
    if members:
        out().print(table)
    more = (
        f", the first {DEFAULT_FIRST} here; --json or --csv give all" if len(members) > DEFAULT_FIRST else ""
    )
    out().print(f"{count:,} of {len(members):,} codes are among the concepts{more}.")


def _tell_wrong_terms(expression: Expression, opened: OpenRelease) -> None:
    from graph.ecl.term_checking import wrong_terms
    from graph.labels import preferred_term

    for wrong in wrong_terms(expression, opened.store):
        name = preferred_term(wrong.terms)
        note(
            f"Line {wrong.at.line}, column {wrong.at.column}: {wrong.id} is not called {wrong.term!r} in this "
            f"release{f', but {name!r}' if name else ''}."
        )


def _print_json(name: str, expression: Expression, total: int, rows: Iterator[tuple[str, str, bool]]) -> None:
    from graph.ecl.printer import text_of

    concepts = [{"id": id, "preferredTerm": term, "active": active} for id, term, active in rows]
    answer = {"release": name, "expression": text_of(expression), "total": total, "concepts": concepts}
    print(json.dumps(answer, ensure_ascii=False, indent=2))


def _show(total: int, rows: list[tuple[str, str, bool]]) -> None:
    from rich.table import Table

    table = Table("id", "preferred term", "status")
    for id, term, active in rows:
        table.add_row(id, term, "active" if active else "retired")
    if rows:
        out().print(table)
    more = f", the first {len(rows):,} here; --first, --json or --csv give more" if len(rows) < total else ""
    out().print(f"{total:,} concept{'' if total == 1 else 's'}{more}.")
