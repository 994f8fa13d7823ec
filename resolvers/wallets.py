"""Wallets: balances by currency, and every movement, newest first."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from strawberry import ID, Parent

from db import wallets as rows
from domain.ids import Kind, row_id
from domain.ids import global_id as make_id
from domain.ledger import Balance, WalletEntry
from domain.orders import Order
from ordering.wallets import TopUp
from resolvers.context import Ask, Context, here
from resolvers.paging import Arguments, Connection, Cursors

BY_TIME = (datetime, UUID)


@dataclass(frozen=True, slots=True)
class Wallet:
    """An account's money; nothing of it is read before it is asked for."""

    account: UUID


def mine(context: Context) -> Wallet:
    return Wallet(context.account)


async def entry_by_id(context: Context, id: str) -> WalletEntry | None:
    key = row_id(id, Kind.WALLET_ENTRY)
    return await context.loaders.wallet_entry.load(key) if key else None


async def top_up(
    context: Context, account: str | None, amount: Decimal, currency: str, key: str
) -> tuple[Wallet, bool]:
    """The wallet, and whether this key had topped it up before."""
    owner = context.account if account is None else row_id(account, Kind.ACCOUNT)
    wanted = TopUp(key, account, owner, amount, currency)
    replayed = await context.services.wallets.top_up(context.me, wanted)
    # A replay has the same input as the first: its account was one that there is.
    return Wallet(owner or context.account), replayed


async def balances(root: Parent[Wallet], info: Ask) -> list[Balance]:
    async with here(info).reading() as conn:
        return await rows.balances(conn, root.account)


async def entries(
    root: Parent[Wallet],
    info: Ask,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Connection[WalletEntry]:
    """Every movement, newest first."""
    cursors = Cursors(root.account, "walletEntries")
    wanted = cursors.slice(Arguments(first, after, last, before), BY_TIME)
    async with here(info).reading() as conn:
        return Connection(await rows.entries(conn, root.account, wanted), cursors)


def entry_id(root: Parent[WalletEntry]) -> ID:
    return ID(make_id(Kind.WALLET_ENTRY, root.id))


async def entry_order(root: Parent[WalletEntry], info: Ask) -> Order | None:
    return await here(info).loaders.order.load(root.order_id) if root.order_id else None
