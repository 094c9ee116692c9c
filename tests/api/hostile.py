"""Requests that mean harm: generated, each with what it tries. All of them are bytes of HTTP."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

#: Texts that would do something if they reached a database, a file, a shell, a page or a log as they are.
INJECTIONS = (
    "' OR 1=1 //",
    '" OR "1"="1',
    "') MATCH (n) DETACH DELETE n //",
    "X:1'}) DETACH DELETE n RETURN ({a:'",
    "`) DROP CONSTRAINT x //",
    "$ids",
    "{id: $id}",
    "${jndi:ldap://127.0.0.1/a}",
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "file:///etc/passwd",
    "\u0000",
    "X:1\u0000.json",
    "a\r\nSet-Cookie: b=c",
    'a\n{"level": "info", "message": "forged"}',
    "\u202e\u2066txt.exe",
    "\u2028\u2029",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "%s%s%s%n",
    "; rm -rf /",
    "$(reboot)",
    "`id`",
    "\ufffe\uffff",
    "é" * 300,
    "🦠" * 200,
    "-1",
    "1e999",
    "NULL",
)


def hostile_requests(seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """What each request tries, and its bytes."""
    chance = random.Random(seed)
    yield from _queries(chance)
    yield from _injections()
    yield from _arguments()
    yield from _bodies(chance)
    yield from _heads()


def get(path: str, headers: str = "") -> bytes:
    """A GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode("utf-8", "surrogateescape")


