"""`enlace variables`: files of clinical variables, checked, compared, expanded, converted and proposed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from api.commands.options import JsonOption, ReleaseOption
from api.terminal import note, out, progress
from api.variables_output import Cell, Form, show

if TYPE_CHECKING:
    from graph.ecl.content import Content
    from graph.model import CURIE
    from graph.release import OpenRelease, ReleaseHome
    from graph.variables.definitions import VariableSet
    from graph.variables.proposing import Proposal

variables = typer.Typer(
    help="Clinical variables: sets of concepts with a name, in a YAML file or a table.", no_args_is_help=True
)

FileArgument: TypeAlias = Annotated[
    Path, typer.Argument(metavar="FILE", help="Variables: .yaml, .csv or .tsv.", show_default=False)
]
CsvOption: TypeAlias = Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")]
VariableReleaseOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--release",
        "-r",
        metavar="NAME",
        help="The release; by default the file's own, else the current one.",
    ),
]
#: Concepts whose terms are read at a time.
_PAGE = 5_000


@variables.command("check")
def check(
    file: FileArgument,
    release: VariableReleaseOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail too.")] = False,
) -> None:
    """Hold variables against a release: unknown and retired ids, empty sets, overlaps, wrong terms.

    Exits with 1 where there are errors; warnings are told only.
    """
    from graph.labels import preferred_term
    from graph.variables.checking import Checker
    from graph.variables.files import read

    form = Form.asked(as_json, as_csv)
    read_set = read(file)
    home, name = _chosen(release, read_set)
    with home.open(name) as opened:
        checked = Checker(_content(opened), opened.store, preferred_term).check(read_set)
    columns = (
        "severity", "problem", "variable", "line", "concept", "other", "message", "replacements",
    )  # fmt: skip
    rows = (
        (
            "error" if one.problem.is_error else "warning",
            one.problem.value,
            one.variable,
            one.line,
            one.concept,
            one.other,
            one.message,
            [replacement.id for replacement in one.replacements],
        )
        for one in checked.findings
    )
    warnings = len(checked.findings) - checked.errors
    if form is Form.TABLE:
        for one in checked.findings:
            severity = "error" if one.problem.is_error else "warning"
            print(f"{file}:{one.line}: {severity}: {one.variable}: {one.message}")
        print(
            f"{len(read_set.variables)} variables held against {name}: {checked.errors} errors, "
            f"{warnings} warnings."
        )
    else:
        about: dict[str, Cell] = {
            "file": str(file),
            "release": name,
            "errors": checked.errors,
            "warnings": warnings,
        }
        show(form, columns, rows, name="findings", about=about)
    if checked.errors or (strict and warnings):
        raise typer.Exit(1)


@variables.command("list")
def list_variables(
    file: FileArgument,
    release: VariableReleaseOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List variables with their expressions and how many concepts of a release count as each."""
    from graph.ecl.printer import text_of
    from graph.variables.expanding import expression_of, masks
    from graph.variables.files import read

    form = Form.asked(as_json, as_csv)
    read_set = read(file)
    home, name = _chosen(release, read_set)
    with home.open(name) as opened:
        content = _content(opened)
        sizes = [int(mask[: content.universe.concepts].sum()) for mask in masks(read_set, content)]
    rows = (
        (
            one.id,
            one.label,
            one.parent,
            size,
            text_of(expression_of(one, read_set.file)),
            one.value_type.value if one.value_type else "",
            one.units,
        )
        for one, size in zip(read_set.variables, sizes, strict=True)
    )
    show(
        form,
        ("variable", "label", "parent", "concepts", "ecl", "value_type", "units"),
        rows,
        name="variables",
        about={"file": str(file), "release": name},
        title=f"{read_set.title or file.name} on {name}",
    )


