"""Benchmark E: the compiled plan against graphql-core, in one process, on data that is there.

`python -m tests.bench.execution` prints a table: CPU per execution of the pages of B2 and B4, what
a document costs at its first sights, and what one costs that is left to graphql-core. Figures
hold only as ratios of one run.
"""

import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    execute,
    parse,
    validate,
)

from execution import EXTENSION, Attribute, Plans
from schema.scalars import SCALARS
from tests.bench.workloads import BATCH_ORDERS, BATCH_VOUCHERS, PAGE, PAGE_SIZE, VOUCHERS
from tests.execution.ours import ALL, Desk, Records, our_schema

SDL = Path(__file__).parents[2] / "schema" / "schema.graphql"
ROUNDS = 11
SECONDS = 0.1  # of one round


class Record:
    """A record whose attributes are the fields."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


def money(amount: str) -> Record:
    return Record(amount=Decimal(amount), currency="INR")


NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def voucher(number: int) -> Record:
    return Record(
        id=f"Voucher:{number}",
        type="CODE",
        state="ACTIVE",
        maskedCode="************1234",
        expiresAt=NOW,
        faceValue=money("500.00"),
    )


def order(number: int, vouchers: int) -> Record:
    product = Record(id=f"Product:{number}", name="Acme Gift Card", brand="Acme")
    line = Record(
        productName="Acme Gift Card",
        quantity=2,
        faceValue=money("500.00"),
        total=money("990.00"),
        product=product,
    )
    part = Record(
        provider=Record(name="acme", displayName="Acme Rewards"),
        status="FULFILLED",
        live=True,
        providerOrderId=f"A-{number}",
        delivered=2,
        total=2,
    )
    return Record(
        id=f"Order:{number}",
        reference=f"VG-{number:013d}",
        status="DELIVERED",
        settled=True,
        live=False,
        placedAt=NOW,
        lines=[line],
        fulfillments=[part],
        vouchers=Record(nodes=[voucher(number * 100 + n) for n in range(vouchers)]),
    )


def page(orders: int, vouchers: int) -> Record:
    nodes = [order(number, vouchers) for number in range(orders)]
    return Record(orders=Record(nodes=nodes, pageInfo=Record(hasNextPage=True)))


def record_schema(*, marked: bool) -> GraphQLSchema:
    """Our types over records. `marked`: the builder says that fields are attributes."""
    schema = build_schema(SDL.read_text(), assume_valid=True)
    shown = {scalar.name: scalar.serialize for scalar in SCALARS.values()}
    for type_ in schema.type_map.values():
        if type_.name in shown:
            type_.coerce_output_value = shown[type_.name]  # type: ignore[attr-defined]
        if isinstance(type_, GraphQLObjectType) and marked:
            for name, field in type_.fields.items():
                if not field.args:
                    field.extensions = {EXTENSION: Attribute(name)}
    return schema


def cpu(*works: Callable[[], Any]) -> list[float]:
    """CPU milliseconds of one run of each: medians of rounds in which they take turns.

    What disturbs the machine for a while then disturbs all of them.
    """
    runs = []
    for work in works:
        work()
        start, number = time.process_time(), 0
        while time.process_time() - start < SECONDS:
            work()
            number += 1
        runs.append(number)
    found: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, number, times in zip(works, runs, found, strict=True):
            gc.collect()
            start = time.process_time()
            for _ in range(number):
                work()
            times.append((time.process_time() - start) * 1000 / number)
    return [statistics.median(times) for times in found]


def compared(text: str, root: Record, *, marked: bool) -> list[float]:
    """Milliseconds of graphql-core and of the plan."""
    schema = record_schema(marked=marked)
    document = parse(text)
    plans = Plans(schema)
    plans.plan(document)
    plan = plans.plan(document)
    assert plan is not None
    expected: Any = execute(schema, document, root)
    assert expected.errors is None, expected.errors
    assert plan.execute(root) == expected, "the two differ"
    return cpu(lambda: execute(schema, document, root), lambda: plan.execute(root))


def served(text: str, records: Records, *, marked: bool) -> list[float]:
    """The same through our own resolvers, guards and loaders, over records in memory."""
    schema, loop = our_schema(marked=marked), asyncio.new_event_loop()
    document = parse(text)
    plans = Plans(schema)
    plans.plan(document)
    plan = plans.plan(document)
    assert plan is not None

    async def run(start: Callable[[Desk], Any]) -> ExecutionResult:
        found = start(Desk(records, ALL, 0, 0))
        result: ExecutionResult = found if isinstance(found, ExecutionResult) else await found
        assert result.errors is None, result.errors
        return result

    def theirs() -> ExecutionResult:
        return loop.run_until_complete(run(lambda desk: execute(schema, document, None, desk)))

    def ours() -> ExecutionResult:
        return loop.run_until_complete(run(lambda desk: plan.execute(None, desk)))

    asyncio.set_event_loop(loop)
    assert theirs() == ours(), "the two differ"
    return cpu(theirs, ours)


def numbered(text: str, number: int) -> str:
    """The document as it was never seen before."""
    return text.replace("query ", f"query N{number}", 1)


def sights(text: str) -> list[float]:
    """Milliseconds to parse and validate, the share of a first sight, and to compile."""
    schema = record_schema(marked=True)
    plans = Plans(schema)
    number = 0

    def unseen() -> DocumentNode:
        nonlocal number
        number += 1
        document = parse(numbered(text, number))
        assert not validate(schema, document)
        return document

    document = parse(text)

    def compile_anew() -> None:
        fresh = Plans(schema)
        fresh.plan(document)
        fresh.plan(document)

    return cpu(unseen, lambda: plans.plan(unseen()), compile_anew)


def left(root: Record) -> list[float]:
    """Milliseconds of a document that is not taken, without and with asking for its plan."""
    schema = record_schema(marked=True)
    document = parse("{ __schema { queryType { name } } orders { pageInfo { hasNextPage } } }")
    plans = Plans(schema)

    def asked() -> None:
        assert plans.plan(document) is None
        execute(schema, document, root)

    return cpu(lambda: execute(schema, document, root), asked)


def measured() -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """The rows of the table, and the ratios that goals are held against, by name."""
    pages = (
        ("B2", PAGE, page(PAGE_SIZE, 2), Records(PAGE_SIZE, 2), "at least 8"),
        (
            "B4",
            VOUCHERS,
            page(BATCH_ORDERS, BATCH_VOUCHERS),
            Records(BATCH_ORDERS, BATCH_VOUCHERS),
            "at least 12",
        ),
    )
    rows: list[tuple[str, ...]] = []
    ratios: dict[str, float] = {}
    for name, text, root, _, goal in pages:
        for marked in (True, False):
            theirs, ours = compared(text, root, marked=marked)
            title = f"{name}'s page, {'marked attributes' if marked else 'default resolvers'}"
            rows.append((title, f"{theirs:.2f}", f"{ours:.3f}", f"{theirs / ours:.1f}", goal))
            if marked:
                ratios[name] = theirs / ours
    for name, text, _, records, _ in pages:
        for marked in (True, False):
            theirs, ours = served(text, records, marked=marked)
            title = f"{name}'s page, our resolvers{', marked attributes' if marked else ''}"
            rows.append((title, f"{theirs:.2f}", f"{ours:.3f}", f"{theirs / ours:.1f}", ""))
    for name, text, *_ in pages:
        plain, first, compiled = sights(text)
        share = f"{first / plain:.2f}"
        title = f"{name}'s page, first sight"
        rows.append((title, f"{plain:.2f}", f"{first:.2f}", share, "at most 1.3"))
        rows.append((f"{name}'s page, compiled anew", "", f"{compiled:.2f}", "", ""))
        ratios[f"{name} sight"] = first / plain
    plain, asked = left(page(1, 1))
    share = f"{asked / plain:.2f}"
    rows.append(("left to graphql-core", f"{plain:.3f}", f"{asked:.3f}", share, "at most 1.1"))
    ratios["left"] = asked / plain
    return rows, ratios


def main() -> None:
    for row in (("", "graphql-core ms", "plan ms", "ratio", "goal"), *measured()[0]):
        sys.stdout.write("| " + " | ".join(row) + " |\n")


if __name__ == "__main__":
    main()