def post(body: bytes, headers: str = "Content-Type: application/json\r\n", path: str = "/graphql") -> bytes:
    """A POST request with its length."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode("ascii") + body


def asking(query: str, variables: object = None, **more: object) -> bytes:
    """A POST request of a query."""
    said = {"query": query, **({} if variables is None else {"variables": variables}), **more}
    return post(json.dumps(said).encode())


def _queries(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    for depth in (11, 30, 100, 300, 480):
        yield (
            f"depth {depth}",
            asking(
                '{ concept(id: "X:1") '
                + "{ parents(first: 9) { nodes " * (depth // 2)
                + "{ id }"
                + " } }" * (depth // 2)
                + "}"
            ),
        )
        yield f"nested lists {depth}", asking("{ concepts(ids: " + "[" * depth + "]" * depth + ") { id } }")
        yield (
            f"nested objects {depth}",
            asking("{ subsumes(pairs: " + "{a: " * depth + "1" + "}" * depth + ") }"),
        )
        yield (
            f"inline fragments {depth}",
            asking("{ " + "... { " * depth + "__typename" + " }" * depth + " }"),
        )
        yield f"types {depth}", asking(f"query($a: {'[' * depth}Int{']' * depth}) {{ __typename }}")
    for wide in (31, 100, 300, 450):
        aliased = " ".join(f'a{i}: concept(id: "X:{i}") {{ id }}' for i in range(wide // 3))
        yield f"aliases {wide}", asking(f"{{ {aliased} }}")
        yield f"repeated fields {wide}", asking("{ release { " + "name " * (wide * 4) + "} }")
        yield (
            f"repeated arguments {wide}",
            asking('{ concept(id: "X:1") { ' + 'preferredTerm(language: "es") ' * wide + "} }"),
        )
        spreads = " ".join(f"...f{i}" for i in range(wide))
        fragments = " ".join(f"fragment f{i} on Query {{ __typename }}" for i in range(wide // 2))
        yield f"fragments {wide}", asking(f"{{ {spreads} }} {fragments}")
        variables = ", ".join(f"$v{i}: Int" for i in range(wide))
        yield f"variables {wide}", asking(f"query({variables}) {{ __typename }}")
        yield f"directives {wide}", asking("{ __typename " + "@skip(if: false) " * wide + "}")
        operations = " ".join(f"query q{i} {{ __typename }}" for i in range(wide))
        yield f"operations {wide}", asking(operations)
    for size in (1, 2, 5, 40):
        names = [f"f{i}" for i in range(size)]
        turned = " ".join(
            f"fragment {name} on Concept {{ parents(first: 1) {{ nodes {{ ...{names[(i + 1) % size]} }} }} }}"
            for i, name in enumerate(names)
        )
        yield f"circle of {size}", asking(f'{{ concept(id: "X:1") {{ ...f0 }} }} {turned}')
    doubling = " ".join(f"fragment d{i} on Query {{ ...d{i + 1} ...d{i + 1} }}" for i in range(30))
    yield "fragments that double", asking(f"{{ ...d0 }} {doubling} fragment d30 on Query {{ __typename }}")
    nested = " ".join(
        f"fragment n{i} on Concept {{ a: parents(first: 9) {{ nodes {{ ...n{i + 1} }} }} "
        f"b: parents(first: 8) {{ nodes {{ ...n{i + 1} }} }} }}"
        for i in range(12)
    )
    yield (
        "lists that double",
        asking(f'{{ concept(id: "X:1") {{ ...n0 }} }} {nested} fragment n12 on Concept {{ id }}'),
    )
    for text in (
        "",
        " ",
        "{",
        "}",
        "{}",
        "{ }",
        "query",
        "mutation { a }",
        "subscription { a }",
        "{ nothing }",
        "{ release }",
        "{ release { nothing } }",
        "{ concept }",
        "{ concept(id: 1.5) { id } }",
        "{ concept(id: {a: 1}) { id } }",
        "fragment a on Query { __typename }",
        "{ ...a }",
        "query a { __typename } query a { __typename }",
        "{ __typename @nothing }",
        "type A { b: Int }",
        "extend type Query { a: Int }",
        "schema { query: Query }",
        "{ a: __typename a: release { name } }",
        '{ concept(id: "X:1", id: "X:2") { id } }',
        "query($a: Nothing) { __typename }",
        "query($a: Query) { __typename }",
        "{ release { name(a: 1) } }",
        "\ufeff{ __typename ",
        '{ concept(id: "\\u0000") { id } }',
        '{ concept(id: "\\uD800") { id } }',
        '{ concept(id: """ """) { id } }',
        "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }",
        "# only a comment",
        '{ __type(name: "' + "a" * 5_000 + '") { name } }',
        "\x00",
        "{ \u00e1 }",
    ):
        yield f"query {text[:30]!r}", asking(text)
    letters = '{}()[]:$@!."\\ \n#abcid0123...fragmentonquery'
    for i in range(40):
        yield (
            f"random query {i}",
            asking("".join(chance.choice(letters) for _ in range(chance.randint(1, 400)))),
        )


def _injections() -> Iterator[tuple[str, bytes]]:
    for text in INJECTIONS:
        yield f"id {text[:20]!r}", asking("query($a: ID!) { concept(id: $a) { id } }", {"a": text})
        yield (
            f"ids {text[:20]!r}",
            asking("query($a: [ID!]!) { concepts(ids: $a) { id } }", {"a": [text, text]}),
        )
        yield (
            f"search {text[:20]!r}",
            asking("query($a: String!) { search(text: $a, first: 5) { __typename } }", {"a": text}),
        )
        yield (
            f"mention {text[:20]!r}",
            asking("query($a: [String!]!) { link(mentions: $a) { mention } }", {"a": [text]}),
        )
        yield (
            f"ecl {text[:20]!r}",
            asking("query($a: String!) { expand(ecl: $a, first: 5) { __typename } }", {"a": text}),
        )
        yield (
            f"language {text[:20]!r}",
            asking('query($a: String) { concept(id: "X:1") { preferredTerm(language: $a) } }', {"a": text}),
        )
        yield f"operation {text[:20]!r}", asking("query a { __typename }", None, operationName=text)


def _arguments() -> Iterator[tuple[str, bytes]]:
    strange: tuple[object, ...] = (
        None,
        1,
        -1,
        1.5,
        2**31,
        2**63,
        10**400,
        True,
        [],
        {},
        [[]],
        {"a": {}},
        "",
        "x" * 100_000,
    )
    for value in strange:
        kind = str(value)[:12]
        yield f"id {kind}", asking("query($a: ID!) { concept(id: $a) { id } }", {"a": value})
        yield (
            f"mentions {kind}",
            asking("query($a: [String!]!) { link(mentions: $a) { mention } }", {"a": value}),
        )
        yield (
            f"top {kind}",
            asking('query($a: Int!) { link(mentions: ["a"], top: $a) { mention } }', {"a": value}),
        )
        yield f"ecl {kind}", asking("query($a: String!) { contains(ecl: $a, ids: []) }", {"a": value})
        yield f"pairs {kind}", asking("query($a: [SubsumptionPair!]!) { subsumes(pairs: $a) }", {"a": value})
        yield f"variables {kind}", asking("{ __typename }", value)
    yield (
        "many mentions",
        asking("query($a: [String!]!) { link(mentions: $a) { mention } }", {"a": ["a"] * 5_000}),
    )
    yield (
        "many ids",
        asking("query($a: [ID!]!) { concepts(ids: $a) { id } }", {"a": [f"X:{i}" for i in range(5_000)]}),
    )
    yield (
        "many rows",
        asking(
            'query($a: [HarmonizeRow!]!) { harmonize(variables: "", rows: $a) { __typename } }',
            {"a": [{"id": str(i)} for i in range(3_000)]},
        ),
    )
    yield (
        "a thousand names for a variable",
        asking("query($a: ID) { __typename }", {f"v{i}": i for i in range(5_000)}),
    )
    yield (
        "YAML that grows",
        asking(
            "query($a: String!) { checkVariables(variables: $a) { __typename } }",
            {
                "a": "a: &a [x, x, x]\n"
                + "".join(
                    f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}, *{chr(97 + i)}]\n"
                    for i in range(20)
                )
            },
        ),
    )
    yield (
        "YAML with an object",
        asking(
            "query($a: String!) { checkVariables(variables: $a) { __typename } }",
            {"a": "!!python/object/apply:os.system ['true']"},
        ),
    )
    for ecl in (
        "(" * 900 + "*" + ")" * 900,
        "<" * 900,
        "* " + "AND * " * 3_000,
        "<< (" * 400,
        "*" * 10_000,
        "< X:1 {{",
        '* {{ term = wild:"' + "*a" * 3_000 + '" }}',
        "* : [0..99999999999] * = *",
        "^ ^ ^ *",
        "* . * . * . *",
        '* {{ term = "a" }} ' * 300,
        "\u0000",
        "X:1 | " + "a" * 10_000 + " |",
    ):
        yield (
            f"ecl {ecl[:20]!r}",
            asking('query($a: String!) { contains(ecl: $a, ids: ["X:1"]) }', {"a": ecl}),
        )


def _bodies(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    bodies = (
        b"",
        b"null",
        b"1",
        b'"a"',
        b"[]",
        b"[{}]",
        b"{",
        b"{}",
        b'{"query"}',
        b'{"query": 1}',
        b'{"query": null}',
        b'{"query": []}',
        b'{"query": "{ __typename }", "variables": 1}',
        b'{"query": "{ __typename }", "variables": "a"}',
        b'{"query": "{ __typename }", "variables": {',
        b'{"query": "{ __typename }", "operationName": 1}',
        b'{"query": "{ __typename }"}}',
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        b'{"query": "\xff"}',
        b'{"query": "\xc0\x80"}',
        b'{"query": "\xed\xa0\x80"}',
        b'{"query": "\\ud800"}',
        b'{"query": "\\u0000"}',
        b'{"query": "\x00"}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"query": NaN}',
        b'{"query": "{ __typename }", "variables": {"a": 1e999}}',
        b'{"query": "{ __typename }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "a"}}}',
        b'[{"query": "{ __typename }"}]',
        b"query=%7B__typename%7D",
        b"{ __typename }",
        b" " * 900_000,
        b"a" * 1_000_001,
        b'{"query": "' + b"a" * 900_000 + b'"}',
        b'{"query": "{ __typename }", "variables": {"a": "' + b"a" * 900_000 + b'"}}',
    )
    for body in bodies:
        yield f"body {body[:24]!r} of {len(body)}", post(body)
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "application/json;",
        "",
        "a" * 500,
    ):
        yield (
            f"type {kind[:20]}",
            post(b'{"query": "{ nothing }"}', f"Content-Type: {kind}\r\n" if kind else ""),
        )
    for i in range(20):
        yield f"random bytes {i}", post(chance.randbytes(chance.randint(1, 3_000)))


def _heads() -> Iterator[tuple[str, bytes]]:
    for path in (
        "/../../etc/passwd",
        "/graphiql/../../settings.py",
        "/graphiql/..%2f..%2fsettings.py",
        "/graphiql/%00",
        "/%2e%2e/%2e%2e/",
        "//etc/passwd",
        "/graphql/x",
        "/admin",
        "/health/x",
        "/metrics/x",
        "/static/../x",
        "/" + "a" * 20_000,
        "/%ff",
        "/%zz",
        "/graphql?query=" + "%7B" * 2_000,
        "/graphql?query=%00",
        "/graphql?query=%7B__typename%7D&variables=%5B",
        "/graphql?variables=%7B%7D",
        "/graphql?query=mutation%7Ba%7D",
        "/graphql?query=%7Bnothing%7D&operationName=%00",
        "/favicon.ico",
        "/.git/config",
        "/.env",
    ):
        yield f"GET {path[:30]}", get(path)
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get", "G\u00c9T"):
        yield method, f"{method} /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    for headers in (
        "Authorization: Bearer x\r\n",
        "Authorization: Basic eDp5\r\n",
        "Authorization: Bearer\r\n",
        "Authorization: Bearer " + "x" * 5_000 + "\r\n",
        "X-Forwarded-For: 10.0.0.1\r\nAuthorization: x\r\n",
    ):
        yield (
            f"header {headers[:26]!r}",
            post(b'{"query": "{ __typename }"}', f"Content-Type: application/json\r\n{headers}"),
        )
    for host in (
        "evil.example.org",
        "127.0.0.1.evil.example.org",
        "",
        "localhost@evil.example.org",
        "[::1",
        "10.0.0.1:8000",
    ):
        yield f"host {host}", f"GET /graphql?query=%7B__typename%7D HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    for head in (
        b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x00" * 100,
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2000000\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /graphql HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        + b"".join(b"X-%d: %b\r\n" % (i, b"a" * 1_000) for i in range(200)),
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 200_000,
    ):
        yield f"head {head[:40]!r}", head
