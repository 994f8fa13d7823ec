"""What a message says, how it is signed, and when it is tried again."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from domain.orders import OrderEventType
from domain.secret import Secret
from domain.webhooks import MESSAGE_TYPES
from notices.messages import Message, headers, new_secret, render
from notices.schedule import GIVEN_UP_AFTER, RETRIES, next_try

AT = datetime(2026, 3, 1, 13, 30, tzinfo=timezone(timedelta(hours=1)))


def message() -> Message:
    return render(
        "msg_1",
        "order.status_changed",
        AT,
        order_id="BAGf",
        reference="VG-1",
        sequence=2**60,
        status="DELIVERED",
    )


def test_a_message_is_thin_and_exact() -> None:
    assert message() == message()
    assert json.loads(message().body) == {
        "type": "order.status_changed",
        "timestamp": "2026-03-01T12:30:00.000000Z",
        "data": {
            "orderId": "BAGf",
            "orderReference": "VG-1",
            "sequence": str(2**60),
            "status": "DELIVERED",
        },
    }


def test_both_secrets_verify_it_and_no_other_does() -> None:
    old, new = new_secret(), new_secret()
    assert old != new
    assert old.reveal().startswith("whsec_")
    sent = headers(message(), [new, old])
    assert len(sent["webhook-signature"].split()) == 2
    for secret in (old, new):
        Webhook(secret.reveal()).verify(message().body, sent)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret().reveal()).verify(message().body, sent)
    with pytest.raises(WebhookVerificationError):
        Webhook(new.reveal()).verify(message().body.replace(b"VG-1", b"VG-2"), sent)
    stale = headers(message(), [new], datetime.now(UTC) - timedelta(minutes=6))
    with pytest.raises(WebhookVerificationError, match="old"):
        Webhook(new.reveal()).verify(message().body, stale)


def test_secrets_do_not_show() -> None:
    secret = new_secret()
    assert secret.reveal() not in f"{secret} {secret!r} {[secret]}"
    assert isinstance(secret, Secret)


def test_every_event_has_a_name_of_its_own() -> None:
    assert len(MESSAGE_TYPES) == len(OrderEventType)
    assert MESSAGE_TYPES["order.status_changed"] is OrderEventType.STATUS_CHANGED


def test_the_schedule_is_the_published_one() -> None:
    for step, wait in enumerate(RETRIES, 1):
        found = next_try(step)
        assert found is not None
        assert 0.9 * wait <= found <= 1.1 * wait
    assert next_try(len(RETRIES) + 1) is None
    # A single message is given up before its endpoint is.
    assert 1.1 * sum(RETRIES, timedelta()) < GIVEN_UP_AFTER
