"""Every argument of the schema, wrong in every way: a code, plain words, nothing of our insides."""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import aiohttp
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from tests.app.process import ROOT, Running

SCHEMA: GraphQLSchema = build_schema((ROOT / "schema" / "schema.graphql").read_text())
MAX_MESSAGE = 300
SENT_AT_ONCE = 8
# What only our insides would say: traces, files, SQL, names of modules, classes and objects.
LEAK = re.compile(
    r"""Traceback|File\ |\.py\b|site-packages|asyncpg|psycopg|strawberry|aiohttp|msgspec
    |graphql\.|graphql-core|\ object\ at\ |0x[0-9a-f]{6}|NoneType|<class|<function|[a-z]Error\b
    |Exception|__(?!typename|schema|type)\w+|\bself\b|\bSELECT\b|\bINSERT\b|\bUPDATE\b|\bFROM\b
    |\bWHERE\b|relation\ "|constraint|syntax\ error\ at|vg_(viewer|worker|owner)
    |/(work|home|usr|tmp|root|var)/|\bbytes\b|\bdict\b|\btuple\b|\bstr\b|\bint\(|codec|datetime\.""",
    re.VERBOSE,
)
OTHER_TYPES = ["null", "true", "-1", "12345", "0.5", '""', "[]", "[[]]", "[null]", "{}", '{"a":1}']
TEXTS = [
    "\x00",
    "a\x00b",
    " ",
    "\n",
    "\u202e",
    "\N{GRINNING FACE}" * 50,
    "x" * 100_000,
    "'; DROP TABLE orders; --",
    "%s%n%00",
    "../../etc/passwd",
    "${jndi:ldap://x}",
    "<script>alert(1)</script>",
    "T3JkZXI6MQ==",
    "T3JkZXI6AAAAAAAAAAAAAAAAAAAAAA==",
    "====",
    "NaN",
    "Infinity",
    "-0",
    "1e400",
    "٣",
    "9" * 400,
    "0." + "0" * 400 + "1",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2026-02-30T00:00:00Z",
    "2026-13-01",
]
NUMBERS = [
    "0",
    "2147483647",
    "2147483648",
    "-2147483649",
    "9007199254740993",
    "1e400",
    "1e-400",
    "9" * 300,
]
RAW = ['"\\ud800"', '"\\udfff\\ud800"', '"\\u0000"']


@dataclass(frozen=True)
class Asked:
    """One operation with raw JSON for its variables."""

    document: str
    variables: str

    @property
    def body(self) -> bytes:
        return f'{{"query": {json.dumps(self.document)}, "variables": {self.variables}}}'.encode()


def valid(kind: GraphQLInputType, known: dict[str, str], name: str = "") -> str:
    """A value that the schema takes, as raw JSON; ids by the name of their argument."""
    kind = cast("GraphQLInputType", get_nullable_type(kind))
    if is_list_type(kind):
        return f"[{valid(kind.of_type, known, name)}]"
    if isinstance(kind, GraphQLEnumType):
        return json.dumps(next(iter(kind.values)))
    if isinstance(kind, GraphQLInputObjectType):
        needed = {
            field: valid(value.type, known, field)
            for field, value in kind.fields.items()
            if str(value.type).endswith("!")
        }
        if not needed:  # one of several ways to name a thing
            needed = {
                name: valid(value.type, known, name) for name, value in [*kind.fields.items()][:1]
            }
        return "{" + ", ".join(f'"{field}": {value}' for field, value in needed.items()) + "}"
    plain = {"Int": "1", "Boolean": "true", "Decimal": '"10"', "DateTime": '"2026-01-31T00:00:00Z"'}
    if str(kind) in plain:
        return plain[str(kind)]
    return json.dumps(known.get(name, "key-12345678" if str(kind) == "IdempotencyKey" else "x"))


def wrong(kind: GraphQLInputType, known: dict[str, str], name: str = "") -> Iterator[str]:
    """Values that are wrong at one place each, as raw JSON."""
    kind = cast("GraphQLInputType", get_nullable_type(kind))
    named = get_named_type(kind)
    yield from OTHER_TYPES
    if is_list_type(kind):
        one = valid(kind.of_type, known, name)
        yield "[" + ", ".join([one] * 200) + "]"
        yield "[" + ", ".join([one] * 1001) + "]"
        yield from (f"[{bad}]" for bad in wrong(kind.of_type, known, name))
    elif isinstance(named, GraphQLInputObjectType):
        whole: dict[str, Any] = json.loads(valid(kind, known))
        for field, value in named.fields.items():
            rest = {key: json.dumps(one) for key, one in whole.items() if key != field}
            for bad in wrong(value.type, known, field):
                pairs = {**rest, field: bad}
                yield "{" + ", ".join(f'"{key}": {one}' for key, one in pairs.items()) + "}"
    elif isinstance(named, GraphQLEnumType):
        yield from ('"NOPE"', '"pending"', json.dumps("x" * 10_000))
    elif str(named) in ("Int", "Boolean"):
        yield from NUMBERS
    else:
        yield from (json.dumps(text) for text in TEXTS)
        yield from NUMBERS
        yield from RAW


