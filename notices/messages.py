"""Messages as they leave: thin, without any secret, and signed as Standard Webhooks says."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from standardwebhooks import Webhook

from domain.secret import Secret

SECRET_BYTES = 32
PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: `id` stays the same however often it is tried, and so does the body."""

    id: str
    body: bytes


class _Data(msgspec.Struct):
    orderId: str  # noqa: N815 - the names of the wire
    orderReference: str  # noqa: N815
    sequence: str
    status: str


class _Body(msgspec.Struct):
    type: str
    timestamp: str
    data: _Data


def render(
    id: str,
    type: str,
    at: datetime,
    *,
    order_id: str,
    reference: str,
    sequence: int,
    status: str,
) -> Message:
    """The message about one event. `sequence` is text, as in the graph: it outgrows a double."""
    at_utc = at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    data = _Data(order_id, reference, str(sequence), status)
    return Message(id, msgspec.json.encode(_Body(type, at_utc, data)))


def new_secret() -> Secret:
    """A signing secret: `whsec_` and the base64 of 32 random bytes."""
    return Secret(PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode())


def headers(
    message: Message, keys: Sequence[Secret], now: datetime | None = None
) -> dict[str, str]:
    """The headers of one try: one signature for each live secret, newest first."""
    now = now or datetime.now(UTC)
    body = message.body.decode()
    signatures = [Webhook(key.reveal()).sign(message.id, now, body) for key in keys]
    return {
        "Content-Type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
