"""From a variable's definition to the concepts of a release that count as it."""

from __future__ import annotations

from graph.ecl.content import Content
from graph.ecl.evaluator import Evaluator
from graph.ecl.parser import parse
from graph.ecl.syntax import Compound, Connective, Constraint, Expression, Position, Reference, Related
from graph.ecl.universe import Mask
from graph.errors import EclError, EclUnknownId, VariablesError
from graph.variables.definitions import Seed, Variable, VariableSet


def expression_of(variable: Variable, file: str = "") -> Expression:
    """The expression that a variable stands for; of seeds, `(<< a OR << b) MINUS (<< c OR << d)`.

    Raises VariablesError where its ECL cannot be read; `file` is for that message.
    """
    if variable.ecl:
        try:
            meant = parse(variable.ecl)
        except EclError as error:
            raise of_ecl(error, variable, file) from None
    else:
        meant = _below(variable.concepts)
    if variable.exclude:
        meant = Compound(Connective.MINUS, (meant, _below(variable.exclude)), Position(1, 1))
    return meant


def masks(variables: VariableSet, content: Content) -> list[Mask]:
    """The concepts of each variable, in order, as masks of shape (content.universe.size,).

    Raises VariablesError where a definition cannot be answered by the release.
    """
    evaluator = Evaluator(content)
    found = []
    for variable in variables.variables:
        expression = expression_of(variable, variables.file)
        try:
            found.append(evaluator.concepts(expression))
        except EclError as error:
            raise of_ecl(error, variable, variables.file) from None
    return found


def of_ecl(error: EclError, variable: Variable, file: str) -> VariablesError:
    """What an expression's error is in the file that it stands in."""
    unknown = isinstance(error, EclUnknownId)
    seed = next((one for one in seeds(variable) if unknown and repr(one.id) in str(error)), None)
    if seed is not None:
        name = "concepts" if seed in variable.concepts else "exclude"
        what = f"the release has no concept {seed.id!r}; `enlace variables check` tells all that is amiss"
        return VariablesError(file, seed.line, what, field=name, variable=variable.id)
    return VariablesError(
        file, variable.line_of("ecl") + error.line - 1, str(error), field="ecl", variable=variable.id
    )


def seeds(variable: Variable) -> tuple[Seed, ...]:
    """The concepts that a variable's fields name, those left out too; not those in its expression."""
    return variable.concepts + variable.exclude


def _below(named: tuple[Seed, ...]) -> Expression:
    parts = tuple(
        Related(
            Constraint.DESCENDANT_OR_SELF_OF,
            Reference(seed.id, seed.term, Position(seed.line, 1)),
            Position(seed.line, 1),
        )
        for seed in named
    )
    return parts[0] if len(parts) == 1 else Compound(Connective.OR, parts, Position(1, 1))