# Where nested fields with arguments are reached from a root field.
PATHS = {
    "Order": ("order(by: {id: $id})", "order"),
    "Voucher": ("voucher(id: $id)", "voucher"),
    "Wallet": ("wallet", None),
}


def operations(known: dict[str, str]) -> Iterator[Asked]:
    for parent in SCHEMA.type_map.values():
        if not isinstance(parent, GraphQLObjectType) or parent.name.startswith("__"):
            continue
        for name, field in parent.fields.items():
            for argument, about in field.args.items():
                yield from _asking(known, parent.name, name, argument, about.type)


def _asking(
    known: dict[str, str], parent: str, name: str, argument: str, kind: GraphQLInputType
) -> Iterator[Asked]:
    field = SCHEMA.type_map[parent].fields[name]  # type: ignore[attr-defined]
    others = [
        key for key, one in field.args.items() if key != argument and str(one.type)[-1] == "!"
    ]
    types = {key: str(field.args[key].type).rstrip("!") for key in [argument, *others]}
    declared = ", ".join(
        f"${key}: {one}{'!' if str(field.args[key].type).endswith('!') else ''}"
        for key, one in types.items()
    )
    passed = ", ".join(f"{key}: ${key}" for key in types)
    shown = "__typename"
    if parent == "Mutation" and "problems" in get_named_type(field.type).fields:
        shown += " problems { code message path }"
    if name.endswith("s") and "Connection" in str(field.type):
        shown += " totalCount"
    selected = f"{name}({passed}) {{ {shown} }}"
    more = ""
    if parent in PATHS:
        way, id_of = PATHS[parent]
        selected = f"{way} {{ {selected} }}"
        if id_of:
            declared, more = f"$id: ID!, {declared}", f'"id": {json.dumps(known[id_of])}, '
    word = "mutation" if parent == "Mutation" else "query"
    rest = "".join(f', "{key}": {valid(field.args[key].type, known, key)}' for key in others)
    document = f"{word} ({declared}) {{ {selected} }}"
    for bad in wrong(kind, known, argument):
        yield Asked(document, f'{{{more}"{argument}": {bad}{rest}}}')


class Asking:
    """Sends bodies and looks at what comes back."""

    def __init__(self, http: aiohttp.ClientSession, service: Running) -> None:
        self._http = http
        self._service = service
        self._gate = asyncio.Semaphore(SENT_AT_ONCE)
        self.codes: Counter[str] = Counter()

    async def faults(self, bodies: Iterable[bytes], client: str = "partner") -> list[object]:
        """Send them all; what is wrong with the answers."""
        found = await asyncio.gather(*(self._faults(body, client) for body in bodies))
        return [fault for faults in found for fault in faults]

    async def _faults(self, body: bytes, client: str) -> list[object]:
        headers = {"Content-Type": "application/json", **self._service.headers(client)}
        async with (
            self._gate,
            self._http.post(self._service.url, data=body, headers=headers) as response,
        ):
            shown = await response.json(content_type=None)
            number = response.headers.get("X-Request-Id", "")
        errors = list(_errors(shown))
        self.codes.update(code for code, _ in errors)
        told = body[:600].decode("utf-8", "replace")
        if response.status not in (200, 400) or len(number) != 24:
            return [(told, response.status, number)]
        return [
            (told, code, message)
            for code, message in errors
            if code in (None, "INTERNAL")
            or not 0 < len(message) <= MAX_MESSAGE
            or LEAK.search(_without_echo(message, body))
        ]


def _errors(shown: Any) -> Iterator[tuple[str, str]]:
    """Code and message of every error and every problem in an answer."""
    for error in shown.get("errors", []):
        yield error["extensions"].get("code"), error["message"]
    for payload in (shown.get("data") or {}).values():
        if isinstance(payload, dict):
            for problem in payload.get("problems", ()):
                yield problem["code"], problem["message"]


def _without_echo(message: str, body: bytes) -> str:
    """What a message says beside the words that were sent."""
    return re.sub(r"\w+", lambda word: "" if word[0].encode() in body else word[0], message)


