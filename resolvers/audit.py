"""The audit chain: an account's acts, those on one voucher, and whether the chain holds."""

import asyncio

from strawberry import ID, Parent

from db import audit as rows
from db import audit_tail
from domain.audit import AuditChain, AuditEvent
from domain.ids import Kind, row_id
from domain.ids import global_id as make_id
from domain.vouchers import Voucher
from resolvers.context import Context
from resolvers.paging import Arguments, Connection, Cursors

BY_SEQUENCE = (int,)


def global_id(root: Parent[AuditEvent]) -> ID:
    return ID(make_id(Kind.AUDIT_EVENT, root.id))


async def by_id(context: Context, id: str) -> AuditEvent | None:
    key = row_id(id, Kind.AUDIT_EVENT)
    return await context.loaders.audit_event.load(key) if key else None


async def page(context: Context, arguments: Arguments) -> Connection[AuditEvent]:
    """The account's chain, newest first."""
    cursors = Cursors(context.account, "auditEvents")
    wanted = cursors.slice(arguments, BY_SEQUENCE)
    async with context.services.database.viewer(context.account) as conn:
        return Connection(await rows.page(conn, context.account, wanted), cursors)


async def of_voucher(
    context: Context, voucher: Voucher, arguments: Arguments
) -> Connection[AuditEvent]:
    """Who opened this voucher, newest first."""
    subject = make_id(Kind.VOUCHER, voucher.id)
    cursors = Cursors(context.account, "reveals", subject)
    wanted = cursors.slice(arguments, BY_SEQUENCE)
    async with context.reading() as conn:
        return Connection(await rows.page(conn, voucher.account, wanted, subject), cursors)


async def chain(context: Context) -> AuditChain:
    """What checking the newest rows finds, as of one instant."""
    services = context.services
    key = await services.keys.audit()
    # As worker: viewers see no checkpoints.
    async with services.database.worker(read_only=True) as conn:
        await rows.snapshot(conn)
        tail = await audit_tail.read(conn, context.account)
    return await asyncio.to_thread(audit_tail.check, key, tail)
