"""Reveal a voucher: checked, counted, written into the audit chain and committed, then opened."""

import asyncio
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiodataloader import DataLoader

from db import audit, quotas, vouchers
from db.vouchers import SealedRow
from domain.audit import Act, AuditAction
from domain.ids import Kind, global_id, shown_as
from domain.orders import OrderStatus
from domain.problems import Problem, ProblemCode, Refused, RetryAdvice, not_found
from domain.secret import Secret
from domain.viewers import Viewer
from domain.vouchers import SecretField, Voucher, VoucherState
from resolvers.context import Context
from vault import HEADER, Binding

OPENABLE_ORDERS = frozenset({OrderStatus.DELIVERED, OrderStatus.PARTIALLY_DELIVERED})
HOUR_MS = 3_600_000
# An enum's member costs a call of the interpreter's wherever it is named.
ACTIVE = VoucherState.ACTIVE.value
ALONE = {field: (field,) for field in SecretField}

shown_voucher = shown_as(Kind.VOUCHER)


class Opened:
    """A secret that is asked for with all others of its tick; awaited, its value or null.

    A page has a thousand of them: each is an object that waits, without a task or a future of its
    own. It may be awaited by several who asked for the same.
    """

    __slots__ = ("_batch", "_context", "answer", "field", "voucher")

    def __init__(
        self, context: Context, batch: asyncio.Future[None], voucher: Voucher, field: SecretField
    ) -> None:
        self._context = context
        self._batch = batch  # of all who ask: it is shielded where somebody waits for it
        self.voucher = voucher
        self.field = field
        self.answer: Secret | Refused | None = None

    def __await__(self) -> Generator[Any, None, str | None]:
        batch = self._batch
        try:
            yield from batch if batch.done() else asyncio.shield(batch)
            answer = self.answer
            if isinstance(answer, Refused):
                raise answer
        except Refused:
            voucher = self.voucher
            self._context.withheld(voucher.account, voucher.id, self.field)
            raise
        return answer.reveal() if answer else None


@dataclass(frozen=True, slots=True)
class Opening:
    """What may be opened now of one order: the wanted fields of its vouchers, by voucher.

    `values` are sealed, each with whoever waits for it.
    """

    order_id: UUID
    fields: dict[UUID, tuple[SecretField, ...]] = field(default_factory=dict)
    values: list[tuple[Opened, bytes]] = field(default_factory=list, repr=False)


class Batch:
    """What one tick asks for together: one key of the loader, whatever its size."""

    __slots__ = ("wanted",)

    def __init__(self) -> None:
        self.wanted: list[Opened] = []