@pytest.fixture(scope="module")
async def asking(http: aiohttp.ClientSession, roomy: Running) -> Asking:
    return Asking(http, roomy)


@pytest.fixture(scope="module")
async def known(http: aiohttp.ClientSession, roomy: Running) -> dict[str, str]:
    """Ids of things that are there, by the names of arguments and types."""

    async def ask(query: str, client: str = "partner", **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        async with http.post(roomy.url, json=body, headers=roomy.headers(client)) as response:
            answer = await response.json()
        assert "errors" not in answer, answer
        return answer["data"]

    found = await ask(
        '{ products(first: 1, filter: {provider: ["enkash"], available: true})'
        " { nodes { id } } wallet { balances { available { currency } } } }"
    )
    product = found["products"]["nodes"][0]["id"]
    cart = (await ask("mutation { cartCreate(input: {}) { cart { id } } }"))["cartCreate"]["cart"][
        "id"
    ]
    simulator = roomy.ready["simulators"]["enkash"]
    async with http.get(f"{simulator}/_sim/ledger") as response:
        row = (await response.json())[0]
    imported = await ask(
        """mutation ($input: OrderImportInput!) { orderImport(input: $input) {
             order { id reference vouchers(first: 1) { nodes { id } } fulfillments { id } } } }""",
        "operator",
        input={"provider": "enkash", "orderId": row["providerOrderId"]},
    )
    order = imported["orderImport"]["order"]
    return {
        "product": product,
        "productId": product,
        "cartId": cart,
        "orderId": order["id"],
        "order": order["id"],
        "voucher": order["vouchers"]["nodes"][0]["id"],
        "fulfillmentId": order["fulfillments"][0]["id"],
        "id": order["id"],
        "ids": order["id"],
        "provider": "enkash",
        "currency": "INR",
    }


async def test_every_argument_wrong_in_every_way(
    asking: Asking, known: dict[str, str], roomy: Running
) -> None:
    asked = list(operations(known))
    assert len(asked) > 2000
    assert await asking.faults(one.body for one in asked) == []
    # Operators get further with some of them.
    further = [one.body for one in asked if "mutation" in one.document or "fulf" in one.document]
    assert await asking.faults(further, "operator") == []
    assert asking.codes["INVALID_INPUT"] > 1000
    assert asking.codes["BAD_REQUEST"] > 50
    assert "request.failed" not in roomy.log()


async def test_documents_broken_anywhere(
    asking: Asking, known: dict[str, str], roomy: Running
) -> None:
    chance = random.Random(7)  # noqa: S311 - the same documents each time
    texts = sorted({one.document for one in operations(known)})
    noise = [
        '"',
        "{",
        "}",
        "(",
        ")",
        "$",
        "@",
        "...",
        "\x00",
        "\ud800",
        "é",
        "9" * 30,
        '"""',
        "&",
        "!",
    ]
    broken = []
    for text in texts:
        for _ in range(6):
            at = chance.randrange(len(text))
            broken += [
                text[:at],
                text[:at] + chance.choice(noise) + text[at + chance.randrange(3) :],
            ]
            words = text.split()
            words.insert(chance.randrange(len(words)), chance.choice(words))
            broken.append(" ".join(words))
    sent = (json.dumps({"query": text}).encode() for text in broken)
    assert await asking.faults(sent) == []
    assert asking.codes["GRAPHQL_PARSE_FAILED"] > 200
    assert asking.codes["GRAPHQL_VALIDATION_FAILED"] > 20
    assert "request.failed" not in roomy.log()


async def test_names_that_do_not_exist(asking: Asking) -> None:
    names = ["nope", "__class__", "__dict__", "__init__", "_id", "self", "x" * 5000, "toString"]
    bodies = []
    for kind in SCHEMA.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            bodies += [
                f"query {{ node(id: 1) {{ ... on {kind.name} {{ {name} }} }} }}" for name in names
            ]
    for name in names:
        bodies += [
            f"{{ {name} }}",
            f"{{ product(id: 1, {name}: 1) {{ id }} }}",
            f"{{ ... on {name} {{ __typename }} }}",
            f"query (${name}: {name}) {{ __typename }}",
            f"{{ __typename @{name} }}",
            f"{{ products(sort: {name}) {{ totalCount }} }}",
            f"{{ products(filter: {{{name}: 1}}) {{ totalCount }} }}",
            f"{{ product(id: ${name}) {{ id }} }}",
        ]
    sent = (json.dumps({"query": text}).encode() for text in bodies)
    assert await asking.faults(sent) == []
