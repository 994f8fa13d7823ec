"""The issuer's keys: rolled over, withdrawn, unreachable, and never asked for in a storm."""

import asyncio
from http import HTTPStatus
from typing import Any

import pytest

from app.auth import jwks
from app.auth.jwks import FRESH_SECONDS, KEPT_SECONDS, MAX_BYTES, PAUSE_SECONDS
from db.pool import Database
from domain.secret import Secret
from tests.app.desk import HERE, Desk
from tests.app.issuer import NOW, LocalIssuer, key, local_issuer

LEAST, MOST = FRESH_SECONDS
FOR_LONG = NOW + 10_000_000


async def status(desk: Desk, token: Secret, address: str = HERE) -> int:
    """200, or what the token is refused with."""
    headers = {"Authorization": f"Bearer {token.reveal()}"}
    try:
        await desk.authenticator.caller(headers, address)
    except Exception as refusal:  # noqa: BLE001 - whatever it is, it has a status
        return int(refusal.status)  # type: ignore[attr-defined]
    return 200


async def test_the_keys_are_read_once_in_ten_minutes(issued: Desk, issuer: LocalIssuer) -> None:
    for number in range(20):
        assert await status(issued, issuer.token(issued.account, exp=NOW + number)) == 200
    issued.now += MOST - 1
    assert await status(issued, issuer.token(issued.account)) == 200
    assert issuer.fetches == 1
    issued.now += 1
    assert await status(issued, issuer.token(issued.account)) == 200
    assert issuer.fetches == 2
    assert MOST == 600


@pytest.mark.parametrize(
    ("control", "seconds"),
    [
        ("max-age=120", 120),
        ("public, max-age=120, must-revalidate", 120),
        ("max-age=0", LEAST),
        ("max-age=86400", MOST),
        ("s-maxage=120", MOST),
        ("no-store", MOST),
    ],
)
async def test_their_age_is_the_issuers_within_bounds(
    issued: Desk, issuer: LocalIssuer, control: str, seconds: float
) -> None:
    issuer.headers = {"Cache-Control": control}
    await status(issued, issuer.token(issued.account))
    issued.now += seconds - 1
    await status(issued, issuer.token(issued.account))
    assert issuer.fetches == 1
    issued.now += 1
    await status(issued, issuer.token(issued.account))
    assert issuer.fetches == 2


async def test_a_new_key_is_known_at_its_first_token(issued: Desk, issuer: LocalIssuer) -> None:
    old = issuer.keys[0]
    assert await status(issued, issuer.token(issued.account, exp=FOR_LONG)) == 200
    issued.now += PAUSE_SECONDS
    issuer.keys = [key("two"), old]
    assert await status(issued, issuer.token(issued.account)) == 200
    assert await status(issued, issuer.token(issued.account, by=old)) == 200
    assert issuer.fetches == 2


async def test_made_up_key_ids_bring_no_storm(issued: Desk, issuer: LocalIssuer) -> None:
    await status(issued, issuer.token(issued.account))
    for number in range(50):
        token = issuer.token(issued.account, header={"kid": f"made-up-{number}"})
        assert await status(issued, token, f"2001:db8:{number}::1") == HTTPStatus.UNAUTHORIZED
    assert issuer.fetches == 1
    issued.now += PAUSE_SECONDS
    tokens = [issuer.token(issued.account, header={"kid": f"new-{n}"}) for n in range(20)]
    found = await asyncio.gather(
        *(status(issued, one, f"2001:db8:{n}::2") for n, one in enumerate(tokens))
    )
    assert set(found) == {HTTPStatus.UNAUTHORIZED}
    assert issuer.fetches == 2


async def test_a_blocked_address_causes_no_fetch(issued: Desk, issuer: LocalIssuer) -> None:
    for _ in range(30):
        await issued.refusal({"Authorization": "Bearer a.b.c"})
    token = issuer.token(issued.account, by=key("two"))
    assert await status(issued, token) == HTTPStatus.TOO_MANY_REQUESTS
    assert issuer.fetches == 0