@variables.command("expand")
def expand(
    file: FileArgument,
    release: VariableReleaseOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
    variable: Annotated[
        list[str], typer.Option("--variable", metavar="ID", help="Only this one; repeatable.")
    ] = [],  # noqa: B006 - typer copies it
    assigned: Annotated[
        bool,
        typer.Option("--assigned", help="Leave out concepts for which a more specific variable is there."),
    ] = False,
) -> None:
    """Expand variables to the concepts of a release, by variable and id, with preferred terms."""
    from api.errors import VariableNotFound
    from graph.variables.assignment import Assignment
    from graph.variables.expanding import masks
    from graph.variables.files import read

    form = Form.asked(as_json, as_csv)
    read_set = read(file)
    ids = [one.id for one in read_set.variables]
    if missing := [id for id in variable if id not in ids]:
        raise VariableNotFound(missing[0], str(file), ids)
    home, name = _chosen(release, read_set)
    with home.open(name) as opened:
        content = _content(opened)
        sets = masks(read_set, content)
        if assigned:
            kept = Assignment(content.universe, content.hierarchy, sets, read_set.parents())
            for place in range(len(sets)):
                sets[place] = content.universe.none()
                for at, combination in enumerate(kept.combinations):
                    if place in combination:
                        sets[place][: content.universe.concepts] |= kept.of_number == at
        rows = (
            (id, concept, term, active)
            for id, mask in zip(ids, sets, strict=True)
            if not variable or id in variable
            for concept, term, active in _named(opened, content, mask)
        )
        show(
            form,
            ("variable", "concept", "preferred_term", "active"),
            rows,
            name="concepts",
            about={"file": str(file), "release": name},
        )


