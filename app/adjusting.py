"""Putting a wallet right by hand: one entry, and its trace in the account's audit chain."""

import re
from decimal import Decimal
from uuid import UUID

from app.composition import Core, StartRefused
from domain.ids import Kind, global_id, row_id, uuid7
from domain.problems import Refused
from domain.viewers import Scope, Viewer
from ordering.wallets import Wallets

ACTOR = "cli"
AMOUNT = re.compile(r"[+-]?[0-9]{1,16}(\.[0-9]{1,12})?")


async def adjust(
    parts: Core, account: UUID, currency: str, amount: str, reason: str, fulfillment: str | None
) -> str:
    """Move the signed amount; the entry's global id. StartRefused says why nothing was moved."""
    about = None if fulfillment is None else row_id(fulfillment, Kind.FULFILLMENT)
    if fulfillment is not None and about is None:
        raise StartRefused("this is not the id of a fulfillment")
    operator = Viewer(account, "", uuid7(), ACTOR, frozenset({Scope.OPERATIONS_WRITE}))
    try:
        entry = await Wallets(parts.database, parts.keys).adjust(
            operator, account, _number(amount), currency, reason=reason, fulfillment_id=about
        )
    except Refused as refused:
        raise StartRefused("; ".join(p.message for p in refused.problems)) from None
    return global_id(Kind.WALLET_ENTRY, entry)


def _number(text: str) -> Decimal:
    if not AMOUNT.fullmatch(text):
        raise StartRefused("an amount is a decimal number such as -12.50")
    return Decimal(text)
