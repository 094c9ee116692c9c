"""Rows onto clinical variables over GraphQL, a few at a time, and checks of the variables."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import strawberry

from api.errors import ArgumentRejected
from api.harmonizing_batch import Options, Row
from api.schema.concept import Concept, concept_page
from api.schema.connections import After, Connection, begin, record_page
from api.schema.context import Asked, Info
from api.schema.fields import First, check_first, check_unicode, described
from api.schema.release import Release
from graph.ecl.syntax import HistoryProfile
from graph.model import CURIE
from graph.variables.checking import Finding
from linker.harmonization.model import Unit

_MOST_CODE_LENGTH = 255


@strawberry.enum(description="Where a row ends.")
class HarmonizedStatus(Enum):
    """`linker.harmonization.model.Status` in the schema."""

    ASSIGNED = strawberry.enum_value("assigned", description="To the most specific variable or variables.")
    AMBIGUOUS = strawberry.enum_value(
        "ambiguous", description="It may mean concepts that count as different variables."
    )
    UNMATCHED = strawberry.enum_value(
        "unmatched", description="It counts as no variable, or nobody knows what it means."
    )
    DECLINED = strawberry.enum_value("declined", description="What it may mean is too uncertain.")


@strawberry.enum(description="Which historical associations are followed from a retired code.")
class HistoryProfileName(Enum):
    """`graph.ecl.syntax.HistoryProfile` in the schema."""

    MIN = strawberry.enum_value("HISTORY-MIN", description="Only the same concept.")
    MOD = strawberry.enum_value(
        "HISTORY-MOD", description="The same, replaced by, was a, partially equivalent."
    )
    MAX = strawberry.enum_value("HISTORY-MAX", description="All of them.")


@strawberry.input(description="A row to harmonise: a code of a system, a text, or both.")
class HarmonizeRow:
    """`api.harmonizing_batch.Row` in the schema."""

    code: str = strawberry.field(default="", description="As it stands in the data, for example `N17.9`.")
    system: str = strawberry.field(
        default="", description="The code's system, as `SNOMEDCT`, `ICD10`, `UMLS` or `HP`."
    )
    text: str = strawberry.field(
        default="", description="Used where the code tells nothing, for example `fracaso renal agudo`."
    )


@strawberry.type(description="What becomes of a row, and why.")
class Harmonized:
    """`linker.harmonization.model.Unit` in the schema."""

    status: HarmonizedStatus = strawberry.field(description="Where it ends.")
    variables: list[strawberry.ID] = strawberry.field(
        description="The ids of the variables assigned, for example `insuficiencia-renal`."
    )
    paths: list[list[strawberry.ID]] = strawberry.field(
        description="For each of the variables, an is-a path from the concept up to the variable's own, as "
        "`HP:0001919`, `HP:0000083`."
    )
    route: str = strawberry.field(
        description="How the concepts were found: `active`, `retired`, `replaced`, `mapped` or `linked`; empty "
        "for none."
    )
    via: str = strawberry.field(
        description="The steps, in words, as `X:91 replaced-by X:90; X:90 same-as X:03`."
    )
    score: float | None = strawberry.field(description="The linker's, from 0 to 1; null for codes.")
    reason: str = strawberry.field(
        description="Why it is not assigned, in short, as `no variable`; see docs/harmonization.md."
    )
    detail: str = strawberry.field(description="The same in words, as `the row has neither code nor text`.")
    concept_ids: strawberry.Private[tuple[CURIE, ...]]
    asked: strawberry.Private[Asked]

    @classmethod
    def of(cls, asked: Asked, unit: Unit) -> Harmonized:
        """The unit as the schema shows it."""
        paths = unit.path.split(" | ") if unit.path else []
        return cls(
            status=HarmonizedStatus(unit.status.value),
            variables=[strawberry.ID(id) for id in unit.variables],
            paths=[[strawberry.ID(id) for id in path.split(" > ")] for path in paths],
            route=unit.route.value,
            via=unit.via,
            score=unit.score,
            reason=unit.reason.value,
            detail=unit.detail,
            concept_ids=unit.concepts,
            asked=asked,
        )

    @described
    async def concepts(self, info: Info, first: First, after: After = None) -> Connection[Concept]:
        """The concepts that the row may mean, with all that the graph knows of them."""
        start, mark = begin(info, self.asked.release, first, after, "harmonize", *self.concept_ids)
        page = self.concept_ids[start : start + first]
        return await concept_page(info, self.asked, len(self.concept_ids), page, start, mark)

    @described
    def release(self) -> Release:
        """The release that it was held against."""
        return Release.asked(self.asked)


@strawberry.type(description="Something amiss with a variable.")
class VariableFinding:
    """`graph.variables.checking.Finding` in the schema."""

    error: bool = strawberry.field(description="Whether the variable does not mean what it says.")
    problem: str = strawberry.field(description="The kind of finding, as `retired`; see docs/variables.md.")
    variable: strawberry.ID = strawberry.field(
        description="The variable's id, for example `insuficiencia-renal`."
    )
    line: int = strawberry.field(description="The line of the text, counted from 1.")
    message: str = strawberry.field(
        description="A sentence, as `No concept of release 'hpo' counts as it; widen its definition.`"
    )
    concept_id: strawberry.ID | None = strawberry.field(
        description="The id concerned, for example `HP:0001250`; null where it is about none."
    )
    other: strawberry.ID | None = strawberry.field(
        description="The id of the other variable, of findings about two, for example `diabetes`."
    )
    replacements: list[strawberry.ID] = strawberry.field(
        description="The ids of what stands for a retired concept, as `HP:0001250`."
    )

    @classmethod
    def of(cls, finding: Finding) -> VariableFinding:
        """The finding as the schema shows it."""
        return cls(
            error=finding.problem.is_error,
            problem=finding.problem.value,
            variable=strawberry.ID(finding.variable),
            line=finding.line,
            message=finding.message,
            concept_id=strawberry.ID(finding.concept) if finding.concept else None,
            other=strawberry.ID(finding.other) if finding.other else None,
            replacements=[strawberry.ID(one.id) for one in finding.replacements],
        )


async def harmonize_rows(
    info: Info,
    asked: Asked,
    variables: str,
    rows: Sequence[HarmonizeRow],
    history: HistoryProfileName,
    least_score: float,
    margin: float,
) -> list[Harmonized]:
    """What becomes of each row. Raises ArgumentRejected, VariablesError and what linking raises."""
    most = info.context.settings.max_mentions
    if len(rows) > most:
        raise ArgumentRejected(
            "rows",
            f"{len(rows):,} rows were given and one request takes at most {most:,}; "
            "send them in several requests, or use `enlace harmonize`.",
        )
    for name, value in (("minScore", least_score), ("margin", margin)):
        if not 0 <= value <= 1:
            raise ArgumentRejected(name, f"{name} is {value}; give a number from 0 to 1.")
    for row in rows:
        for text in (row.code, row.system, row.text):
            check_unicode("rows", text)
        if max(len(row.code), len(row.system)) > _MOST_CODE_LENGTH:
            raise ArgumentRejected(
                "rows", f"A code has more than {_MOST_CODE_LENGTH} characters; send codes."
            )
    check_definitions(info, variables)
    options = Options(HistoryProfile(f"HISTORY-{history.name}"), least_score, margin)
    info.context.need("link")
    units = await asked.service.harmonize(
        variables,
        [Row(row.code, row.system, row.text) for row in rows],
        options,
        info.context.settings.max_variables,
    )
    return [Harmonized.of(asked, unit) for unit in units]


async def findings_of(
    info: Info, asked: Asked, variables: str, first: int, after: str | None
) -> Connection[VariableFinding]:
    """What is amiss with variables. Raises ArgumentRejected, VariablesError, StoreUnavailable."""
    check_first(info, first)
    check_definitions(info, variables)
    checked = await asked.service.check_variables(variables, info.context.settings.max_variables)
    return record_page(
        info, asked.release, checked.findings, VariableFinding.of, first, after, "checkVariables", variables
    )


def check_definitions(info: Info, variables: str) -> None:
    """Refuse definitions that are too long or no Unicode. Raises ArgumentRejected."""
    most = info.context.settings.max_variables_length
    if len(variables) > most:
        raise ArgumentRejected(
            "variables", f"variables has {len(variables):,} characters and at most {most:,} are accepted."
        )
    check_unicode("variables", variables)
