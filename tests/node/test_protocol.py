"""GraphQL over HTTP by the letter: the audits of the graphql-http package."""

from tests.node.project import run
from tests.operations.service import Service


async def test_no_audit_fails_or_warns(service: Service) -> None:
    printed = await run("node", "protocol/audit.mjs", f"{service.url}/graphql")
    assert "audits ok" in printed