class Secrets(DataLoader[Batch, None]):
    """Opened secrets by voucher and field: all that one tick asks for together."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._known: dict[SecretField, dict[UUID, Opened]] = {field: {} for field in SecretField}
        self._batch: Batch | None = None
        self._answered: asyncio.Future[None]

    def opened(self, voucher: Voucher, field: SecretField) -> Opened:
        """The secret, asked for now unless it was before."""
        known = self._known[field]
        found = known.get(voucher.id)
        if found is None:
            batch = self._batch
            if batch is None:
                batch = self._batch = Batch()
                self._answered = self.load(batch)
            found = known[voucher.id] = Opened(self._context, self._answered, voucher, field)
            batch.wanted.append(found)
        return found

    async def batch_load_fn(self, batches: list[Batch]) -> list[None]:
        [batch] = batches
        self._batch = None
        # Whoever waits holds the batch's future, which must not hold them in turn.
        wanted, batch.wanted = batch.wanted, []
        try:
            await reveal(self._context, wanted)
        except Exception:
            for asked in wanted:  # may be asked for again
                self._known[asked.field].pop(asked.voucher.id, None)
            raise
        return [None]


async def reveal(context: Context, wanted: Sequence[Opened]) -> None:
    """Answer all that is wanted; None where a voucher has no such secret.

    All or nothing per order: when its quota is used up none of it is opened, and one RATE_LIMITED
    is answered for it. Nothing is opened before its audit row is committed.
    """
    ids = dict.fromkeys([asked.voucher.id for asked in wanted])
    async with context.services.database.viewer(context.account) as conn:
        rows = await vouchers.sealed(conn, ids)
    openings: dict[UUID, Opening] = {}
    for asked in wanted:
        voucher_id, field = asked.voucher.id, asked.field
        row = rows.get(voucher_id)
        asked.answer = _why_not(context, row)
        # A secret that is not there is no reveal.
        if row is None or asked.answer is not None or (sealed := row[field]) is None:
            continue
        order_id = row["order_id"]
        opening = openings.get(order_id)
        if opening is None:
            opening = openings[order_id] = Opening(order_id)
        before = opening.fields.get(voucher_id)
        opening.fields[voucher_id] = ALONE[field] if before is None else (*before, field)
        opening.values.append((asked, sealed))
    refused = await _count_and_record(context, list(openings.values()))
    for order_id, why in refused.items():
        opening = openings.pop(order_id)
        for voucher_id, fields in opening.fields.items():
            context.withheld(context.account, voucher_id, *fields)
        opening.values[0][0].answer = why
    await _open(context, openings.values())


def _refused(code: ProblemCode, message: str, **more: Any) -> Refused:
    return Refused(Problem(code, message, **more))


def _why_not(context: Context, row: SealedRow | None) -> Refused | None:
    """Why this voucher is not opened at all, whatever the field."""
    if context.operating:
        return _refused(ProblemCode.UNSUPPORTED, "vouchers stay sealed to operators")
    if row is None:
        return not_found("there is no such voucher")
    if not context.reveals_allowed:
        return _refused(
            ProblemCode.UNSUPPORTED, "secrets are revealed by POST only, never in a subscription"
        )
    if row["state"] != ACTIVE:
        state = row["state"].lower()
        return _refused(ProblemCode.UNSUPPORTED, f"this voucher is {state} and is not opened")
    if row["order_status"] not in OPENABLE_ORDERS:
        return _refused(ProblemCode.UNSUPPORTED, "vouchers open once their order is delivered")
    return None


async def _count_and_record(context: Context, openings: Sequence[Opening]) -> dict[UUID, Refused]:
    """Decide the quota and write the audit rows, in one transaction that commits before opening."""
    if not openings:
        return {}
    viewer = context.me
    key = await context.services.keys.audit()
    async with (
        context.services.turns.of(viewer.account),
        context.services.database.viewer(viewer.account) as conn,
    ):
        over, head = await quotas.spend(
            conn,
            viewer.account,
            {o.order_id: len(o.fields.keys() - context.revealed_vouchers) for o in openings},
            counted=context.revealed_orders,
            per_order_hour=viewer.reveals_per_order_hour,
            vouchers_per_hour=viewer.vouchers_per_hour,
        )
        granted = [opening for opening in openings if opening.order_id not in over]
        subjects = [
            (shown_voucher(voucher_id), fields if len(fields) == 1 else tuple(sorted(fields)))
            for opening in granted
            for voucher_id, fields in opening.fields.items()
        ]
        act = _act(viewer, AuditAction.VOUCHER_REVEALED)
        await audit.append_each(conn, viewer.account, act, subjects, key, head)
    for opening in granted:
        context.revealed_orders.add(opening.order_id)
        context.revealed_vouchers.update(opening.fields)
    message = "this order, or the account, was revealed too often within an hour"
    return {
        order_id: _refused(
            ProblemCode.RATE_LIMITED, message, retry=RetryAdvice.AFTER, retry_after_ms=HOUR_MS
        )
        for order_id in over
    }


async def _open(context: Context, granted: Iterable[Opening]) -> None:
    """Let everybody who waits have the opened value."""
    services, account = context.services, context.account
    # By what the values of one key begin with.
    begun: dict[bytes, list[tuple[Opened, bytes]]] = {}
    for opening in granted:
        for value in opening.values:
            begun.setdefault(value[1][:HEADER], []).append(value)
    keys = await services.keys.of_values([values[0][1] for values in begun.values()])
    for values in begun.values():
        key = keys[services.vault.key_id_of(values[0][1])]
        for asked, sealed in values:
            bound_to = Binding(account, asked.voucher.id, asked.field)
            asked.answer = services.vault.open(key, sealed, bound_to)


def _act(
    viewer: Viewer, action: AuditAction, subject: str = "", fields: tuple[str, ...] = ()
) -> Act:
    return Act(viewer.actor, action, subject, fields, viewer.purpose, viewer.request_id)


async def record_denials(context: Context) -> None:
    """One audit row for an operation in which an authenticated client was denied secrets.

    It stands in the chain of the account whose vouchers they were: an operator's own sees nothing
    of what it tried elsewhere, the touched one does.
    """
    if context.viewer is None or not context.denials:
        return
    key = await context.services.keys.audit()
    for account, asked in context.denials.items():
        fields = tuple(sorted({field for wanted in asked.values() for field in wanted}))
        subject = global_id(Kind.VOUCHER, next(iter(asked)))
        act = _act(context.viewer, AuditAction.REVEAL_DENIED, subject, fields)
        async with (
            context.services.turns.of(account),
            context.services.database.viewer(account) as conn,
        ):
            await audit.append(conn, account, [act], key)
