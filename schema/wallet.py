"""The wallet: what is free to spend, what is held, and every movement."""

from datetime import datetime

import strawberry

from domain import ledger
from domain.viewers import Scope
from resolvers import paging
from resolvers import wallets as resolve
from schema.faces import answer, shows
from schema.money import Money
from schema.node import Node, PageInfo
from schema.order import Order
from schema.permissions import needs

READ = needs(Scope.WALLET_READ)


@shows(ledger.Balance)
class WalletBalance:
    """One currency of a wallet; currencies are never added."""

    available: Money = answer(description="Free to spend.")
    held: Money = answer(description="Held for orders under way.")


@shows(ledger.WalletEntry, scopes=READ)
class WalletEntry(Node):
    """One movement of money, and the balance after it."""

    id: strawberry.ID = answer(resolve.entry_id, "Opaque and globally unique.")
    at: datetime = answer(description="When it happened.")
    kind: ledger.EntryKind = answer(description="What happened.")
    amount: Money = answer(description="How much; negative for an ADJUSTMENT that takes away.")
    order: Order | None = answer(resolve.entry_order, "The order that it belongs to.")
    balance_after: Money = answer(description="Free to spend after it.")
    held_after: Money = answer(description="Held after it.")


@shows(paging.Edge)
class WalletEntryEdge:
    cursor: str = answer(description="This item's place in the list.")
    node: WalletEntry = answer(description="The item.")


@shows(paging.Connection)
class WalletEntryConnection:
    edges: list[WalletEntryEdge] = answer(description="The items with their cursors.")
    nodes: list[WalletEntry] = answer(description="The items.")
    page_info: PageInfo = answer(description="Where this page stands.")


@shows(resolve.Wallet, scopes=READ)
class Wallet:
    """An account's money, one balance for each currency it ever had."""

    balances: list[WalletBalance] = answer(resolve.balances, "By currency.")
    entries: WalletEntryConnection = answer(resolve.entries, "Every movement, newest first.")
