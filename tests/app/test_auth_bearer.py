"""Bearer tokens: who a genuine one speaks for, and that none of the others is let in."""

import json
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
import structlog
from joserfc import jws
from joserfc.jwk import Key

from app.auth import Allowance, Caller
from app.auth.bearer import CACHE_SECONDS
from app.auth.failures import FAILED_LOGINS
from app.auth.jwt import ALGORITHMS, MAX_TOKEN, SKEW_SECONDS
from app.errors import Refusal
from db.pool import Database
from domain.ids import Kind, global_id
from domain.secret import Secret
from domain.viewers import Scope
from tests.app.desk import HERE, Desk, headers
from tests.app.issuer import AUDIENCE, NOW, LocalIssuer, key

RSA, OTHER_RSA = key("rsa", "RSA", 2048), key("other", "RSA", 2048)
KEYS = {
    "RS": RSA,
    "PS": RSA,
    "ES256": key("p256", "EC", "P-256"),
    "ES384": key("p384", "EC", "P-384"),
    "ES512": key("p521", "EC", "P-521"),
    "Ed": key("ed", "OKP", "Ed25519"),
}


def bearing(token: Secret) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.reveal()}"}


async def let_in(desk: Desk, token: Secret) -> Caller:
    return await desk.authenticator.caller(bearing(token), HERE)


async def refused(desk: Desk, token: Secret | str) -> Refusal:
    sent = token if isinstance(token, Secret) else Secret(token)
    return await desk.refusal(bearing(sent))


# ------------------------------------------------------------------------------------ let in
async def test_a_token_speaks_for_its_subject_at_its_account(
    issued: Desk, issuer: LocalIssuer
) -> None:
    viewer = (await let_in(issued, issuer.token(issued.account))).viewer
    assert viewer is not None
    assert (viewer.account, viewer.account_name) == (issued.account, "acme")
    assert viewer.actor == "oidc:shop-7"
    assert viewer.scopes == {Scope.ORDERS_READ, Scope.CATALOG_READ}
    # The same subject is the same client, whatever the token; another one is another.
    again = (await let_in(issued, issuer.token(issued.account, exp=NOW + 77))).viewer
    other = (await let_in(issued, issuer.token(issued.account, sub="shop-8"))).viewer
    assert again is not None
    assert other is not None
    assert again.client_id == viewer.client_id != other.client_id


@pytest.mark.parametrize("alg", ALGORITHMS)
async def test_every_algorithm_of_the_list_is_verified(
    issued: Desk, issuer: LocalIssuer, alg: str
) -> None:
    signer = KEYS.get(alg) or KEYS[alg[:2]]
    issuer.keys = [signer]
    assert (await let_in(issued, issuer.token(issued.account, by=signer, alg=alg))).viewer
    stranger = another_like(signer)
    token = issuer.token(issued.account, by=stranger, alg=alg, header={"kid": signer.kid})
    assert (await refused(issued, token)).status == HTTPStatus.UNAUTHORIZED


def another_like(one: Key) -> Key:
    """Another key of the same kind."""
    return OTHER_RSA if one is RSA else key("other", one.key_type, str(one.get("crv")))


@pytest.mark.parametrize("typ", [None, "JWT", "jwt", "at+jwt", "application/at+jwt"])
async def test_types_of_access_tokens_are_taken(
    issued: Desk, issuer: LocalIssuer, typ: str | None
) -> None:
    assert (await let_in(issued, issuer.token(issued.account, header={"typ": typ}))).viewer


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": [AUDIENCE]},
        {"aud": ["billing", AUDIENCE]},
        {"exp": NOW - SKEW_SECONDS + 2},
        {"nbf": NOW + SKEW_SECONDS - 2},
        {"iat": NOW + SKEW_SECONDS - 2},
        {"iat": None},
        {"exp": NOW + 0.5},
        {"sub": "käufer@example.com"},
        {"scope": None},
        {"scope": ["orders:read", "profile"]},
        {"nonce": {"any": ["thing"]}},
    ],
)
async def test_tokens_with_claims_that_fit(
    issued: Desk, issuer: LocalIssuer, claims: dict[str, Any]
) -> None:
    assert (await let_in(issued, issuer.token(issued.account, **claims))).viewer


async def test_the_account_may_be_its_global_id_and_the_claims_may_have_other_names(
    database: Database, issuer: LocalIssuer
) -> None:
    config = issuer.config(account="https://acme.example/account", scope="permissions")
    desk = Desk(database, issuer=config, wall=NOW)
    await desk.open_account()
    named: dict[str, Any] = {
        "https://acme.example/account": global_id(Kind.ACCOUNT, desk.account),
        "permissions": ["wallet:read"],
    }
    token = issuer.token(uuid4(), **named)
    viewer = (await let_in(desk, token)).viewer
    assert viewer is not None
    assert (viewer.account, viewer.scopes) == (desk.account, frozenset({Scope.WALLET_READ}))


