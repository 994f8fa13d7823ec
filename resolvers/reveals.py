"""Reveal a voucher: checked, counted, written into the audit chain and committed, then opened."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

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
    """The vouchers of one order that may be opened now, and which of their fields are wanted."""

    order_id: UUID
    rows: Mapping[UUID, SealedRow]
    fields: Mapping[UUID, Sequence[SecretField]]


async def reveal(context: Context, keys: list[Key]) -> list[Answer]:
    """Open the wanted fields; None where a voucher has no such secret.

    All or nothing per order: when its quota is used up none of it is opened, and one RATE_LIMITED
    is answered for it. Nothing is opened before its audit row is committed.
    """
    ids = list(dict.fromkeys(voucher_id for voucher_id, _ in keys))
    async with context.services.database.viewer(context.account) as conn:
        rows = await vouchers.sealed(conn, ids)
    answers: dict[Key, Answer] = {key: _why_not(context, rows.get(key[0])) for key in keys}
    openings = _openings(rows, [key for key in keys if answers[key] is None])
    refused = await _count_and_record(context, openings)
    for opening in openings:
        if opening.order_id in refused:
            first = next(key for key in keys if key[0] in opening.rows)
            for voucher_id, fields in opening.fields.items():
                context.withheld(context.account, voucher_id, *fields)
            answers[first] = refused[opening.order_id]
    granted = [opening for opening in openings if opening.order_id not in refused]
    answers.update(await _open(context, granted))
    return [answers[key] for key in keys]


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
    if row.voucher.state is not VoucherState.ACTIVE:
        state = row.voucher.state.lower()
        return _refused(ProblemCode.UNSUPPORTED, f"this voucher is {state} and is not opened")
    if row.order_status not in OPENABLE_ORDERS:
        return _refused(ProblemCode.UNSUPPORTED, "vouchers open once their order is delivered")
    return None


def _openings(rows: Mapping[UUID, SealedRow], keys: Sequence[Key]) -> list[Opening]:
    """The wanted fields that exist, by order; a secret that is not there is no reveal."""
    by_order: dict[UUID, dict[UUID, list[SecretField]]] = defaultdict(lambda: defaultdict(list))
    for voucher_id, field in keys:
        if field in rows[voucher_id].sealed:
            by_order[rows[voucher_id].voucher.order_id][voucher_id].append(field)
    return [
        Opening(order_id, {voucher_id: rows[voucher_id] for voucher_id in fields}, fields)
        for order_id, fields in by_order.items()
    ]


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
            {o.order_id: len(o.rows.keys() - context.revealed_vouchers) for o in openings},
            counted=context.revealed_orders,
            per_order_hour=viewer.reveals_per_order_hour,
            vouchers_per_hour=viewer.vouchers_per_hour,
        )
        granted = [opening for opening in openings if opening.order_id not in over]
        acts = [
            _act(viewer, AuditAction.VOUCHER_REVEALED, voucher_id, fields)
            for opening in granted
            for voucher_id, fields in opening.fields.items()
        ]
        await audit.append(conn, viewer.account, acts, key, head)
    for opening in granted:
        context.revealed_orders.add(opening.order_id)
        context.revealed_vouchers.update(opening.rows)
    message = "this order, or the account, was revealed too often within an hour"
    return {
        order_id: _refused(
            ProblemCode.RATE_LIMITED, message, retry=RetryAdvice.AFTER, retry_after_ms=HOUR_MS
        )
        for order_id in over
    }


async def _open(context: Context, granted: Sequence[Opening]) -> dict[Key, Answer]:
    services, account = context.services, context.account
    sealed = {
        (voucher_id, field): row.sealed[field]
        for opening in granted
        for voucher_id, row in opening.rows.items()
        for field in opening.fields[voucher_id]
    }
    keys = await services.keys.of_values(sealed.values())
    # By what the values of one key begin with.
    known = {value[:HEADER]: value for value in sealed.values()}
    begun = {begin: keys[services.vault.key_id_of(value)] for begin, value in known.items()}
    return {
        key: services.vault.open(begun[value[:HEADER]], value, Binding(account, *key))
        for key, value in sealed.items()
    }


def _act(
    viewer: Viewer, action: AuditAction, voucher_id: UUID, fields: Sequence[SecretField]
) -> Act:
    return Act(
        viewer.actor,
        action,
        global_id(Kind.VOUCHER, voucher_id),
        tuple(sorted(fields)),
        viewer.purpose,
        viewer.request_id,
    )


async def record_denials(context: Context) -> None:
    """One audit row for an operation in which an authenticated client was denied secrets.

    It stands in the chain of the account whose vouchers they were: an operator's own sees nothing
    of what it tried elsewhere, the touched one does.
    """
    if context.viewer is None or not context.denials:
        return
    key = await context.services.keys.audit()
    for account, asked in context.denials.items():
        fields = {field for wanted in asked.values() for field in wanted}
        act = _act(context.viewer, AuditAction.REVEAL_DENIED, next(iter(asked)), sorted(fields))
        async with (
            context.services.turns.of(account),
            context.services.database.viewer(account) as conn,
        ):
            await audit.append(conn, account, [act], key)
