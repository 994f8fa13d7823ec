"""Transfers: every movement of money, only ever added; a wallet moves in the same statement.

A transfer goes from the bucket `debit` to the bucket `credit`, so the sum over all buckets is zero
by construction: external, available, held, spent. Callers lock the wallets they move, by currency,
after every order and fulfillment and before the audit and event heads.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from db.keyset import Conditions, keyset
from db.pool import Connection, Record
from domain.ids import uuid7
from domain.ledger import EntryKind, WalletEntry
from domain.money import Money
from domain.pages import Page, Slice
from domain.pages import page as sliced

COLUMNS = """t.id, t.account, t.at, t.kind, t.debit, t.currency, t.amount, t.order_id,
    t.available_after, t.held_after"""
NEWEST = (("t.at", "timestamptz"), ("t.id", "uuid"))

# The balances after each movement are those at the end without the movements that came later.
MOVE = """
WITH n AS MATERIALIZED (
    SELECT *, CASE 'available' WHEN credit THEN amount WHEN debit THEN -amount ELSE 0 END AS freed,
           CASE 'held' WHEN credit THEN amount WHEN debit THEN -amount ELSE 0 END AS bound
      FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::numeric[],
                  $8::uuid[], $9::uuid[], $10::bigint[], $11::bigint[], $12::text[], $13::text[])
           WITH ORDINALITY AS n (id, currency, kind, debit, credit, amount, order_id,
                                 fulfillment_id, units_from, units_to, reason, actor, position)),
moved AS (
    UPDATE wallets w
       SET available = w.available + s.freed, held = w.held + s.bound,
           moved_at = greatest(clock_timestamp(), w.moved_at + interval '1 microsecond')
                      + s.later * interval '1 microsecond'
      FROM (SELECT currency, sum(freed) AS freed, sum(bound) AS bound, count(*) - 1 AS later
              FROM n GROUP BY currency) AS s
     WHERE w.account = $1 AND w.currency = s.currency
    RETURNING w.currency, w.available, w.held, w.moved_at)
INSERT INTO transfers (id, account, currency, debit, credit, amount, kind, order_id, fulfillment_id,
                       units_from, units_to, at, available_after, held_after, reason, actor)
SELECT n.id, $1, n.currency, n.debit, n.credit, n.amount, n.kind, n.order_id, n.fulfillment_id,
       n.units_from, n.units_to,
       moved.moved_at - count(*) OVER later * interval '1 microsecond',
       moved.available - coalesce(sum(n.freed) OVER later, 0),
       moved.held - coalesce(sum(n.bound) OVER later, 0),
       n.reason, n.actor
  FROM n JOIN moved USING (currency)
