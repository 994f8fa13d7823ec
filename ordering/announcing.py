"""Tells endpoints what happened to orders: at least once, under one id, never with a secret.

The order log is turned into deliveries, each is leased, sent and settled. Whoever dies between
sending and settling leaves the lease to end: the message is sent again with the same id.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import structlog

from db import deliveries, endpoints
from db.deliveries import Claimed, Result
from db.endpoints import SealedSecret
from db.pool import Database
from domain.ids import Kind, global_id
from domain.secret import Secret
from domain.viewers import Viewer
from domain.webhooks import DeliveryState, message_id, message_type
from notices.messages import Message, headers, render
from notices.schedule import GIVEN_UP_AFTER, next_try
from notices.sender import SECONDS, Attempt, Sender
from ordering.endpoints import Endpoints, binding
from ordering.keys import Keys
from vault import Vault, VaultError

log = structlog.get_logger()

AT_ONCE = 64
PER_ENDPOINT = 4
# How long a look at the queue may wait for a place to become free, and to free some more.
LOOK_SECONDS = 1.0
GATHER_SECONDS = 0.02
LEASE = timedelta(seconds=SECONDS + 20)
GONE = "it answered 410 Gone"
SILENT = f"it took nothing for {GIVEN_UP_AFTER.days} days"
UNREADABLE = "not sent: its signing secret does not open here"
UNREADABLE_RETRY = timedelta(minutes=5)


class Announcer:
    """Sends what is due, many at once; one endpoint has no more than its share of them.

    `count` is told the outcome of every try: delivered, retry, failed (the last one), not_sent,
    overtaken or error.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        keys: Keys,
        sender: Sender,
        managed: Endpoints,
        *,
        count: Callable[[str], None] = lambda outcome: None,
    ) -> None:
        self._database = database
        self._vault = vault
        self._keys = keys
        self._sender = sender
        self._managed = managed
        self._count = count
        self._running: set[asyncio.Task[None]] = set()

    async def step(self) -> bool:
        """Take up new events and begin to send what is due; whether there may be more at once.

        It waits for nobody in particular: an endpoint that hangs keeps its own places only.
        """
        async with self._database.worker() as conn:
            read = await deliveries.feed(conn)
        async with self._database.worker() as conn:
            free = AT_ONCE - len(self._running)
            claimed = await deliveries.claim(conn, free, PER_ENDPOINT, LEASE) if free else []
            wanted = list({one.endpoint_id for one in claimed})
            secrets = await endpoints.secrets(conn, wanted) if wanted else {}
        for one in claimed:
            task = asyncio.create_task(self._carried(one, secrets[one.endpoint_id]))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        if self._running:
            await asyncio.wait(
                set(self._running), timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            await asyncio.sleep(GATHER_SECONDS)
        return bool(self._running or claimed or read)

    async def drain(self) -> None:
        """Wait for what is being sent."""
        while self._running:
            await asyncio.wait(set(self._running))

    async def close(self) -> None:
        """Stop at once: what is being sent is sent again when its lease ends."""
        running = set(self._running)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
        await self._sender.close()

    async def _carried(self, claimed: Claimed, sealed: list[SealedSecret]) -> None:
        try:
            await self._carry(claimed, sealed)
        except Exception as error:  # noqa: BLE001 - its lease ends, and it is sent again
            endpoint = str(claimed.endpoint_id)
            log.error("webhook.failed", endpoint=endpoint, error=type(error).__name__)  # noqa: TRY400
            self._count("error")

    async def _carry(self, claimed: Claimed, sealed: list[SealedSecret]) -> None:
        try:
            signed_with = await self._opened(sealed)
        except (VaultError, KeyError):
            log.error("webhook.secret_unreadable", endpoint=str(claimed.endpoint_id))  # noqa: TRY400
            unsent = Result(DeliveryState.PENDING, None, 0, UNREADABLE, UNREADABLE_RETRY)
            await self._settle(claimed, unsent, "not_sent")
            return
        message = rendered(claimed)
        attempt = await self._sender.send(claimed.url, headers(message, signed_with), message.body)
        await self._record(claimed, attempt)

    async def _opened(self, sealed: list[SealedSecret]) -> list[Secret]:
        keys = await self._keys.of_values([one.sealed for one in sealed])
        return [
            self._vault.open(keys[Vault.key_id_of(one.sealed)], one.sealed, binding(one))
            for one in sealed
        ]

    async def _record(self, claimed: Claimed, attempt: Attempt) -> None:
        result = Result(
            DeliveryState.DELIVERED, attempt.status, attempt.duration_ms, attempt.problem
        )
        outcome, failing_for = "delivered", timedelta(0)
        if not attempt.taken:
            wait = next_try(claimed.step)
            state = DeliveryState.FAILED if wait is None else DeliveryState.PENDING
            result = replace(result, state=state, retry_in=wait)
            outcome = "failed" if wait is None else "retry"
        # The endpoint first, as everywhere: the log is fed under its lock.
        async with self._database.worker() as conn:
            if attempt.taken:
                await endpoints.worked(conn, claimed.endpoint_id)
            else:
                failing_for = await endpoints.failed(conn, claimed.endpoint_id)
            settled = await deliveries.settle(conn, claimed, result)
        self._told(claimed, result, outcome if settled else "overtaken")
        if attempt.gone or failing_for > GIVEN_UP_AFTER:
            reason = GONE if attempt.gone else SILENT
            await self._managed.disable(_worker(claimed.account), claimed.endpoint_id, reason)

    async def _settle(self, claimed: Claimed, result: Result, outcome: str) -> None:
        async with self._database.worker() as conn:
            await deliveries.settle(conn, claimed, result)
        self._told(claimed, result, outcome)

    def _told(self, claimed: Claimed, result: Result, outcome: str) -> None:
        self._count(outcome)
        log.info(
            "webhook.sent",
            endpoint=str(claimed.endpoint_id),
            sequence=claimed.sequence,
            attempt=claimed.attempts,
            outcome=outcome,
            status=result.response_status,
            ms=result.duration_ms,
            problem=result.problem,
        )


def rendered(claimed: Claimed) -> Message:
    """The message about a claimed event; the same bytes at every try."""
    return render(
        message_id(claimed.event_id),
        message_type(claimed.type),
        claimed.at,
        order_id=global_id(Kind.ORDER, claimed.order_id),
        reference=claimed.reference,
        sequence=claimed.sequence,
        status=claimed.status.value,
    )


def _worker(account: UUID) -> Viewer:
    """Who disables an endpoint that nobody reaches, as the audit chain names it."""
    return Viewer(account, "", uuid4(), "worker", frozenset())
