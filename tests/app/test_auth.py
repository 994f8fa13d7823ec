"""Who asks: no oracle, a short memory, and limits for those who guess and those who hurry."""

import asyncio
from datetime import timedelta
from http import HTTPStatus

import pytest
from multidict import CIMultiDict

from app.auth import Allowance
from app.auth.api_keys import CACHE_SECONDS, FRESH_SECONDS, Credentials, new_secret
from app.auth.failures import FAILED_LOGINS
from app.pepper import Pepper, PepperInvalid
from db import clients
from db.clients import Client, Digest, Limits
from db.pool import Connection, Database
from domain.viewers import Scope
from tests.app.desk import HERE, WRONG, Desk, headers

OVERLAP = timedelta(hours=1)


async def rotated(desk: Desk, made: Credentials, overlap: timedelta = OVERLAP) -> Credentials:
    """The client's new credentials."""
    secret, pepper = new_secret(), desk.pepper
    digest = Digest(pepper.mac(secret.reveal(), pepper.version), pepper.version)
    async with desk.database.worker() as conn:
        assert await clients.rotate(conn, made.key, digest, overlap)
    return Credentials(made.key, secret)


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


async def test_the_names_of_credentials_are_found_in_any_case(desk: Desk) -> None:
    made = await desk.client()
    sent = CIMultiDict({name.lower(): value for name, value in headers(made).items()})
    assert (await desk.authenticator.caller(sent, HERE)).viewer


async def test_without_credentials_one_is_anonymous(desk: Desk) -> None:
    assert (await desk.authenticator.caller({}, HERE)).viewer is None


def mistyped(made: Credentials) -> str:
    """The secret with two neighbors exchanged."""
    secret = made.secret.reveal()
    at = next(n for n in range(5, 40) if secret[n] != secret[n + 1])
    return secret[:at] + secret[at + 1] + secret[at] + secret[at + 2 :]


