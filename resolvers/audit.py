"""The audit chain: an account's acts, and those on one voucher."""

from strawberry import ID, Parent

from db import audit as rows
from domain.audit import AuditEvent
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