@pytest.mark.parametrize(
    ("asked", "granted", "dropped"),
    [
        ("orders:read operations:read", {Scope.ORDERS_READ}, ["operations:read"]),
        ("operations:write operations:read", set(), ["operations:read", "operations:write"]),
        (
            "orders:import vouchers:reveal orders:read",
            {Scope.ORDERS_READ},
            ["orders:import", "vouchers:reveal"],
        ),
        ("orders:import", {Scope.ORDERS_IMPORT}, None),
        ("vouchers:reveal", {Scope.VOUCHERS_REVEAL}, None),
        ("ORDERS:READ orders:read2 *", set(), None),
    ],
)
async def test_an_issuer_grants_no_operations_and_no_importing_with_revealing(
    issued: Desk, issuer: LocalIssuer, asked: str, granted: set[Scope], dropped: list[str] | None
) -> None:
    token = issuer.token(issued.account, scope=asked)
    with structlog.testing.capture_logs() as logs:
        callers = [await let_in(issued, token) for _ in range(3)]
    assert [caller.viewer and caller.viewer.scopes for caller in callers] == [
        frozenset(granted)
    ] * 3
    told = [line["scopes"] for line in logs if line["event"] == "auth.scopes_dropped"]
    assert told == ([dropped] if dropped else [])


# ------------------------------------------------------------------------------------ refused
@pytest.mark.parametrize(
    ("reason", "claims"),
    [
        ("iss", {"iss": "https://login.example.com"}),
        ("iss", {"iss": None}),
        ("iss", {"iss": ["x"]}),
        ("aud", {"aud": "billing"}),
        ("aud", {"aud": ["billing"]}),
        ("aud", {"aud": []}),
        ("aud", {"aud": None}),
        ("aud", {"aud": {"vouchergraph": 1}}),
        ("aud", {"aud": f"{AUDIENCE} billing"}),
        ("exp", {"exp": NOW - SKEW_SECONDS}),
        ("exp", {"exp": None}),
        ("exp", {"exp": "2100-01-01"}),
        ("exp", {"exp": True}),
        ("nbf", {"nbf": NOW + SKEW_SECONDS + 1}),
        ("iat", {"iat": NOW + SKEW_SECONDS + 1}),
        ("iat", {"iat": "now"}),
        ("sub", {"sub": None}),
        ("sub", {"sub": ""}),
        ("sub", {"sub": 7}),
        ("sub", {"sub": "x" * 201}),
        ("sub", {"sub": "shop\n7"}),
        ("account", {"account": None}),
        ("account", {"account": 7}),
        ("account", {"account": "acme"}),
        ("account", {"account": "{01a1fd4f-9392-755d-9658-3b54fbad15b8}"}),
        (None, {"account": "01a1fd4f-9392-755d-9658-3b54fbad15b8"}),
        ("scope", {"scope": 7}),
        ("scope", {"scope": ["orders:read", 7]}),
    ],
)
async def test_claims_that_do_not_fit(
    issued: Desk, issuer: LocalIssuer, reason: str | None, claims: dict[str, Any]
) -> None:
    token = issuer.token(**{"account": issued.account, **claims})
    if claims.get("account", 0) is None:
        token = signed_over(issuer, {k: v for k, v in issuer.claims("").items() if k != "account"})
    with structlog.testing.capture_logs() as logs:
        refusal = await refused(issued, token)
    assert refusal.status == HTTPStatus.UNAUTHORIZED
    said = [line["reason"] for line in logs if line["event"] == "auth.token_refused"]
    assert said == ([reason] if reason else [])


def signed_over(issuer: LocalIssuer, payload: object) -> Secret:
    """A genuine signature over any payload."""
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    fields = {"alg": "ES256", "kid": issuer.keys[0].kid}
    return Secret(jws.serialize_compact(fields, raw, issuer.keys[0]))


@pytest.mark.parametrize(
    "payload",
    [b"", b"no", b"7", b"[]", b"null", b'"x"', b'{"exp": 1e400}', b"\xff\xfe", b"[" * 4000, b"{}"],
)
async def test_a_signature_over_what_are_no_claims(
    issued: Desk, issuer: LocalIssuer, payload: bytes
) -> None:
    assert (await refused(issued, signed_over(issuer, payload))).status == HTTPStatus.UNAUTHORIZED


async def test_whatever_is_wrong_the_answer_is_the_same(issued: Desk, issuer: LocalIssuer) -> None:
    good = issuer.token(issued.account).reveal()
    made = await issued.client()
    key_only = headers(made)
    tried = [
        bearing(Secret(token))
        for token in (
            "",
            "abc",
            "a.b.c",
            "a.b",
            f"{good}x",
            good[:-2],
            good[:30] + good[31:],
            f"{good}.{good}",
            f"{good}=",
            good.replace(".", ".."),
            "ü.ü.ü",
            issuer.token(issued.account, exp=NOW - 1000).reveal(),
            issuer.token(issued.account, by=key("unknown")).reveal(),
            issuer.token(uuid4()).reveal(),
        )
    ] + [
        {"Authorization": good},
        {"Authorization": f"Basic {good}"},
        {"Authorization": f"Bearer\t{good}"},
        {**key_only, **bearing(Secret(good))},
        {"X-API-Key": made.key, **bearing(Secret(good))},
        {"X-API-Key": made.key, "X-API-Secret": "wrong"},
    ]
    answers = [await issued.refusal(one) for one in tried]
    assert {(a.status, str(a.body), str(a.headers)) for a in answers} == {
        (answers[0].status, str(answers[0].body), str(answers[0].headers))
    }
    assert answers[0].status == HTTPStatus.UNAUTHORIZED
    assert answers[0].headers == {"WWW-Authenticate": "Bearer, ApiKey"}
    assert (await issued.authenticator.caller({"Authorization": f"bearer {good}"}, HERE)).viewer