async def test_whatever_is_wrong_the_answer_is_the_same(desk: Desk) -> None:
    made, stranger = await desk.client(), Credentials.mint("sandbox")
    live = await desk.client("live")
    elsewhere = await desk.client(limits=Limits(addresses=("198.51.100.0/24",)))
    revoked = await desk.client()
    async with desk.database.worker() as conn:
        await clients.revoke(conn, revoked.key)
    tried = [
        headers(stranger),
        headers(made, WRONG),
        headers(made, "wrong"),
        headers(made, ""),
        headers(made, "x" * 10_000),
        headers(made, mistyped(made)),
        headers(live),
        headers(elsewhere),
        headers(revoked),
        {"X-API-Key": made.key},
        {"X-API-Secret": made.secret.reveal()},
        {"X-API-Key": "vgtest_' OR 1=1", "X-API-Secret": "x"},
        {"Authorization": "Bearer abc"},
        {**headers(made), "Authorization": "Bearer abc"},
        {**headers(made), "Authorization": "Basic abc"},
        CIMultiDict([*headers(made).items(), ("X-API-Key", made.key)]),
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
    await desk.refusal(headers(made, WRONG))
    assert unknown == steps
    assert steps.count("look-up") == 1
    # Also once both are remembered, and looked up afresh since the secret does not fit.
    desk.now += FRESH_SECONDS
    stranger, steps[:] = Credentials.mint("sandbox"), []
    await desk.refusal(headers(stranger))
    desk.now += FRESH_SECONDS
    steps[:] = []
    await desk.refusal(headers(stranger))
    unknown, steps[:] = list(steps), []
    await desk.refusal(headers(made, WRONG))
    assert unknown == steps


async def test_a_secret_that_is_none_is_not_looked_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await desk.client()
    monkeypatch.setattr(clients, "find", None)  # a look-up would fail
    for secret in ("wrong", mistyped(made), made.secret.reveal().upper(), WRONG[:-1]):
        assert (await desk.refusal(headers(made, secret))).status == HTTPStatus.UNAUTHORIZED


async def test_of_a_rotated_client_both_secrets_work_until_the_overlap_ends(desk: Desk) -> None:
    made = await desk.client()
    await desk.authenticator.caller(headers(made), HERE)
    desk.now += FRESH_SECONDS
    second = await rotated(desk, made)
    # At once: a remembered row is no reason to refuse a new secret.
    for one in (second, made):
        assert (await desk.authenticator.caller(headers(one), HERE)).viewer
    assert (await desk.refusal(headers(made, WRONG))).status == HTTPStatus.UNAUTHORIZED
    third = await rotated(desk, made)
    desk.now += CACHE_SECONDS
    for one in (third, second):
        assert (await desk.authenticator.caller(headers(one), HERE)).viewer
    assert (await desk.refusal(headers(made))).status == HTTPStatus.UNAUTHORIZED
    async with desk.database.worker() as conn:
        await conn.execute("UPDATE api_clients SET previous_until = now()")
    desk.now += CACHE_SECONDS
    assert (await desk.refusal(headers(second))).status == HTTPStatus.UNAUTHORIZED
    assert (await desk.authenticator.caller(headers(third), HERE)).viewer


async def test_without_an_overlap_the_old_secret_ends(desk: Desk) -> None:
    made = await desk.client()
    await desk.authenticator.caller(headers(made), HERE)
    second = await rotated(desk, made, timedelta(0))
    desk.now += CACHE_SECONDS
    assert (await desk.refusal(headers(made))).status == HTTPStatus.UNAUTHORIZED
    assert (await desk.authenticator.caller(headers(second), HERE)).viewer


async def test_the_secrets_of_a_rotation_may_have_different_peppers(database: Database) -> None:
    old = Pepper.generate()
    made = await Desk(database, Pepper.parse(old)).client()
    both = Desk(database, Pepper.parse(f"{old},{Pepper.generate().replace('1:', '2:', 1)}"))
    second = await rotated(both, made)
    for one in (made, second):
        assert (await both.authenticator.caller(headers(one), HERE)).viewer


async def test_whoever_is_let_in_is_asked_for_again(desk: Desk) -> None:
    made = await desk.client(limits=Limits(addresses=("203.0.113.0/24",)))
    anonymous = await desk.authenticator.caller({}, HERE)
    caller = await desk.authenticator.caller(headers(made), HERE)
    desk.now += CACHE_SECONDS
    assert await desk.authenticator.still_valid(caller)
    assert await desk.authenticator.still_valid(anonymous)


@pytest.mark.parametrize(
    "change",
    [
        "revoked_at = now()",
        "expires_at = now()",
        "addresses = '{198.51.100.0/24}'",
        "scopes = '{catalog:read,orders:read}'",
        "scopes = '{}'",
        "secret_mac = 'another'",
    ],
)
async def test_who_lost_a_right_is_no_longer_valid_within_seconds(desk: Desk, change: str) -> None:
    made = await desk.client()
    caller = await desk.authenticator.caller(headers(made), HERE)
    async with desk.database.worker() as conn:
        await conn.execute("RESET ROLE")
        await conn.execute(f"UPDATE api_clients SET {change}")  # noqa: S608
    desk.now += CACHE_SECONDS
    assert not await desk.authenticator.still_valid(caller)


async def test_who_came_with_the_old_secret_stays_until_the_overlap_ends(desk: Desk) -> None:
    made = await desk.client()
    caller = await desk.authenticator.caller(headers(made), HERE)
    await rotated(desk, made)
    desk.now += CACHE_SECONDS
    assert await desk.authenticator.still_valid(caller)
    async with desk.database.worker() as conn:
        await conn.execute("UPDATE api_clients SET previous_until = now()")
    desk.now += CACHE_SECONDS
    assert not await desk.authenticator.still_valid(caller)


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


async def test_a_thousand_who_ask_at_once_cost_one_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await desk.client()
    callers = [await desk.authenticator.caller(headers(made), HERE) for _ in range(5)]
    original, reads = clients.find, []

    async def counted(conn: Connection, key: str) -> Client | None:
        reads.append(key)
        return await original(conn, key)

    monkeypatch.setattr(clients, "find", counted)
    desk.now += CACHE_SECONDS
    asked = [
        asyncio.create_task(desk.authenticator.still_valid(callers[n % 5])) for n in range(999)
    ]
    await asyncio.sleep(0)
    asked[0].cancel()  # takes the read from nobody
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert set(found[1:]) == {True}
    assert reads == [made.key]
    async with desk.database.worker() as conn:
        await clients.revoke(conn, made.key)
    desk.now += CACHE_SECONDS
    assert await desk.authenticator.still_valid(callers[0]) is False


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
        refusal = await desk.refusal(headers(made, WRONG))
        assert refusal.status == HTTPStatus.UNAUTHORIZED
    blocked = await desk.refusal(headers(made, WRONG))
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
    made = await desk.client(
        limits=Limits(rate_per_10_seconds=2, cost_budget=3000, reveals_per_order_hour=7)
    )
    caller = await desk.authenticator.caller(headers(made), HERE)
    assert caller.viewer is not None
    assert (caller.standing.rule.maximum, caller.viewer.reveals_per_order_hour) == (2, 7)
    assert [rule.maximum for rule in caller.rules] == [5, 2]
    assert caller.bucket.size == 3000


@pytest.mark.parametrize(
    "text", ["", "hello", "1:", "1:!!!", "1:c2hvcnQ=", "file:/nowhere", "0:" + "A" * 44]
)
def test_a_pepper_that_cannot_be_read_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(PepperInvalid) as caught:
        Pepper.parse(text)
    assert "hello" not in str(caught.value)
    assert "c2hvcnQ" not in str(caught.value)
