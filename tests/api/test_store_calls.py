"""A page costs a few store calls, however long it is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from demo_schema import MENTIONS

from api.errors import RequestTooLarge
from api.lookups import Allowance, Found, Kind, Lookups, Wanted

EVERYTHING = """query($mentions: [String!]!, $top: Int!) { link(mentions: $mentions, top: $top) {
  mention decision { path concept { id preferredTerm } }
  candidates { score matchedTerm concept {
    id active semanticTag preferredTerm fsn
    terms(first: 50) { nodes { text language kind } } definitions(first: 9) { nodes { text } }
    parents(first: 20) { nodes { id preferredTerm active } } children(first: 20) { nodes { id preferredTerm } }
    ancestors(first: 50) { nodes { id preferredTerm } } siblings(first: 20) { edges { node { id preferredTerm } } }
    descendants(first: 9) { totalCount nodes { id preferredTerm } } descendantCount
    mappings(first: 9) { nodes { target } }
    relations(first: 9) { nodes { type { preferredTerm } target { preferredTerm semanticTag } } }
    refsets(first: 9) { nodes { refset { preferredTerm } } } members(first: 9) { nodes { preferredTerm } }
    replacedBy(first: 9) { nodes { kind concept { id preferredTerm } } }
    replaces(first: 9) { nodes { kind concept { id preferredTerm } } }
  } } } }"""


@pytest.fixture(autouse=True, scope="module")
def compiled(api) -> None:
    """What expressions and `members` need is compiled once a release; that is no cost of a request."""
    api.ask('{ expand(ecl: "*", first: 1) { totalCount } }')


@pytest.mark.parametrize("top", [1, 5, 25])
def test_a_link_request_costs_at_most_ten_calls(api, top: int) -> None:
    data = api.ask(EVERYTHING, mentions=list(MENTIONS), top=top)
    assert sum(len(linking["candidates"]) for linking in data["link"]) == 10 * top
    assert sum(api.store.calls.values()) <= 10
    assert max(api.store.calls.values()) <= 2, "a call a kind of facts and level"


def test_what_is_not_asked_for_is_not_looked_up(api) -> None:
    api.ask('{ link(mentions: ["HTA"]) { candidates { id preferredTerm score concept { id childCount } } } }')
    assert api.store.calls == {}


def test_calls_do_not_grow_with_depth_times_width(api) -> None:
    api.ask(
        """{ search(text: "a", first: 200) { nodes { concept { preferredTerm
            parents(first: 3) { nodes { preferredTerm
              parents(first: 3) { edges { node { preferredTerm
                parents(first: 3) { nodes { preferredTerm } } } } } } } } } } }"""
    )
    assert api.store.calls == {"terms": 4}


def test_no_id_is_asked_for_twice(api) -> None:
    api.ask(EVERYTHING, mentions=["HTA", "hipertensión arterial", "HTA"], top=3)
    once = api.store.ids["terms"]
    api.ask(EVERYTHING, mentions=["HTA", "hipertensión arterial"], top=3)
    assert api.store.ids["terms"] == once


def lookups(calls: list[Wanted], limit: int = 1000) -> Lookups:
    async def fetch(wanted: Wanted) -> Found:
        calls.append(wanted)
        await asyncio.sleep(0)
        return {kind: [()] * len(ids) for kind, ids in wanted.items()}

    return Lookups(fetch, Allowance(limit))


def test_wishes_of_one_level_share_a_call() -> None:
    calls: list[Wanted] = []

    async def run() -> None:
        known = lookups(calls)

        async def later(turns: int, ids: Sequence[str], *kinds: Kind) -> None:
            for _ in range(turns):
                await asyncio.sleep(0)
            await known.load(ids, kinds)

        await asyncio.gather(
            later(0, ["a", "b"], Kind.TERMS),
            later(3, ["b", "c"], Kind.TERMS, Kind.MAPPINGS),
            later(6, ["d"], Kind.TERMS),
        )
        await known.load(["a", "d"], [Kind.TERMS])

    asyncio.run(run())
    assert calls == [{Kind.TERMS: ["a", "b", "c", "d"], Kind.MAPPINGS: ["b", "c"]}]


def test_a_failed_level_fails_those_who_wait() -> None:
    async def fetch(wanted: Wanted) -> Found:
        raise RuntimeError("the store is gone")

    async def run() -> None:
        known = Lookups(fetch, Allowance(10))
        found = await asyncio.gather(
            known.load(["a"], [Kind.TERMS]), known.load(["b"], [Kind.TERMS]), return_exceptions=True
        )
        assert [str(error) for error in found] == ["the store is gone"] * 2

    asyncio.run(run())


def test_a_request_answers_with_a_bounded_number_of_concepts() -> None:
    async def run() -> None:
        known = lookups([], limit=5)
        await known.load(["a", "b", "c"], [Kind.TERMS])
        await known.load(["a", "b"], [])
        await known.load(["c"], [Kind.TERMS])

    with pytest.raises(RequestTooLarge, match="5 concepts"):
        asyncio.run(run())


@pytest.mark.parametrize("fields", ["id", "preferredTerm"])
def test_a_query_that_explodes_is_stopped(limited_api, fields: str) -> None:
    api = limited_api(max_concepts=50, max_cost=10**9)
    data, errors = api.execute(
        """{ search(text: "a", first: 20) { nodes { concept { ancestors(first: 50) { nodes {
            siblings(first: 50) { nodes { children(first: 50) { nodes { FIELDS } } } } } } } } } }""".replace(
            "FIELDS", fields
        )
    )
    assert data is None
    assert errors[0]["extensions"]["code"] == "REQUEST_TOO_LARGE"
