"""Documents, worlds and variables drawn from one source, executed twice and compared."""

import gc
from collections import Counter
from dataclasses import fields
from functools import partial
from itertools import takewhile
from random import Random

from graphql import parse, validate

from execution import Plans, Reason
from tests.execution.comparing import Seen, both, broken_worlds
from tests.execution.documents import Document
from tests.execution.schemas import TEXTS, schema_of
from tests.execution.world import World

SALTS = 8
WORLDS = 8  # of each document


class Different(AssertionError):
    """The plan did something else."""


async def example(random: Random, *, check: bool) -> Counter[str]:
    """One document in some worlds; what was compared, and what it was like."""
    name, salt = random.choice(list(TEXTS)), random.randrange(SALTS)
    schema = schema_of(name, salt)
    left: list[Reason] = []
    plans = Plans(schema, on_fallback=left.append)
    drawn = Document(schema, random)
    text = drawn.text()
    document = parse(text)
    if check:
        assert validate(schema, document) == [], text
    plans.plan(document, "Q")
    plan = plans.plan(document, "Q")
    assert plan is not None, text
    counts: Counter[str] = Counter(documents=1)
    for _ in range(WORLDS):
        left.clear()
        chaos = random.choice((0, 0, 3, 10, 30))
        waits = random.choice((0, 10, 40)) if name != "plainest" else 0
        world = partial(World, schema, random.randrange(2**32), chaos, waits)
        variables = drawn.values(random.choice((0, 0, 20)))
        expected, found = await both(schema, document, plan, variables, world)
        if expected != found:
            what = f"schema {name} {salt}\n{text}\n{variables}\n{world}"
            raise Different(what + explained(expected, found))
        counts["left" if left else "compared"] += 1
        counts["awaited"] += expected.awaited
        counts["with errors"] += bool(expected.errors)
        counts["raised"] += bool(expected.raised)
        counts["with batches"] += any(entry[0] == "batch" for entry in expected.log)
    return counts


def explained(theirs: Seen, ours: Seen) -> str:
    """Where two executions part."""
    lines = [""]
    for field in fields(Seen):
        a, b = getattr(theirs, field.name), getattr(ours, field.name)
        if a != b and isinstance(a, list):
            same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b)))  # noqa: B905
            a, b = a[max(0, same - 2) : same + 4], b[max(0, same - 2) : same + 4]
        if a != b:
            lines += [f"-- {field.name}: graphql-core", str(a), f"-- {field.name}: plan", str(b)]
    return "\n".join(lines)


async def many(seed: int, count: int, *, check: bool = False) -> Counter[str]:
    """Examples until so many were compared; their counts."""
    counts: Counter[str] = Counter()
    with broken_worlds():
        while counts["compared"] < count:
            at = f"{seed}/{counts['documents']}"
            try:
                counts += await example(Random(at), check=check)  # noqa: S311 - repeatable
            except Different as error:
                raise Different(f"seed {at}\n{error}") from None
            if counts["documents"] % 100 == 0:
                gc.collect()
    return counts
