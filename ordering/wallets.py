"""Wallets: money comes in once for each key, and every act on one is in the audit chain."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from db import accounts, audit, exceptions, wallets
from db.orders import Conflict
from db.pool import Database
from domain.audit import AuditAction
from domain.ids import Kind, global_id
from domain.money import CURRENCY, Money
from domain.problems import Problem, ProblemCode, Refused, RetryAdvice, invalid
from domain.viewers import Viewer
from ordering.acts import act
from ordering.idempotency import fingerprint
from ordering.keys import Keys

LONGEST_REASON = 200
NO_ACCOUNT = Problem(ProblemCode.NOT_FOUND, "there is no such account", ("input", "account"))
KEY_REUSED = Problem(
    ProblemCode.KEY_REUSED,
    "this idempotency key was used for another request",
    ("input", "idempotencyKey"),
    retry=RetryAdvice.NEW_KEY,
)


@dataclass(frozen=True, slots=True)
class TopUp:
    """A walletTopUp as it was sent. `owner` is the account that its `account` names, if it does."""

    key: str
    account: str | None
    owner: UUID | None
    amount: Decimal
    currency: str


class Wallets:
    """Puts money into accounts' wallets; taking it out is the checkout's."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._database = database
        self._keys = keys

    async def top_up(self, viewer: Viewer, wanted: TopUp) -> bool:
        """Add money to an account's wallet; True when this key had done so before.

        Keys are the caller's account's. Refused, with nothing written, for whatever is wrong.
        """
        given = {"account": wanted.account, "amount": wanted.amount, "currency": wanted.currency}
        print_ = fingerprint(await self._keys.reference(), "walletTopUp", given)
        if await self._known(viewer, wanted.key, print_):
            return True
        if wanted.owner is None:
            raise Refused(NO_ACCOUNT)
        money = _money(wanted.amount, wanted.currency)
        try:
            await self._add(viewer, wanted.key, print_, wanted.owner, money)
        except Conflict:  # another request with this key was faster: ours is taken back
            return await self._known(viewer, wanted.key, print_)
        return False

    async def adjust(
        self,
        viewer: Viewer,
        account: UUID,
        amount: Decimal,
        currency: str,
        *,
        reason: str,
        fulfillment_id: UUID | None = None,
    ) -> UUID:
        """Correct a wallet by a signed amount; the entry's id. Refused when it cannot be."""
        money = _money(amount, currency, signed=True)
        if not reason.strip() or len(reason) > LONGEST_REASON or not reason.isprintable():
            raise invalid(f"a reason has 1 to {LONGEST_REASON} printable characters", "reason")
        audit_key = await self._keys.audit()
        async with self._database.worker() as conn:
            if await accounts.find(conn, account) is None:
                raise Refused(NO_ACCOUNT)
            try:
                transfer = await wallets.adjust(
                    conn, account, money, reason.strip(), viewer.actor, fulfillment_id
                )
            except LookupError:
                message = "the account has no such fulfillment"
                raise Refused(Problem(ProblemCode.NOT_FOUND, message)) from None
            except wallets.Insufficient as short:
                message = f"only {short.available} {short.currency} are available"
                raise Refused(Problem(ProblemCode.INSUFFICIENT_FUNDS, message)) from None
            done = act(
                viewer,
                AuditAction.WALLET_ADJUSTED,
                global_id(Kind.WALLET_ENTRY, transfer),
                fields=(f"{money} {money.currency}",),
                reason=reason.strip(),
            )
            if fulfillment_id is not None:
                await exceptions.close_of_fulfillment(conn, fulfillment_id, viewer.actor)
            await audit.append(conn, account, [done], audit_key)
        return transfer

    async def _known(self, viewer: Viewer, key: str, print_: bytes) -> bool:
        """Whether the key did this before; Refused when it did something else."""
        async with self._database.worker() as conn:
            known = await wallets.topup_known(conn, viewer.account, key)
        if known is not None and known.fingerprint != print_:
            raise Refused(KEY_REUSED)
        return known is not None

    async def _add(
        self, viewer: Viewer, key: str, print_: bytes, owner: UUID, money: Money
    ) -> None:
        audit_key = await self._keys.audit()
        async with self._database.worker() as conn:
            if await accounts.find(conn, owner) is None:
                raise Refused(NO_ACCOUNT)
            transfer = await wallets.top_up(conn, owner, money, viewer.actor)
            await wallets.remember_topup(conn, viewer.account, key, print_, transfer)
            done = act(
                viewer,
                AuditAction.WALLET_TOPPED_UP,
                global_id(Kind.WALLET_ENTRY, transfer),
                fields=(f"{money} {money.currency}",),
            )
            await audit.append(conn, owner, [done], audit_key)


def _money(amount: Decimal, currency: str, *, signed: bool = False) -> Money:
    """The amount as money; Refused with everything that is wrong with it."""
    problems = []
    if not CURRENCY.fullmatch(currency):
        message = 'a currency is an ISO 4217 code of three capitals, such as "INR"'
        problems.append(Problem(ProblemCode.INVALID_INPUT, message, ("input", "currency")))
    if amount == 0 or (amount < 0 and not signed):
        message = "an amount is more than nothing" if not signed else "an amount is not zero"
        problems.append(Problem(ProblemCode.INVALID_INPUT, message, ("input", "amount")))
    if problems:
        raise Refused(*problems)
    try:
        return Money.exact(amount, currency)
    except ValueError as error:
        raise invalid(str(error), "input", "amount") from None
