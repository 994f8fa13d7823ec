"""The schema as its readers lint it."""

from pathlib import Path

from schema import build_schema
from schema.sdl import plain_sdl
from tests.node.project import HERE, run


async def test_the_schema_passes_the_recommended_rules_and_relays() -> None:
    copy = HERE / "build" / "schema.graphql"
    copy.parent.mkdir(exist_ok=True)
    copy.write_text(plain_sdl(build_schema()))
    assert (
        await run("node_modules/.bin/eslint", "--max-warnings", "0", str(Path("build", copy.name)))
        == ""
    )
