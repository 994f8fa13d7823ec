"""Endpoints of outgoing webhooks from the command line, in words: what was done, what there is."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from app.composition import Core, StartRefused
from db import deliveries, endpoints
from domain.ids import Kind, global_id, row_id, uuid7
from domain.orders import OrderEventType
from domain.pages import Slice
from domain.problems import Refused
from domain.secret import Secret
from domain.viewers import Scope, Viewer
from domain.webhooks import MESSAGE_TYPES, Endpoint, message_id, message_type
from notices.addresses import Rules
from ordering.endpoints import Endpoints
from resolvers.webhooks import position

ACTOR = "cli"
SHOWN = 50


def event_types(names: Iterable[str]) -> tuple[OrderEventType, ...]:
    """Event types from names such as order.status_changed; ValueError for any other."""
    wanted = list(names)
    if unknown := sorted(set(wanted) - MESSAGE_TYPES.keys()):
        known = ", ".join(MESSAGE_TYPES)
        raise ValueError(f"no such event: {', '.join(unknown)}; there are {known}")
    return tuple(MESSAGE_TYPES[name] for name in wanted)


async def create(
    parts: Core, account: UUID, url: str, types: tuple[OrderEventType, ...]
) -> tuple[str, Secret]:
    """A new endpoint: its global id, and its secret, which only this answer holds."""
    with _refusals():
        made, secret = await _managed(parts).create(_operator(account), url, types)
    return global_id(Kind.WEBHOOK_ENDPOINT, made.id), secret


async def listed(parts: Core, account: UUID | None) -> list[str]:
    """A line for each endpoint: id, account, state, events, URL."""
    async with parts.database.worker(read_only=True) as conn:
        found = await endpoints.listed(conn, account)
    return ["  ".join(_columns(one)) for one in found]


async def rotate(parts: Core, id: str, hours: float) -> tuple[Secret, str]:
    """A new secret, and until when the one before signs as well, in words."""
    endpoint = await _endpoint(parts, id)
    with _refusals():
        secret, until = await _managed(parts).rotate(
            _operator(endpoint.account), endpoint.id, timedelta(hours=hours)
        )
    if until is None:
        return secret, "The old secret signs nothing any more."
    return secret, f"The old secret signs as well until {until.isoformat(timespec='seconds')}."


async def switch(parts: Core, id: str, *, on: bool) -> None:
    """Enable or disable an endpoint; nothing where it is so already."""
    endpoint = await _endpoint(parts, id)
    managed, operator = _managed(parts), _operator(endpoint.account)
    with _refusals():
        await (managed.enable if on else managed.disable)(operator, endpoint.id)


async def replay(parts: Core, id: str, after: str) -> int:
    """Send again all that came after a place in the log: its number."""
    endpoint = await _endpoint(parts, id)
    with _refusals():
        place = position(endpoint.account, after, "after")
        operator = _operator(endpoint.account)
        await _managed(parts).replay(operator, endpoint.id, place, every=None)
    return place


async def shown(parts: Core, id: str) -> list[str]:
    """A line for each of the newest deliveries: sequence, message, state, attempts, answer."""
    endpoint = await _endpoint(parts, id)
    async with parts.database.worker(read_only=True) as conn:
        found = await deliveries.page(conn, endpoint.id, Slice(limit=SHOWN))
    return [
        "  ".join(
            (
                str(one.sequence),
                message_id(one.event_id),
                one.state.lower(),
                f"{one.attempts} attempts",
                one.problem or str(one.response_status or "-"),
            )
        )
        for one in found.items
    ]


def _columns(endpoint: Endpoint) -> tuple[str, ...]:
    types = ",".join(message_type(event) for event in endpoint.events) or "all"
    state = "enabled" if endpoint.enabled else f"disabled ({endpoint.disabled_reason})"
    id = global_id(Kind.WEBHOOK_ENDPOINT, endpoint.id)
    return id, str(endpoint.account), state, types, endpoint.shown_url


async def _endpoint(parts: Core, id: str) -> Endpoint:
    key = row_id(id, Kind.WEBHOOK_ENDPOINT)
    async with parts.database.worker(read_only=True) as conn:
        found = (await endpoints.by_ids(conn, [key])).get(key) if key else None
    if found is None:
        raise StartRefused("there is no such webhook endpoint")
    return found


def _managed(parts: Core) -> Endpoints:
    rules = Rules(loopback=parts.settings.sandbox)
    return Endpoints(parts.database, parts.vault, parts.keys, rules)


def _operator(account: UUID) -> Viewer:
    return Viewer(account, "", uuid7(), ACTOR, frozenset({Scope.OPERATIONS_WRITE}))


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        raise StartRefused("; ".join(one.message for one in refused.problems)) from None