async def test_who_comes_at_once_waits_for_one_fetch(issued: Desk, issuer: LocalIssuer) -> None:
    issuer.open.clear()
    tokens = [issuer.token(issued.account, sub=f"shop-{n}") for n in range(10)]
    waiting = [asyncio.create_task(status(issued, token)) for token in tokens]
    await issuer.asked.wait()
    waiting[0].cancel()  # who goes away takes nothing from the others
    await asyncio.sleep(0)
    issuer.open.set()
    assert await asyncio.gather(*waiting[1:]) == [200] * 9
    assert issuer.fetches == 1


async def test_the_last_good_keys_serve_while_the_issuer_is_down(
    issued: Desk, issuer: LocalIssuer
) -> None:
    assert await status(issued, issuer.token(issued.account)) == 200
    issuer.status = 500
    for number in range(3):
        issued.now += MOST
        assert await status(issued, issuer.token(issued.account, exp=NOW + 9 + number)) == 200
    # A key nobody has seen may be a new one: that is not known, and no failed login.
    fresh = issuer.token(issued.account, by=key("two"))
    assert await status(issued, fresh) == HTTPStatus.SERVICE_UNAVAILABLE
    issuer.status = 200
    issued.now += PAUSE_SECONDS
    assert await status(issued, fresh) == HTTPStatus.UNAUTHORIZED
    assert await status(issued, issuer.token(issued.account)) == 200


async def test_nobody_waits_for_an_issuer_that_hangs(
    issued: Desk, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "FETCH_SECONDS", 0.2)
    assert await status(issued, issuer.token(issued.account)) == 200
    issuer.open.clear()
    issued.now += MOST
    assert await status(issued, issuer.token(issued.account, exp=NOW + 1)) == 200  # waits once
    issued.now += PAUSE_SECONDS
    monkeypatch.setattr(jwks, "FETCH_SECONDS", 30)
    async with asyncio.timeout(5):
        assert await status(issued, issuer.token(issued.account, exp=NOW + 2)) == 200
    issuer.open.set()


async def test_keys_not_seen_for_a_day_are_no_longer_good(
    issued: Desk, issuer: LocalIssuer
) -> None:
    headers = {"Authorization": f"Bearer {issuer.token(issued.account, exp=FOR_LONG).reveal()}"}
    caller = await issued.authenticator.caller(headers, HERE)
    issuer.status = 500
    issued.now += KEPT_SECONDS - 1
    assert await issued.authenticator.still_valid(caller)
    issued.now += PAUSE_SECONDS
    assert not await issued.authenticator.still_valid(caller)
    refusal = await issued.refusal(headers)
    assert refusal.status == HTTPStatus.SERVICE_UNAVAILABLE


