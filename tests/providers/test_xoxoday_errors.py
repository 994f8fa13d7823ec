"""Xoxoday's errors, told apart by their ids, and its rotating refresh token."""

import re
from datetime import timedelta
from typing import Any

import pytest
import structlog

from providers import errors
from providers.errors import NotFound, OutcomeUnknown, ProviderError, Rejected, Unavailable
from providers.xoxoday import Xoxoday
from tests.providers import xoxoday_payloads as payloads
from tests.providers.local import Answer
from tests.providers.plum import ORDER, Plum, reply
from tests.providers.shown import ACCIDENTS
from tests.providers.xoxoday_payloads import answer, details, voucher


@pytest.mark.parametrize("case", payloads.FAILURES, ids=lambda case: case[0])
async def test_a_failed_read_is_one_of_our_errors(
    plum: Plum, xoxoday: Xoxoday, case: tuple[str, int, Any, str, str | None]
) -> None:
    _, status, body, error, reason = case
    plum.answers["getOrderDetails"] = Answer(body, status)
    with structlog.testing.capture_logs() as lines, pytest.raises(ProviderError) as caught:
        await xoxoday.order(ORDER)
    assert not {line.get("field") for line in lines} & ACCIDENTS
    assert type(caught.value).__name__ == error
    if isinstance(caught.value, Unavailable) and reason is not None:
        assert caught.value.reason == reason
    assert caught.value.provider == "xoxoday"


async def test_a_penalty_is_told(plum: Plum, xoxoday: Xoxoday) -> None:
    wrong = {"errors": [{"message": "auth.request_limit_exceeded", "penaltySeconds": 60}]}
    plum.answers["getOrderDetails"] = Answer(wrong, 400)
    with pytest.raises(Unavailable) as caught:
        await xoxoday.order(ORDER)
    assert caught.value.retry_after == timedelta(seconds=60)


@pytest.mark.parametrize("order_id", ["", "0", "-1", "1,2", "abc", "7310442 ", "٣", "9" * 19])
async def test_an_id_that_is_no_number_is_never_asked_for(
    plum: Plum, xoxoday: Xoxoday, order_id: str
) -> None:
    with pytest.raises(NotFound):
        await xoxoday.order(order_id)
    with pytest.raises(NotFound):
        await xoxoday.product(order_id)
    assert plum.calls == []


PLACED = [
    *((code, Rejected) for code in sorted(Xoxoday.REJECTIONS)),
    *((code, errors.Duplicate) for code in sorted(Xoxoday.DUPLICATES)),
    *((code, OutcomeUnknown) for code in sorted(Xoxoday.UNCERTAIN)),
    ("PIPE10013", Unavailable),
    ("PIPE10017", Unavailable),
    ("PLE19999", OutcomeUnknown),
]


@pytest.mark.parametrize(("code", "error"), PLACED)
@pytest.mark.parametrize("status", [400, 404, 422, 502])
def test_a_place_is_classified_by_its_id_whatever_the_status(
    xoxoday: Xoxoday, code: str, error: type[ProviderError], status: int
) -> None:
    with pytest.raises(error) as caught:
        xoxoday.placed(reply({"code": status, "errorId": code}, status), lambda body: body)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, {"errors": [{"message": "auth.request_limit_exceeded"}]}, Unavailable),
        (429, None, Unavailable),
        (401, None, Unavailable),
        (401, {"error": "invalid_token", "error_description": "x"}, Unavailable),
        (500, {"code": 500, "error": "x"}, OutcomeUnknown),
        (400, {}, OutcomeUnknown),
        (404, None, OutcomeUnknown),
        (200, None, OutcomeUnknown),
        (200, answer({}, "placeOrder", 0), OutcomeUnknown),
        (302, None, OutcomeUnknown),
    ],
)
def test_a_place_without_an_id_is_only_refused_at_the_door(
    xoxoday: Xoxoday, status: int, body: Any, error: type[ProviderError]
) -> None:
    with pytest.raises(error):
        xoxoday.placed(reply(body, status), needs_object)


def needs_object(body: Any) -> Any:
    return body["data"]


def test_every_id_of_the_contract_is_in_one_table() -> None:
    ours = [set(Xoxoday.REJECTIONS), Xoxoday.DUPLICATES, Xoxoday.NOT_ACCEPTED, Xoxoday.UNCERTAIN]
    everything = [code for table in ours for code in table]
    assert len(everything) == len(set(everything))
    numbered = {f"PLE{10_000 + n}" for n in (*range(1, 37), 41, 42)}
    assert numbered - set(everything) - Xoxoday.NOT_FOUND == set()
    assert all(re.fullmatch(r"PLE\d{5}", code) for code in Xoxoday.NOT_FOUND)


def test_a_definite_refusal_is_no_fault_even_with_502() -> None:
    assert not Xoxoday.is_fault(reply({"code": 502, "errorId": "PLE10024"}, 502))
    assert Xoxoday.is_fault(reply({"code": 502, "errorId": "PLE10025"}, 502))


async def test_the_refresh_token_is_spent_once_and_the_next_one_kept(
    plum: Plum, xoxoday: Xoxoday
) -> None:
    await xoxoday.balances()
    await xoxoday.balances()
    assert plum.logins == [
        {
            "grant_type": "refresh_token",
            "refresh_token": "the-refresh_token",
            "client_id": "the-client_id",
            "client_secret": "the-client_secret",
        }
    ]
    plum.access = "another"  # ours is not accepted any more
    await xoxoday.balances()
    assert [login["refresh_token"] for login in plum.logins] == ["the-refresh_token", "refresh-1"]


async def test_a_401_about_something_else_renews_nothing(plum: Plum, xoxoday: Xoxoday) -> None:
    plum.answers["getOrderDetails"] = Answer({"code": 401, "errorId": "PLE10019"}, 401)
    with pytest.raises(Unavailable):
        await xoxoday.order(ORDER)
    assert len(plum.logins) == 1


async def test_a_used_refresh_token_needs_a_person(plum: Plum, xoxoday: Xoxoday) -> None:
    plum.refresh = "somebody-else-was-faster"
    for _ in range(3):
        with pytest.raises(Unavailable) as caught:
            await xoxoday.balances()
        assert caught.value.reason is errors.Reason.CREDENTIALS
    assert len(plum.logins) == 1


async def test_no_secret_is_logged_or_told(plum: Plum, xoxoday: Xoxoday) -> None:
    texts: list[str] = []
    wrong = [details(quantity=["KX-4410-PLM"]), details(vouchers=[voucher(pin={"x": "5519"})])]
    plum.answers["getOrderDetails"] = [
        Answer(answer(wrong[0])),
        Answer(answer(wrong[1])),
        Answer('{"voucherCode": "KX-4410-PLM", "pin": "5519"'),
    ]
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            try:
                texts.append(repr(await xoxoday.order(ORDER)))
            except ProviderError as error:
                texts.append(f"{error!r} {error.__dict__} {error.__cause__} {error.__context__}")
    told = "\n".join([*texts, repr(lines)])
    for secret in ("KX-4410", "5519", "access-1", "refresh", "the-client_secret"):
        assert secret not in told
    assert lines
