"""Credentials at the outer edge: rotated, revoked, as tokens, and through proxies."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app import issuing
from app.auth.api_keys import FRESH_SECONDS, Credentials, new_secret
from app.composition import StartRefused
from db import accounts
from db.clients import Limits
from domain.secret import Secret
from tests.app.issuer import AUDIENCE, LocalIssuer, local_issuer
from tests.operations.service import Answer, Client, Service, running

WHO = "{ viewer { actor accountName scopes } }"


async def account(service: Service, name: str = "demo") -> UUID:
    async with service.program.database.worker() as conn:
        found = await accounts.by_name(conn, name)
    assert found is not None
    return found.id


def holder(service: Service, key: str, secret: str) -> Client:
    return Client(f"{service.url}/graphql", service.session, {"key": key, "secret": secret})


async def made(service: Service, own: Limits = Limits()) -> Credentials:  # noqa: B008
    return await issuing.create(
        service.program.parts, await account(service), "shop", ("audit:read",), (), {}, own=own
    )


# ------------------------------------------------------------------------------------ API keys
async def test_a_client_is_rotated_while_it_works(service: Service) -> None:
    parts = service.program.parts
    first = await made(service)
    old = holder(service, first.key, first.secret.reveal())
    assert (await old.data(WHO))["viewer"]["actor"] == first.key
    rotated = await issuing.rotate(parts, first.key, timedelta(hours=24))
    assert rotated is not None
    await asyncio.sleep(FRESH_SECONDS)
    new = holder(service, first.key, rotated.secret.reveal())
    assert timedelta(hours=23) < rotated.previous_until - datetime.now(UTC) <= timedelta(hours=24)
    assert (await new.data(WHO)) == (await old.data(WHO))
    events = (await new.data("{ auditEvents(first: 9) { nodes { action actor fields } } }"))[
        "auditEvents"
    ]["nodes"]
    changes = [one["fields"] for one in events if one["action"] == "CLIENT_CHANGED"]
    assert sorted(changes) == [[f"{first.key} created"], [f"{first.key} rotated"]]
    assert {one["actor"] for one in events} == {"cli"}
    assert first.secret.reveal() not in json.dumps(events)


async def test_what_cannot_be_rotated(service: Service) -> None:
    parts = service.program.parts
    first = await made(service)
    assert await issuing.revoke(parts, first.key)
    assert await issuing.rotate(parts, first.key, timedelta(0)) is None
    assert await issuing.rotate(parts, "vgtest_" + "a" * 26, timedelta(0)) is None
    demo = service.client("partner")
    assert demo.credentials is not None
    with pytest.raises(StartRefused, match=r"sandbox\.json"):
        await issuing.rotate(parts, demo.credentials["key"], timedelta(0))
    assert (await demo.send(WHO)).status == 200


async def test_a_client_has_the_limits_it_was_made_with(service: Service) -> None:
    first = await made(service, Limits(rate_per_10_seconds=2))
    client = holder(service, first.key, first.secret.reveal())
    assert [(await client.send(WHO)).status for _ in range(3)] == [200, 200, 429]


async def test_a_mistyped_secret_is_answered_like_a_wrong_one(service: Service) -> None:
    first = await made(service)
    wrong, mistyped = new_secret().reveal(), first.secret.reveal()[:-1]
    answers = [
        await holder(service, first.key, secret).send(WHO, X_Request_Id="the-same-id")
        for secret in (wrong, mistyped, "x")
    ]
    assert {(one.status, str(one.body)) for one in answers} == {(401, str(answers[0].body))}


# ------------------------------------------------------------------------------------- tokens
@pytest.fixture
async def issuer() -> AsyncIterator[LocalIssuer]:
    async with local_issuer() as found:
        yield found


@pytest.fixture
async def guarded(
    monkeypatch: pytest.MonkeyPatch, postgres_dsn: str, tmp_path: Path, issuer: LocalIssuer
) -> AsyncIterator[Service]:
    """The service with an issuer, behind a proxy on this machine."""
    settings = {
        "VOUCHERGRAPH_OIDC_ISSUER": issuer.url,
        "VOUCHERGRAPH_OIDC_AUDIENCE": AUDIENCE,
        "VOUCHERGRAPH_TRUSTED_PROXIES": "127.0.0.0/8",
    }
    async with running(monkeypatch, postgres_dsn, tmp_path, **settings) as started:
        yield started


def lasting() -> dict[str, Any]:
    now = datetime.now(UTC).timestamp()
    return {"iat": now, "exp": now + 300}


async def send(service: Service, token: Secret, query: str = WHO) -> Answer:
    anonymous = Client(f"{service.url}/graphql", service.session, None)
    return await anonymous.send(query, Authorization=f"Bearer {token.reveal()}")


async def test_a_token_is_a_client_of_its_account(guarded: Service, issuer: LocalIssuer) -> None:
    token = issuer.token(await account(guarded), scope="orders:read operations:read", **lasting())
    answer = await send(guarded, token)
    assert answer.data["viewer"] == {
        "actor": "oidc:shop-7",
        "accountName": "demo",
        "scopes": ["orders:read"],
    }
    assert "RateLimit-Limit" in answer.headers
    denied = await send(guarded, token, "{ auditEvents(first: 1) { nodes { action } } }")
    assert denied.codes == ["FORBIDDEN"]


async def test_a_token_buys_nothing_at_another_account(
    guarded: Service, issuer: LocalIssuer
) -> None:
    own = await guarded.imported("enkash", guarded.simulators["enkash"].seeded_orders[0].order_id)
    query = f'{{ node(id: "{own}") {{ id }} }}'
    theirs = issuer.token(await account(guarded, "other"), **lasting())
    ours = issuer.token(await account(guarded), **lasting())
    assert (await send(guarded, theirs, query)).data == {"node": None}
    assert (await send(guarded, ours, query)).data == {"node": {"id": own}}


async def test_a_token_that_is_not_good_is_answered_in_the_same_words(
    guarded: Service, issuer: LocalIssuer
) -> None:
    owner = await account(guarded)
    expired = issuer.token(owner, exp=datetime.now(UTC).timestamp() - 1000)
    foreign = issuer.token(owner, aud="billing", **lasting())
    answers = [await send(guarded, one) for one in (expired, foreign, Secret("x"))]
    assert {(one.status, str(one.body)) for one in answers} == {(401, str(answers[0].body))}
    assert answers[0].codes == ["UNAUTHENTICATED"]
    assert answers[0].headers["WWW-Authenticate"] == "Bearer, ApiKey"
    partner = guarded.client("partner")
    good = issuer.token(owner, **lasting()).reveal()
    assert (await partner.send(WHO, Authorization=f"Bearer {good}")).status == 401


async def test_an_issuer_that_is_down_is_not_the_clients_fault(
    guarded: Service, issuer: LocalIssuer
) -> None:
    issuer.status = 500
    answer = await send(guarded, issuer.token(await account(guarded), **lasting()))
    assert (answer.status, answer.codes) == (503, ["UNAVAILABLE"])
    assert int(answer.headers["Retry-After"]) > 0
    assert (await guarded.client("partner").send(WHO)).status == 200


# ------------------------------------------------------------------------------------- proxies
async def test_address_lists_go_by_what_a_trusted_proxy_says(guarded: Service) -> None:
    owner = await account(guarded)
    first = await issuing.create(
        guarded.program.parts, owner, "shop", ("audit:read",), ("203.0.113.0/24",), {}
    )
    client = holder(guarded, first.key, first.secret.reveal())
    assert (await client.send(WHO, X_Forwarded_For="203.0.113.7")).status == 200
    assert (await client.send(WHO, X_Forwarded_For="203.0.113.7, 198.51.100.1")).status == 401
    assert (await client.send(WHO)).status == 401


async def test_without_a_trusted_proxy_nobody_names_an_address(service: Service) -> None:
    owner = await account(service)
    first = await issuing.create(
        service.program.parts, owner, "shop", ("audit:read",), ("203.0.113.0/24",), {}
    )
    client = holder(service, first.key, first.secret.reveal())
    assert (await client.send(WHO, X_Forwarded_For="203.0.113.7")).status == 401
