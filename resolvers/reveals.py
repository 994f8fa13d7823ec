"""Reveal a voucher: checked, counted, written into the audit chain and committed, then opened."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiodataloader import DataLoader

from db import audit, quotas, vouchers
from db.vouchers import SealedRow
from domain.audit import Act, AuditAction
from domain.ids import Kind, global_id
from domain.orders import OrderStatus
from domain.problems import Problem, ProblemCode, Refused, RetryAdvice, not_found
from domain.secret import Secret
from domain.viewers import Viewer
from domain.vouchers import SecretField, VoucherState
from resolvers.context import Context
from vault import HEADER, Binding

Key = tuple[UUID, SecretField]
Answer = Secret | Refused | None

OPENABLE_ORDERS = frozenset({OrderStatus.DELIVERED, OrderStatus.PARTIALLY_DELIVERED})
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Opening:
    """What may be opened now of one order: the wanted fields of its vouchers, by voucher.

    `values` are sealed, with their place among what was asked and what they are bound to.
    """

    order_id: UUID
    fields: dict[UUID, tuple[SecretField, ...]] = field(default_factory=dict)
    values: list[tuple[int, UUID, SecretField, bytes]] = field(default_factory=list, repr=False)


class Secrets(DataLoader[Key, Secret | None]):
    """Opened secrets by voucher and field: all that one tick asks for together.

    Its futures are shared by all who ask: shield them where one waits.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context

    async def batch_load_fn(self, keys: list[Key]) -> list[Any]:
        return await reveal(self._context, keys)


async def reveal(context: Context, keys: list[Key]) -> list[Answer]:
    """Open the wanted fields; None where a voucher has no such secret.

    All or nothing per order: when its quota is used up none of it is opened, and one RATE_LIMITED
    is answered for it. Nothing is opened before its audit row is committed.
    """
    ids = dict.fromkeys(voucher_id for voucher_id, _ in keys)
    async with context.services.database.viewer(context.account) as conn:
        rows = await vouchers.sealed(conn, ids)
    answers: list[Answer] = [_why_not(context, rows.get(voucher_id)) for voucher_id, _ in keys]
    openings: dict[UUID, Opening] = {}
    for place, (voucher_id, wanted) in enumerate(keys):
        # A secret that is not there is no reveal.
        if answers[place] is None and (sealed := rows[voucher_id][wanted]) is not None:
            order_id = rows[voucher_id]["order_id"]
            opening = openings.get(order_id)
            if opening is None:
                opening = openings[order_id] = Opening(order_id)
            opening.fields[voucher_id] = (*opening.fields.get(voucher_id, ()), wanted)
            opening.values.append((place, voucher_id, wanted, sealed))
    refused = await _count_and_record(context, list(openings.values()))
    for order_id, why in refused.items():
        opening = openings.pop(order_id)
        for voucher_id, fields in opening.fields.items():
            context.withheld(context.account, voucher_id, *fields)
        answers[opening.values[0][0]] = why
    await _open(context, openings.values(), answers)
    return answers


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
    if row["state"] != VoucherState.ACTIVE:
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
        subjects = (
            (global_id(Kind.VOUCHER, voucher_id), tuple(sorted(fields)))
            for opening in granted
            for voucher_id, fields in opening.fields.items()
        )
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


async def _open(context: Context, granted: Iterable[Opening], answers: list[Answer]) -> None:
    """Put every opened value into its place."""
    services, account = context.services, context.account
    # By what the values of one key begin with.
    begun: dict[bytes, list[tuple[int, UUID, SecretField, bytes]]] = defaultdict(list)
    for opening in granted:
        for value in opening.values:
            begun[value[3][:HEADER]].append(value)
    keys = await services.keys.of_values([values[0][3] for values in begun.values()])
    for values in begun.values():
        key = keys[services.vault.key_id_of(values[0][3])]
        for place, voucher_id, wanted, sealed in values:
            bound_to = Binding(account, voucher_id, wanted)
            answers[place] = services.vault.open(key, sealed, bound_to)


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