WINDOW later AS (PARTITION BY n.currency ORDER BY n.position DESC
                 ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
RETURNING id"""

# The buckets of each kind; an ADJUSTMENT and a late CAPTURE name their own.
ROUTES = {
    EntryKind.TOP_UP: ("external", "available"),
    EntryKind.HOLD: ("available", "held"),
    EntryKind.CAPTURE: ("held", "spent"),
    EntryKind.RELEASE: ("held", "available"),
    EntryKind.REFUND: ("spent", "available"),
    EntryKind.ADJUSTMENT: ("external", "available"),
}
LATE = ("available", "spent")
TAKEN = ("available", "external")


@dataclass(frozen=True, slots=True)
class Movement:
    """One transfer to be made; `units` are those of the fulfillment that it moves, from and to."""

    kind: EntryKind
    amount: Money
    order_id: UUID | None = None
    fulfillment_id: UUID | None = None
    units: tuple[int, int] | None = None
    route: tuple[str, str] | None = None
    reason: str | None = None
    actor: str | None = None
    id: UUID = field(default_factory=uuid7)

    @property
    def buckets(self) -> tuple[str, str]:
        return self.route or ROUTES[self.kind]


@dataclass(frozen=True, slots=True)
class Spent:
    """What a fulfillment has moved so far, and how many units its rows of each kind have reached.

    `left` is what is still held; `late` was captured from what is available, after a release.
    """

    left: Money
    captured: Money
    late: Money
    released: Money
    refunded: Money
    units: Mapping[EntryKind, int]


async def move(conn: Connection, account: UUID, movements: Sequence[Movement]) -> None:
    """Write the movements in their order and move the wallets, which are locked, in one statement.

    A movement of nothing is left out. Raises LookupError for a currency without a wallet.
    """
    wanted = [one for one in movements if one.amount.amount]
    if not wanted:
        return
    rows = await conn.fetch(
        MOVE,
        account,
        [one.id for one in wanted],
        [one.amount.currency for one in wanted],
        [one.kind.value for one in wanted],
        [one.buckets[0] for one in wanted],
        [one.buckets[1] for one in wanted],
        [one.amount.amount for one in wanted],
        [one.order_id for one in wanted],
        [one.fulfillment_id for one in wanted],
        [one.units and one.units[0] for one in wanted],
        [one.units and one.units[1] for one in wanted],
        [one.reason for one in wanted],
        [one.actor for one in wanted],
    )
    if len(rows) != len(wanted):
        raise LookupError("there is no wallet of that currency")


async def spent(conn: Connection, fulfillment_id: UUID, currency: str) -> Spent:
    """What was moved for a fulfillment, ADJUSTMENTs apart. Lock the fulfillment before."""
    rows = await conn.fetch(
        "SELECT kind, debit, amount, units_to FROM transfers WHERE fulfillment_id = $1"
        " AND kind <> 'ADJUSTMENT'",
        fulfillment_id,
    )
    sums = dict.fromkeys(("HOLD", "CAPTURE", "LATE", "RELEASE", "REFUND"), Decimal(0))
    units = dict.fromkeys(EntryKind, 0)
    for row in rows:
        kind = EntryKind(row["kind"])
        late = kind is EntryKind.CAPTURE and row["debit"] == "available"
        sums["LATE" if late else kind.value] += row["amount"]
        units[kind] = max(units[kind], row["units_to"])
    money = {name: Money(amount, currency) for name, amount in sums.items()}
    return Spent(
        left=money["HOLD"] - money["CAPTURE"] - money["RELEASE"],
        captured=money["CAPTURE"],
        late=money["LATE"],
        released=money["RELEASE"],
        refunded=money["REFUND"],
        units=units,
    )


async def page(conn: Connection, account: UUID, cut: Slice) -> Page[WalletEntry]:
    """The account's movements, newest first; keys are (at, id)."""
    conditions = Conditions()
    conditions.add(f"t.account = {conditions.argument(account, 'uuid')}")
    tail = keyset(conditions, cut, NEWEST, descending=True)
    rows = await conn.fetch(
        f"SELECT {COLUMNS} FROM transfers t WHERE {conditions.where()} {tail}",  # noqa: S608
        *conditions.arguments,
    )
    return sliced([((row["at"], row["id"]), _entry(row)) for row in rows], cut)


async def by_ids(conn: Connection, ids: Iterable[UUID]) -> dict[UUID, WalletEntry]:
    rows = await conn.fetch(f"SELECT {COLUMNS} FROM transfers t WHERE t.id = ANY($1)", list(ids))  # noqa: S608
    return {row["id"]: _entry(row) for row in rows}


def _entry(row: Record) -> WalletEntry:
    kind, currency = EntryKind(row["kind"]), row["currency"]
    takes = kind is EntryKind.ADJUSTMENT and row["debit"] == "available"
    return WalletEntry(
        id=row["id"],
        account=row["account"],
        at=row["at"],
        kind=kind,
        amount=Money(-row["amount"] if takes else row["amount"], currency),
        order_id=row["order_id"],
        balance_after=Money(row["available_after"], currency),
        held_after=Money(row["held_after"], currency),
    )
