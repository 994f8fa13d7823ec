import copy
import pickle
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalog import VoucherType
from domain.secret import Secret
from domain.vouchers import Expiry, IssuedVoucher, is_url, mask, voucher_type


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("5501771900421234", "****1234"),
        ("123456789012", "****9012"),
        ("12345678901", "****"),
        ("", "****"),
        ("https://gift.example/claim/abc?key=1", "gift.example/****"),
        ("HTTP://user:secret@gift.example:8443/x", "gift.example/****"),
        ("https://[broken", "****"),
    ],
)
def test_only_the_last_four_of_a_long_value_and_the_host_of_a_link_are_shown(
    value: str, shown: str
) -> None:
    assert mask(Secret(value)) == shown


@given(st.text(max_size=11))
def test_nothing_of_a_short_value_is_shown(value: str) -> None:
    shown = mask(Secret(value))
    assert shown == "****" or is_url(value)


def test_a_pin_is_never_shown() -> None:
    assert IssuedVoucher(VoucherType.CODE_WITH_PIN, pin=Secret("1234567890123")).masked() == "****"


def test_identity_is_the_code_however_it_is_written() -> None:
    spaced = IssuedVoucher(VoucherType.CODE, code=Secret("5501 7719-0042"), pin=Secret("1"))
    plain = IssuedVoucher(VoucherType.CODE, code=Secret("550177190042"), pin=Secret("2"))
    assert spaced.identity() == plain.identity()


def test_identity_falls_back_to_the_link_then_the_pin() -> None:
    link, pin = Secret("https://x.example/1"), Secret("9911")
    assert IssuedVoucher(VoucherType.URL_WITH_PIN, claim_url=link, pin=pin).identity() == link
    assert IssuedVoucher(VoucherType.CODE_WITH_PIN, pin=pin).identity() == pin
    assert IssuedVoucher(VoucherType.CODE).identity() is None


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret("KX-4410-PLM")
    shown = f"{secret} {secret!r} {secret!s} {secret:>20} {[secret]} {IssuedVoucher.__name__}"
    assert "4410" not in shown
    assert "4410" not in repr(IssuedVoucher(VoucherType.CODE, code=secret))
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.copy(secret)


def test_days_left_are_whole_and_never_negative() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert Expiry().days_left(now) is None
    assert Expiry(now + timedelta(hours=36)).days_left(now) == 1
    assert Expiry(now - timedelta(days=3)).days_left(now) == 0


@pytest.mark.parametrize(
    ("code", "pin", "url", "kind"),
    [
        ("A", None, None, VoucherType.CODE),
        ("A", "1", None, VoucherType.CODE_WITH_PIN),
        ("A", "1", "u", VoucherType.CODE_WITH_PIN),
        (None, None, "u", VoucherType.URL),
        (None, "1", "u", VoucherType.URL_WITH_PIN),
        (None, "1", None, VoucherType.CODE_WITH_PIN),
    ],
)
def test_the_type_follows_from_what_is_there(
    code: str | None, pin: str | None, url: str | None, kind: VoucherType
) -> None:
    assert voucher_type(code, pin, url) is kind
