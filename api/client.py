"""A client for Python programs: typed answers of a server, over GraphQL and the flat tables.

    from api.client import Enlace

    with Enlace("http://127.0.0.1:8000") as enlace:
        for linking in enlace.link(["insuf. renal aguda", "DM tipo 2"]):
            print(linking.mention, linking.decision.id, linking.decision.probability)
        for concept in enlace.descendants("SNOMEDCT:29029999999105"):
            print(concept.id, concept.preferred_term)
        table = enlace.frame(enlace.expand("<< 29029999999105"))      # pandas, where it is installed

It needs nothing beside Python's standard library, keeps one connection, and is for one thread at a time. Lists
are fetched by page as they are iterated. Errors:

ClientError
├── ServerUnreachable   nobody answers at the address, or something else than Enlace does
└── RequestRefused      the server says why: `code` is of the documented table, `argument` names what is to blame
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode, urlsplit

from api.client_answers import (
    Annotation,
    Candidate,
    Concept,
    Decision,
    Hit,
    Linking,
    Release,
    Term,
    Trigger,
    annotation_of,
    concept_of,
    linking_of,
    release_of,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Annotation",
    "Candidate",
    "ClientError",
    "Concept",
    "Decision",
    "Enlace",
    "Hit",
    "Linking",
    "Release",
    "RequestRefused",
    "ServerUnreachable",
    "Term",
    "Trigger",
]

_CONCEPT = "id preferredTerm(language: $language) fsn(language: $language) semanticTag active"
#: Of lists that may be long.
_PAGE = 500


class ClientError(Exception):
    """Something that was asked was not answered."""


class ServerUnreachable(ClientError):
    """Nobody answers at the address, or something else than Enlace does."""


class RequestRefused(ClientError):
    """The server refused; `code` says of which kind the error is, `argument` which argument is to blame, if one is."""

    def __init__(self, message: str, code: str, argument: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.argument = argument


class Enlace:
    """A server, asked about one release, or about the current one where `release` is None.

    `token` is sent as a bearer token; `language` (BCP 47) is that of names, by default the server's order. Methods
    raise ServerUnreachable and RequestRefused.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        release: str | None = None,
        language: str | None = None,
        token: str | None = None,
        timeout_s: float = 60,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ServerUnreachable(f"{url!r} is no address; give one such as http://127.0.0.1:8000.")
        self._url, self._base = url, parts.path.rstrip("/")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=timeout_s)
        self._release, self._language = release, language
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    # Whatever the schema has ------------------------------------------------------------------------------

    def query(self, query: str, **variables: object) -> Any:
        """The data of any GraphQL query. `$release` and `$language` are given where the query declares them."""
        for name, value in (("release", self._release), ("language", self._language)):
            if f"${name}" in query:
                variables.setdefault(name, value)
        body = json.dumps({"query": query, "variables": variables}).encode()
        said = self._json(self._send("POST", "/graphql", body, "application/json"))
        if errors := said.get("errors"):
            raise _refused(errors)
        return said["data"]

    def pages(self, query: str, *path: str, **variables: object) -> Iterator[Any]:
        """The nodes of a connection, page after page as they are iterated.

        `path` leads to it, as `"concept", "children"`; the query declares `$first: Int!` and `$after: String`, and asks
        for `nodes` and `pageInfo { hasNextPage endCursor }`.
        """
        after: str | None = None
        variables.setdefault("first", _PAGE)
        while True:
            found = self.query(query, after=after, **variables)
            for name in path:
                found = found[name]
            yield from found["nodes"]
            if not found["pageInfo"]["hasNextPage"]:
                return
            after = found["pageInfo"]["endCursor"]

    # Releases ---------------------------------------------------------------------------------------------

    def release(self) -> Release:
        """The release that answers."""
        fields = "name created languages current index { created }"
        found = self.query(f"query($release: String) {{ release(release: $release) {{ {fields} }} }}")
        return release_of(found["release"])

    def releases(self) -> Iterator[Release]:
        """The releases that can be named, by name."""
        query = """query($first: Int!, $after: String) { releases(first: $first, after: $after) {
            nodes { name created languages current index { created } } pageInfo { hasNextPage endCursor } } }"""
        return map(release_of, self.pages(query, "releases", first=50))

    # Concepts ---------------------------------------------------------------------------------------------

    def concept(self, id: str) -> Concept:
        """A concept. Raises RequestRefused with CONCEPT_NOT_FOUND where the release has none of that id."""
        query = f"""query($id: ID!, $release: String, $language: String) {{
            concept(id: $id, release: $release) {{ {_CONCEPT} }} }}"""
        return concept_of(self.query(query, id=id)["concept"])

    def concepts(self, ids: Sequence[str]) -> list[Concept]:
        """The concept of each id, in order. Raises RequestRefused where the release has none of one of them."""
        query = f"""query($ids: [ID!]!, $release: String, $language: String) {{
            concepts(ids: $ids, release: $release) {{ {_CONCEPT} }} }}"""
        return [concept_of(one) for one in self.query(query, ids=list(ids))["concepts"]]

    def terms(self, id: str) -> Iterator[Term]:
        """The terms of a concept, by language, kind and text."""
        query = """query($id: ID!, $release: String, $first: Int!, $after: String) {
            concept(id: $id, release: $release) { terms(first: $first, after: $after) {
                nodes { text language kind } pageInfo { hasNextPage endCursor } } } }"""
        return (Term(**one) for one in self.pages(query, "concept", "terms", id=id))

    def parents(self, id: str) -> Iterator[Concept]:
        """What a concept is directly a kind of, by id."""
        return self._neighbours("parents", id)

    def children(self, id: str) -> Iterator[Concept]:
        """What is directly a kind of a concept, by id."""
        return self._neighbours("children", id)

    def ancestors(self, id: str) -> Iterator[Concept]:
        """All that a concept is a kind of, the most specific first."""
        return self._neighbours("ancestors", id)

    def descendants(self, id: str) -> Iterator[Concept]:
        """All that is a kind of a concept, by id."""
        return self._neighbours("descendants", id)

    def path(self, start: str, end: str) -> list[Concept]:
        """The shortest is-a path between two concepts over one that subsumes both; empty where none does."""
        query = f"""query($start: ID!, $end: ID!, $release: String, $language: String) {{
            path(from: $start, to: $end, release: $release) {{ concepts {{ {_CONCEPT} }} }} }}"""
        found = self.query(query, start=start, end=end)["path"]
        return [concept_of(one) for one in found["concepts"]] if found else []

    def subsumes(self, general: str, specific: str) -> bool | None:
        """Whether one concept is above the other, or the same; None where one is no active concept."""
        query = """query($pairs: [SubsumptionPair!]!, $release: String) {
            subsumes(pairs: $pairs, release: $release) }"""
        answer: bool | None = self.query(query, pairs=[{"general": general, "specific": specific}])[
            "subsumes"
        ][0]
        return answer

    # Searching, expanding, linking ------------------------------------------------------------------------

    def search(
        self,
        text: str,
        *,
        first: int = 10,
        term_language: str | None = None,
        ecl: str | None = None,
        semantic_tags: Sequence[str] | None = None,
    ) -> list[Hit]:
        """The first concepts with a term in which each word of `text` begins a word, best first."""
        query = """query($text: String!, $first: Int!, $of: String, $ecl: String, $tags: [String!],
                        $release: String, $language: String) {
            search(text: $text, first: $first, language: $of, ecl: $ecl, semanticTags: $tags, release: $release) {
                nodes { id matchedTerm language score concept { preferredTerm(language: $language) } } } }"""
        tags = None if semantic_tags is None else list(semantic_tags)
        found = self.query(query, text=text, first=first, of=term_language, ecl=ecl, tags=tags)["search"][
            "nodes"
        ]
        return [
            Hit(one["id"], one["concept"]["preferredTerm"], one["matchedTerm"], one["language"], one["score"])
            for one in found
        ]

    def expand(self, ecl: str, *, text: str = "") -> Iterator[Concept]:
        """The concepts of an expression, by id; with a `text`, those with a name that has words beginning so."""
        query = f"""query($ecl: String!, $text: String!, $first: Int!, $after: String, $release: String,
                          $language: String) {{
            expand(ecl: $ecl, text: $text, first: $first, after: $after, release: $release) {{
                nodes {{ {_CONCEPT} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
        return map(concept_of, self.pages(query, "expand", ecl=ecl, text=text))

    def contains(self, ecl: str, ids: Sequence[str]) -> list[bool]:
        """Whether each id is among the concepts of an expression."""
        query = """query($ecl: String!, $ids: [ID!]!, $release: String) {
            contains(ecl: $ecl, ids: $ids, release: $release) }"""
        return list(self.query(query, ecl=ecl, ids=list(ids))["contains"])

    def link(self, mentions: Sequence[str], *, top: int = 5) -> list[Linking]:
        """The concepts that mentions of a clinical text mean, in the order of the mentions."""
        query = """query($mentions: [String!]!, $top: Int!, $release: String) {
            link(mentions: $mentions, top: $top, release: $release) { mention
                decision { id path reason probability }
                candidates { id preferredTerm matchedTerm score path } } }"""
        return [linking_of(one) for one in self.query(query, mentions=list(mentions), top=top)["link"]]

    def annotate(self, text: str, *, top: int = 5) -> list[Annotation]:
        """The mentions of a clinical text, in its order, with their context and the concepts that they mean."""
        query = """query($text: String!, $top: Int!, $first: Int!, $after: String, $release: String) {
            annotate(text: $text, top: $top, first: $first, after: $after, release: $release) { nodes {
                start end text type source score fragments { start end }
                context { negated uncertain historical family hypothetical section
                    triggers { assertion start end text } }
                decision { id path reason probability }
                candidates { id preferredTerm matchedTerm score path } } pageInfo { hasNextPage endCursor } } }"""
        return list(map(annotation_of, self.pages(query, "annotate", text=text, top=top, first=1000)))

    # Tables -----------------------------------------------------------------------------------------------

    def table(self, name: str, ending: str = "csv", **parameters: object) -> bytes:
        """A flat table, `expand`, `concepts` or `link`, as CSV or, with the ending `arrows`, as an Arrow stream."""
        given = {
            name: value
            for name, value in {"release": self._release, **parameters}.items()
            if value is not None
        }
        return self._send("GET", f"/tables/{name}.{ending}?{urlencode(given, doseq=True)}", None, "")

    @staticmethod
    def frame(answers: Iterable[object]) -> pd.DataFrame:
        """Answers of this client as a pandas table, a column a field; needs pandas."""
        import pandas as pd

        return pd.DataFrame(
            [asdict(one) for one in answers if is_dataclass(one) and not isinstance(one, type)]
        )

    # ------------------------------------------------------------------------------------------------------

    def _neighbours(self, name: str, id: str) -> Iterator[Concept]:
        query = f"""query($id: ID!, $first: Int!, $after: String, $release: String, $language: String) {{
            concept(id: $id, release: $release) {{ {name}(first: $first, after: $after) {{
                nodes {{ {_CONCEPT} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"""
        return map(concept_of, self.pages(query, "concept", name, id=id))

    def _send(self, method: str, target: str, body: bytes | None, content_type: str) -> bytes:
        headers = {**self._headers, **({"Content-Type": content_type} if content_type else {})}
        for attempt in (1, 2):
            try:
                self._connection.request(method, self._base + target, body, headers)
                answer = self._connection.getresponse()
                said = answer.read()
            except (http.client.HTTPException, OSError) as error:
                self._connection.close()
                # A server closes connections that were idle; nothing that is asked changes anything, so ask again.
                again = isinstance(
                    error, (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)
                )
                if attempt == 2 or not again:
                    raise ServerUnreachable(
                        f"No answer from {self._url}: {error or type(error).__name__}."
                    ) from None
            else:
                break
        if answer.status >= 400:
            raise _refused(self._json(said).get("errors") or [{}])
        return said

    def _json(self, said: bytes) -> dict[str, Any]:
        try:
            found = json.loads(said)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ServerUnreachable(f"What answers at {self._url} is not Enlace: it sends no JSON object.")
        return found


def _refused(errors: Sequence[Mapping[str, Any]]) -> RequestRefused:
    error = errors[0]
    told = error.get("extensions") or {}
    return RequestRefused(
        error.get("message", "The request was refused."), told.get("code", ""), told.get("argument")
    )