async def test_without_an_issuer_no_token_is_good(issued: Desk, issuer: LocalIssuer) -> None:
    plain = Desk(issued.database, account=issued.account, wall=NOW)
    refusal = await refused(plain, issuer.token(issued.account))
    assert refusal.headers == {"WWW-Authenticate": "ApiKey"}
    assert "bearer" not in str(refusal.body)


async def test_a_token_of_nine_kilobytes_is_not_looked_at(
    issued: Desk, issuer: LocalIssuer
) -> None:
    large = issuer.token(issued.account, pad="x" * (MAX_TOKEN * 3 // 4))
    assert (await refused(issued, large)).status == HTTPStatus.UNAUTHORIZED
    assert issuer.fetches == 0
    assert (await let_in(issued, issuer.token(issued.account, pad="x" * 5000))).viewer


# ------------------------------------------------------------------------------- over time
async def test_a_token_is_not_remembered_longer_than_it_lasts(
    issued: Desk, issuer: LocalIssuer
) -> None:
    token = issuer.token(issued.account)
    caller = await let_in(issued, token)
    issued.wall = NOW + 300 + SKEW_SECONDS - 1
    assert (await let_in(issued, token)).viewer
    assert await issued.authenticator.still_valid(caller)
    issued.wall = NOW + 300 + SKEW_SECONDS
    assert (await refused(issued, token)).status == HTTPStatus.UNAUTHORIZED
    assert not await issued.authenticator.still_valid(caller)


async def test_a_token_of_a_withdrawn_key_ends(issued: Desk, issuer: LocalIssuer) -> None:
    token = issuer.token(issued.account, exp=NOW + 100_000)
    caller = await let_in(issued, token)
    issuer.keys = [key("two")]
    issued.now += 600
    assert not await issued.authenticator.still_valid(caller)
    assert (await refused(issued, token)).status == HTTPStatus.UNAUTHORIZED


async def test_an_account_made_a_moment_ago_is_found_within_seconds(
    database: Database, issuer: LocalIssuer
) -> None:
    desk = Desk(database, issuer=issuer.config(), wall=NOW)
    token = issuer.token(desk.account)
    assert (await refused(desk, token)).status == HTTPStatus.UNAUTHORIZED
    await desk.open_account()
    desk.now += CACHE_SECONDS
    assert (await let_in(desk, token)).viewer


async def test_failed_tokens_are_counted_for_their_address(
    issued: Desk, issuer: LocalIssuer
) -> None:
    known, fresh = issuer.token(issued.account), issuer.token(issued.account, sub="fresh")
    await let_in(issued, known)
    for _ in range(FAILED_LOGINS[0].maximum):
        assert (await refused(issued, "a.b.c")).status == HTTPStatus.UNAUTHORIZED
    assert (await refused(issued, "a.b.c")).status == HTTPStatus.TOO_MANY_REQUESTS
    assert (await refused(issued, fresh)).status == HTTPStatus.TOO_MANY_REQUESTS
    assert (await let_in(issued, known)).viewer


async def test_each_subject_has_a_rate_of_its_own(database: Database, issuer: LocalIssuer) -> None:
    slow = Allowance(100, 2, 60, 10_000)
    desk = Desk(database, issuer=issuer.config(), wall=NOW, allowance=slow)
    await desk.open_account()
    for number in (1, 2):
        await let_in(desk, issuer.token(desk.account, exp=NOW + number))
    limited = await refused(desk, issuer.token(desk.account, exp=NOW + 3))
    assert limited.status == HTTPStatus.TOO_MANY_REQUESTS
    assert (await let_in(desk, issuer.token(desk.account, sub="another"))).viewer


async def test_no_token_stands_in_a_log_or_a_repr(issued: Desk, issuer: LocalIssuer) -> None:
    token = issuer.token(issued.account)
    parts = [part for part in token.reveal().split(".") if len(part) > 8]
    with structlog.testing.capture_logs() as logs:
        caller = await let_in(issued, token)
        await refused(issued, token.reveal() + "x")
        await refused(issued, issuer.token(issued.account, exp=NOW - 1000))
    text = f"{logs} {caller} {issued.authenticator._bearer.__dict__}"
    assert [part for part in parts if part in text] == []


async def test_a_caller_is_compared_without_its_proof(issued: Desk, issuer: LocalIssuer) -> None:
    caller = await let_in(issued, issuer.token(issued.account))
    assert replace(caller, holds=None) == caller
