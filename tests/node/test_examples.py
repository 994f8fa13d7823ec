"""The programs of docs/examples/typescript, compiled here, before the tests of all examples."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.examples.conftest import desk, examples, wire
from tests.examples.programs import EXAMPLES
from tests.examples.test_examples import (
    test_buy_although_the_answer_is_lost,
    test_buy_follows_the_advice,
    test_buy_once,
    test_every_task_has_a_program,
    test_list,
    test_refused_credentials,
    test_resume_without_missing_an_event,
    test_reveal_with_a_purpose,
    test_wait_over_a_lost_connection,
)
from tests.examples.test_webhooks import receiver, test_a_program_that_takes_webhooks
from tests.node.project import HERE, run

__all__ = [
    "desk",
    "examples",
    "receiver",
    "test_a_program_that_takes_webhooks",
    "test_buy_although_the_answer_is_lost",
    "test_buy_follows_the_advice",
    "test_buy_once",
    "test_every_task_has_a_program",
    "test_list",
    "test_refused_credentials",
    "test_resume_without_missing_an_event",
    "test_reveal_with_a_purpose",
    "test_wait_over_a_lost_connection",
    "wire",
]
SOURCES = EXAMPLES / "typescript"
# A copy beside node_modules: what a partner has after `npm install` in a folder of their own.
COPY = HERE / "build" / "examples"


@pytest.fixture(scope="module")
async def built() -> Path:
    """Where the compiled programs are: typed by graphql-codegen, compiled by the strict tsc."""
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir(parents=True)
    for source in (*SOURCES.glob("*.ts"), SOURCES / "tsconfig.json"):
        shutil.copy(source, COPY)
    schema = str(EXAMPLES.parents[1] / "schema" / "schema.graphql")
    tools = HERE / "node_modules" / ".bin"
    await run(
        *(str(tools / "graphql-codegen"), "--config", "codegen.ts"), directory=COPY, SCHEMA=schema
    )
    await run(str(tools / "tsc"), directory=COPY)
    return COPY / "build"


@pytest.fixture(params=["typescript"])
def language(built: Path) -> Any:
    return "typescript", lambda name: ["node", str(built / f"{name}.js")]


def test_the_tools_are_those_that_the_examples_name() -> None:
    """What a partner installs and what the examples are tried with are the same packages."""
    named = json.loads((SOURCES / "package.json").read_text())
    wanted = {**named["dependencies"], **named["devDependencies"]}
    ours = json.loads((HERE / "package.json").read_text())["devDependencies"]
    assert set(wanted) - set(ours) == set()