@pytest.mark.parametrize(
    "broken",
    [
        {"status": 500},
        {"status": 404},
        {"status": 302, "headers": {"Location": "/elsewhere"}},
        {"body": b"no"},
        {"body": b""},
        {"body": b"[]"},
        {"body": b'{"keys": 7}'},
        {"body": b'{"keys": {}}'},
        {"body": b"[" * 10_000},
        {"body": b'{"keys": [' + b" " * MAX_BYTES + b"]}"},
        {"body": b'{"keys": [' + b"{}," * 100 + b"{}]}"},
        {"headers": {"Content-Encoding": "gzip"}, "body": b"\x1f\x8b\x08"},
    ],
)
async def test_without_keys_nobody_can_tell(
    issued: Desk, issuer: LocalIssuer, broken: dict[str, Any]
) -> None:
    for name, value in broken.items():
        setattr(issuer, name, value)
    token = issuer.token(issued.account)
    refusal = await issued.refusal({"Authorization": f"Bearer {token.reveal()}"})
    assert refusal.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert refusal.body["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
    assert 0 < int(refusal.headers["Retry-After"]) <= PAUSE_SECONDS
    assert issuer.url not in str(refusal.body)
    # It is no failed login: nobody is locked out by an issuer that is down.
    for _ in range(40):
        assert await status(issued, token) == HTTPStatus.SERVICE_UNAVAILABLE
    assert issuer.fetches == 1
    for name, value in LocalIssuer().__dict__.items():
        if name in ("status", "body", "headers"):
            setattr(issuer, name, value)
    issued.now += PAUSE_SECONDS
    assert await status(issued, token) == 200


async def test_an_issuer_that_does_not_listen(database: Database, issuer: LocalIssuer) -> None:
    desk = Desk(database, issuer=issuer.config(), wall=NOW)
    token = issuer.token(desk.account)
    async with local_issuer() as gone:
        config = gone.config()
    desk = Desk(database, issuer=config, wall=NOW)
    assert await status(desk, token) == HTTPStatus.SERVICE_UNAVAILABLE


# -------------------------------------------------------------------------------- discovery
async def test_the_address_of_the_keys_is_discovered(
    database: Database, issuer: LocalIssuer
) -> None:
    desk = Desk(database, issuer=issuer.config(discover=True), wall=NOW)
    await desk.open_account()
    assert await status(desk, issuer.token(desk.account)) == 200
    assert (issuer.discoveries, issuer.fetches) == (1, 1)


async def test_a_discovery_document_of_another_issuer_is_not_believed(
    database: Database, issuer: LocalIssuer
) -> None:
    desk = Desk(database, issuer=issuer.config(discover=True), wall=NOW)
    await desk.open_account()
    for names in ("https://login.example.com", f"{issuer.url}/", ""):
        issuer.names = names
        token = issuer.token(desk.account)
        assert await status(desk, token) == HTTPStatus.SERVICE_UNAVAILABLE
        desk.now += PAUSE_SECONDS
    assert issuer.fetches == 0


# ------------------------------------------------------------------------------------- keys
async def test_keys_that_cannot_be_used_are_left_out(issued: Desk, issuer: LocalIssuer) -> None:
    good = issuer.keys[0]
    usable = dict(good.as_dict(private=False))
    weak = key("weak", "RSA", 2048).as_dict(private=False)
    issuer.published = [
        {"kty": "oct", "kid": "shared", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"},
        {"kty": "XYZ", "kid": "future"},
        {"kty": "EC", "kid": "torn", "crv": "P-256", "x": "AA"},
        {"kty": "EC", "kid": "curve", "crv": "P-999", "x": "AA", "y": "AA"},
        {"kty": "OKP", "kid": "okp", "crv": "X-1", "x": "AA"},
        {**weak, "n": "AQAB" * 40},
        {**usable, "kid": 7},
        "no",
        None,
        7,
        usable,
    ]
    assert await status(issued, issuer.token(issued.account)) == 200
    for kid in ("shared", "future", "torn", "curve", "okp", "weak"):
        token = issuer.token(issued.account, header={"kid": kid})
        assert await status(issued, token) == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize(
    "members",
    [{"use": "enc"}, {"alg": "ES384"}, {"key_ops": ["sign"]}],
)
async def test_a_key_for_something_else_verifies_nothing(
    issued: Desk, issuer: LocalIssuer, members: dict[str, Any]
) -> None:
    issuer.published = [{**issuer.keys[0].as_dict(private=False), **members}]
    assert await status(issued, issuer.token(issued.account)) == HTTPStatus.UNAUTHORIZED


async def test_a_token_without_a_key_id_needs_the_only_key_that_fits(
    issued: Desk, issuer: LocalIssuer
) -> None:
    one = issuer.keys[0]
    issuer.keys = [key("other", "EC", "P-384"), one]
    nameless = issuer.token(issued.account, by=one, header={"kid": None})
    assert await status(issued, nameless) == 200
    issuer.keys = [one, key("two")]
    issued.now += MOST
    nameless = issuer.token(issued.account, by=one, header={"kid": None}, sub="again")
    assert await status(issued, nameless) == HTTPStatus.UNAUTHORIZED


async def test_private_members_are_never_kept(issued: Desk, issuer: LocalIssuer) -> None:
    issuer.published = [dict(issuer.keys[0].as_dict(private=True))]
    headers = {"Authorization": f"Bearer {issuer.token(issued.account).reveal()}"}
    await issued.authenticator.caller(headers, HERE)
    bearer = issued.authenticator._bearer
    assert bearer is not None
    known = bearer._keys._known
    assert known is not None
    assert [one.is_private for one in known.keys] == [False]
