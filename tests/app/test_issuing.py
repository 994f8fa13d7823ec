"""What the commands about clients read and print."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.issuing import described, expiry
from db.clients import Client, Digest, Limits
from db.limits import SpendLimit
from domain.ids import uuid7


def client(**facts: object) -> Client:
    found = {
        "id": uuid7(),
        "account": uuid7(),
        "account_name": "Acme Rewards",
        "key_id": "vglive_1",
        "name": "shop",
        "secret_mac": b"secret mac",
        "pepper_version": 2,
        "scopes": ("catalog:read", "orders:read"),
        "limits": Limits(),
        "demo": False,
        "created_at": datetime.now(UTC),
        "expires_at": None,
        "revoked_at": None,
        **facts,
    }
    return Client(**found)  # type: ignore[arg-type]


FAR = datetime(2999, 1, 2, 3, 4, 5, tzinfo=UTC)
PAST = datetime(2020, 1, 2, tzinfo=UTC)
ROTATED = {"previous": Digest(b"mac", 1), "previous_until": FAR}


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({}, "active"),
        ({"expires_at": FAR}, "active"),
        (ROTATED, "rotating until 2999-01-02T03:04:05Z"),
        ({**ROTATED, "previous_until": PAST}, "active"),
        ({**ROTATED, "expires_at": PAST}, "expired"),
        ({**ROTATED, "expires_at": PAST, "revoked_at": PAST}, "revoked"),
    ],
)
def test_the_state_of_a_client(facts: dict[str, object], state: str) -> None:
    line = described(client(**facts), (), 2)
    assert line.split("  ")[:5] == [
        "vglive_1",
        "Acme Rewards",
        "shop",
        state,
        "catalog:read,orders:read",
    ]


def test_what_is_particular_to_a_client() -> None:
    own = Limits(300, 30, 4000, 5, 600, ("10.0.0.0/8", "::1/128"))
    spend = (
        SpendLimit("INR", Decimal(50000), Decimal("20.50")),
        SpendLimit("USD", None, Decimal(7)),
    )
    line = described(client(limits=own, expires_at=FAR), spend, 3)
    assert line.split("  ")[5:] == [
        "expires=2999-01-02T03:04:05Z",
        "ip=10.0.0.0/8,::1/128",
        "rate-per-minute=300",
        "rate-per-10-seconds=30",
        "cost-budget=4000",
        "reveals-per-order-hour=5",
        "vouchers-per-hour=600",
        "limit=INR=50000/day,INR=20.50/order,USD=7/order",
        "pepper=2",
    ]
    assert "mac" not in line


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2999-06-30", datetime(2999, 7, 1, tzinfo=UTC)),
        ("2999-06-30T18:00", datetime(2999, 6, 30, 18, tzinfo=UTC)),
        ("2999-06-30T18:00Z", datetime(2999, 6, 30, 18, tzinfo=UTC)),
        ("2999-06-30T18:00+05:30", datetime(2999, 6, 30, 12, 30, tzinfo=UTC)),
    ],
)
def test_an_end(text: str, found: datetime) -> None:
    assert expiry(text) == found


def test_a_client_may_end_today() -> None:
    today = datetime.now(UTC).date().isoformat()
    assert timedelta(0) < expiry(today) - datetime.now(UTC) <= timedelta(days=1)


@pytest.mark.parametrize("text", ["", "soon", "2020-01-01", "2020-01-01T00:00Z", "9999-12-31x"])
def test_what_is_no_end(text: str) -> None:
    with pytest.raises(ValueError, match="end"):
        expiry(text)
