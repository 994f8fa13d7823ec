"""Who asks: no oracle, a short memory, and limits for those who guess and those who hurry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from uuid import UUID

import pytest

from app.auth import Allowance, Authenticator
from app.auth.api_keys import CACHE_SECONDS, Credentials
from app.auth.failures import FAILED_LOGINS
from app.errors import Refusal
from app.pepper import Pepper, PepperInvalid
from db import accounts, clients
from db.clients import Limits, NewClient
from db.pool import Database
from domain.ids import uuid7
from domain.viewers import Scope

HERE = "203.0.113.7"
FREELY = Allowance(10_000, 10_000, 60, 10_000)


@dataclass
class Desk:
    """An authenticator with a clock that the test turns."""

    database: Database
    pepper: Pepper = field(default_factory=lambda: Pepper.parse(Pepper.generate()))
    now: float = 1000.0
    allowance: Allowance = FREELY
    account: UUID = field(default_factory=uuid7)

    def __post_init__(self) -> None:
        self.authenticator = Authenticator(
            self.database,
            self.pepper,
            mode="sandbox",
            allowance=self.allowance,
            demo=self.allowance,
            clock=lambda: self.now,
        )

    async def client(self, mode: str = "sandbox", limits: Limits = Limits()) -> Credentials:  # noqa: B008
        made = Credentials.mint(mode)
        async with self.database.worker() as conn:
            if await accounts.find(conn, self.account) is None:
                await accounts.add(conn, self.account, "acme")
            mac = self.pepper.mac(made.secret.reveal(), self.pepper.version)
            scopes = (Scope.CATALOG_READ.value,)
            await clients.add(
                conn,
                NewClient(
                    uuid7(), self.account, made.key, "c", mac, self.pepper.version, scopes, limits
                ),
            )
        return made

    async def refusal(self, headers: Mapping[str, str], address: str = HERE) -> Refusal:
        with pytest.raises(Refusal) as caught:
            await self.authenticator.caller(headers, address)
        return caught.value


def headers(made: Credentials, secret: str | None = None) -> dict[str, str]:
    return {
        "X-API-Key": made.key,
        "X-API-Secret": made.secret.reveal() if secret is None else secret,
    }


@pytest.fixture
async def desk(database: Database) -> Desk:
    return Desk(database)


async def test_a_client_is_known_with_its_account_and_scopes(desk: Desk) -> None:
    made = await desk.client()
    caller = await desk.authenticator.caller(headers(made), HERE)
    assert caller.viewer is not None
    assert (caller.viewer.account, caller.viewer.account_name) == (desk.account, "acme")
    assert caller.viewer.scopes == {Scope.CATALOG_READ}
    assert caller.viewer.actor == made.key


async def test_without_credentials_one_is_anonymous(desk: Desk) -> None:
    assert (await desk.authenticator.caller({}, HERE)).viewer is None


async def test_whatever_is_wrong_the_answer_is_the_same(desk: Desk) -> None:
    made, stranger = await desk.client(), Credentials.mint("sandbox")
    live = await desk.client("live")
    elsewhere = await desk.client(limits=Limits(addresses=("198.51.100.0/24",)))
    revoked = await desk.client()
    async with desk.database.worker() as conn:
        await clients.revoke(conn, revoked.key)
    tried = [
        headers(stranger),
        headers(made, "wrong"),
        headers(made, ""),
        headers(made, "x" * 10_000),
        headers(live),
        headers(elsewhere),
        headers(revoked),
        {"X-API-Key": made.key},
        {"X-API-Secret": made.secret.reveal()},
        {"X-API-Key": "vgtest_' OR 1=1", "X-API-Secret": "x"},
        {"Authorization": "Bearer abc"},
        {**headers(made), "Authorization": "Bearer abc"},
    ]
    answers = [await desk.refusal(one) for one in tried]
    assert {(a.status, str(a.body), str(a.headers)) for a in answers} == {
        (answers[0].status, str(answers[0].body), str(answers[0].headers))
    }
    assert answers[0].status == HTTPStatus.UNAUTHORIZED
    assert answers[0].body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_an_unknown_key_takes_the_same_look_up_and_digest(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, steps = await desk.client(), list[str]()
    find, mac = clients.find, desk.pepper.mac

    async def found(*args: object) -> object:
        steps.append("look-up")
        return await find(*args)  # type: ignore[arg-type]

    def digest(secret: str, version: int) -> bytes:
        steps.append("digest")
        return mac(secret, version)

    monkeypatch.setattr(clients, "find", found)
    monkeypatch.setattr(desk.pepper, "mac", digest)
    await desk.refusal(headers(Credentials.mint("sandbox")))
    unknown, steps[:] = list(steps), []
    await desk.refusal(headers(made, "wrong"))
    assert unknown == steps == ["look-up", "digest"]


async def test_an_address_list_lets_its_own_in(desk: Desk) -> None:
    made = await desk.client(limits=Limits(addresses=("203.0.113.0/24",)))
    assert (await desk.authenticator.caller(headers(made), HERE)).viewer
    assert (await desk.refusal(headers(made), "198.51.100.1")).status == HTTPStatus.UNAUTHORIZED


async def test_a_revoked_client_ends_within_five_seconds(desk: Desk) -> None:
    made = await desk.client()
    await desk.authenticator.caller(headers(made), HERE)
    async with desk.database.worker() as conn:
        await clients.revoke(conn, made.key)
    desk.now += CACHE_SECONDS
    assert (await desk.refusal(headers(made))).status == HTTPStatus.UNAUTHORIZED
    assert CACHE_SECONDS <= 5


async def test_the_row_is_read_once_while_it_is_fresh(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await desk.client()
    await desk.authenticator.caller(headers(made), HERE)
    monkeypatch.setattr(clients, "find", None)  # a second look-up would fail
    desk.now += CACHE_SECONDS - 0.1
    assert (await desk.authenticator.caller(headers(made), HERE)).viewer


async def test_only_a_digest_is_stored(desk: Desk) -> None:
    made = await desk.client()
    async with desk.database.worker() as conn:
        row = await clients.find(conn, made.key)
    assert row is not None
    assert made.secret.reveal() not in repr(row)
    assert len(row.secret_mac) == 32
    assert "***" in repr(made)


async def test_an_old_pepper_still_checks_old_secrets(database: Database) -> None:
    old = Pepper.generate()
    made = await Desk(database, Pepper.parse(old)).client()
    both = Pepper.parse(f"{old},{Pepper.generate().replace('1:', '2:', 1)}")
    assert both.version == 2
    assert (await Desk(database, both).authenticator.caller(headers(made), HERE)).viewer
    without = Pepper.parse(Pepper.generate().replace("1:", "2:", 1))
    assert (await Desk(database, without).refusal(headers(made))).status == HTTPStatus.UNAUTHORIZED


async def test_failed_logins_are_limited_per_address(desk: Desk) -> None:
    made, other = await desk.client(), await desk.client()
    await desk.authenticator.caller(headers(made), HERE)
    for _ in range(FAILED_LOGINS[0].maximum):
        refusal = await desk.refusal(headers(made, "wrong"))
        assert refusal.status == HTTPStatus.UNAUTHORIZED
    blocked = await desk.refusal(headers(made, "wrong"))
    assert blocked.status == HTTPStatus.TOO_MANY_REQUESTS
    assert int(blocked.headers["Retry-After"]) > 0
    # Even the right secret is not looked at from there, unless it was used from there before.
    assert (await desk.refusal(headers(other))).status == HTTPStatus.TOO_MANY_REQUESTS
    assert (await desk.authenticator.caller(headers(made), HERE)).viewer
    assert (await desk.authenticator.caller(headers(other), "198.51.100.9")).viewer
    desk.now += FAILED_LOGINS[0].seconds + 1
    assert (await desk.authenticator.caller(headers(other), HERE)).viewer


async def test_a_client_in_a_hurry_is_told_when_to_come_back(database: Database) -> None:
    desk = Desk(database, allowance=Allowance(5, 3, 60, 10_000))
    made = await desk.client()
    left = [
        (await desk.authenticator.caller(headers(made), HERE)).standing.remaining for _ in range(3)
    ]
    assert left == [2, 1, 0]
    refusal = await desk.refusal(headers(made))
    assert refusal.status == HTTPStatus.TOO_MANY_REQUESTS
    assert refusal.body["errors"][0]["extensions"] == {
        "code": "RATE_LIMITED",
        "retryAfterMs": 10_000,
    }
    assert refusal.headers["Retry-After"] == "10"
    desk.now += 10
    for _ in range(2):
        await desk.authenticator.caller(headers(made), HERE)
    assert (await desk.refusal(headers(made))).headers["RateLimit-Limit"] == "5"


async def test_own_limits_of_a_client_go_first(database: Database) -> None:
    desk = Desk(database, allowance=Allowance(5, 1, 60, 10_000))
    made = await desk.client(limits=Limits(rate_per_10_seconds=2, reveals_per_order_hour=7))
    caller = await desk.authenticator.caller(headers(made), HERE)
    assert caller.viewer is not None
    assert (caller.standing.rule.maximum, caller.viewer.reveals_per_order_hour) == (2, 7)
    limits = desk.authenticator.limits(caller.viewer)
    assert [(limit.maximum, limit.remaining) for limit in limits] == [(5, 4), (2, 1)]


@pytest.mark.parametrize(
    "text", ["", "hello", "1:", "1:!!!", "1:c2hvcnQ=", "file:/nowhere", "0:" + "A" * 44]
)
def test_a_pepper_that_cannot_be_read_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(PepperInvalid) as caught:
        Pepper.parse(text)
    assert "hello" not in str(caught.value)
    assert "c2hvcnQ" not in str(caught.value)