@variables.command("diff")
def diff(
    file: FileArgument,
    before: Annotated[
        str, typer.Option("--from", metavar="A", help="The former release.", show_default=False)
    ],
    after: Annotated[str, typer.Option("--to", metavar="B", help="The newer release.", show_default=False)],
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Tell what another release adds to each variable and takes from it, and why.

    Prints a row a variable, and with --json or --csv a row a concept.
    """
    from graph.labels import preferred_term
    from graph.release import default_home
    from graph.variables.differences import Side, differences
    from graph.variables.files import read

    form = Form.asked(as_json, as_csv)
    read_set = read(file)
    home = default_home()
    with home.open(before) as old, home.open(after) as new:
        former, newer = (Side(_content(opened), opened.store) for opened in (old, new))
        found = differences(read_set, former, newer, preferred_term)
    about: dict[str, Cell] = {"file": str(file), "before": before, "after": after}
    problems = [f"{one.variable}: {problem}" for one in found for problem in one.problems]
    if form is Form.TABLE:
        columns: tuple[str, ...] = ("variable", "before", "after", "added", "taken", "taken and not replaced")
        rows: Iterator[tuple[Cell, ...]] = (
            (
                one.variable,
                one.before,
                one.after,
                one.added,
                one.taken,
                sum(not gain.added and not gain.kept for gain in one.gains),
            )
            for one in found
        )
        show(form, columns, rows, name="variables", about=about, title=f"From {before} to {after}")
    else:
        columns = ("variable", "change", "concept", "preferred_term", "reason", "successors", "kept")
        rows = (
            (
                gain.variable,
                "added" if gain.added else "taken",
                gain.concept,
                gain.name,
                gain.reason.value,
                gain.successors,
                gain.kept,
            )
            for one in found
            for gain in one.gains
        )
        show(form, columns, rows, name="changes", about={**about, "problems": problems})
    for problem in problems:
        note(problem)
    if problems:
        raise typer.Exit(1)


@variables.command("convert")
def convert(
    file: FileArgument,
    output: Annotated[
        Path, typer.Argument(metavar="OUTPUT", help="The file to write: .yaml or .csv.", show_default=False)
    ],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> None:
    """Write variables in the other form: YAML for review in a repository, a table for a spreadsheet.

    Comments of the file are not kept.
    """
    from api.difference_output import csv_file
    from api.errors import OutputMismatch
    from graph.variables.files import read, render

    text = render(read(file), output)
    if output.exists() and not overwrite:
        raise OutputMismatch(f"{output} is there; name another file, or give --overwrite.")
    with csv_file(output) as made:
        made.write(text)


@variables.command("propose")
def propose(
    examples: Annotated[
        list[str],
        typer.Argument(
            metavar="EXAMPLE...", help="Codes, or phrases as they stand in a text.", show_default=False
        ),
    ],
    but_not: Annotated[
        list[str], typer.Option("--not", metavar="EXAMPLE", help="A code or phrase not to cover; repeatable.")
    ] = [],  # noqa: B006 - typer copies it
    release: ReleaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose the tightest expression that covers examples and no counter-example.

    Phrases are linked first, by the release's index, and retired codes are taken for what replaced them. All
    steps between a list of the examples and one common ancestor are told, the best first.
    """
    from api.example_concepts import Examples
    from api.releases import chosen
    from graph.release import default_home
    from graph.variables.proposing import propose as run

    home = default_home()
    name = chosen(home, release)
    with home.open(name) as opened:
        taken = Examples(opened)
        wanted, unwanted = taken.concepts(examples), taken.concepts(but_not)
        for said in taken.notes:
            note(said)
        proposals = run(opened.hierarchy, wanted, unwanted)
        columns = ("ecl", "concepts", "bits", "ancestors")
        if as_json:
            rows = ((one.ecl, one.covered, one.bits, _ancestors(one)) for one in proposals)
            show(Form.JSON, columns, rows, name="proposals", about={"release": name})
            return
        _show_proposals(opened, proposals)


def _show_proposals(opened: OpenRelease, proposals: list[Proposal]) -> None:
    from api.concept_names import names_of

    best = proposals[0]
    print(best.ecl)
    ids = [*_ancestors(best), *(one.id for one in best.exclusions)]
    names = names_of(opened.store, ids)
    print()
    for group in best.groups:
        above = " and ".join(f"{id} |{names[id]}|" for id in group.ancestors)
        covers = "an example" if len(group.examples) == 1 else f"{len(group.examples)} examples"
        print(f"  {above}: {covers}")
    for one in best.exclusions:
        print(f"  without {one.id} |{names[one.id]}|{'' if one.alone else ' and all below it'}")
    print()
    if len(proposals) > 1:
        rows = ((one.covered, one.bits, one.ecl) for one in proposals)
        show(
            Form.TABLE,
            ("concepts", "bits", "expression"),
            rows,
            name="",
            about={},
            title="Every step, the best first",
        )
    else:
        out().print(f"It has {best.covered:,} concepts.")


def _ancestors(proposal: Proposal) -> list[CURIE]:
    return list(dict.fromkeys(id for group in proposal.groups for id in group.ancestors))


def _chosen(release: str | None, read_set: VariableSet) -> tuple[ReleaseHome, str]:
    from api.releases import chosen
    from graph.release import default_home

    home = default_home()
    return home, chosen(home, release or read_set.release or None)


def _content(opened: OpenRelease) -> Content:
    from graph.ecl.content import Content

    with progress() as tell:
        return Content.open(opened, lambda stage, done: tell(f"compiling {stage}", done, None))


def _named(opened: OpenRelease, content: Content, mask: object) -> Iterator[tuple[str, str, bool]]:
    """The concepts of a set by id, with their preferred terms and whether they are active."""
    from api.concept_names import names_of

    numbers = content.universe.concepts_in(mask)  # type: ignore[arg-type]  # numpy is not loaded for --help
    for start in range(0, len(numbers), _PAGE):
        page = numbers[start : start + _PAGE]
        ids = content.universe.ids_of(page)
        names = names_of(opened.store, ids)
        for id, number in zip(ids, page.tolist(), strict=True):
            yield id, names[id], number < content.universe.active
