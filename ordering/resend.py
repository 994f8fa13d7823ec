"""Resend: a provider sends vouchers again; what may have changed by it is sealed anew."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from db import events, fulfillments, order_lines, orders, resending
from db.pool import Database
from domain.orders import Fulfillment, Order, OrderEventType
from domain.problems import Outcome, Problem, ProblemCode, RetryAdvice
from domain.providers import Capability
from ordering.keys import Keys
from ordering.refusals import problem_of
from ordering.sealing import seal_all
from providers.errors import (
    NotFound,
    ProviderError,
    Rejected,
    Unsupported,
)
from providers.pacing import Asker, asked_by
from providers.port import OrderKey, Provider
from vault import Vault

log = structlog.get_logger()

ONCE_IN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Resent:
    """The order, and a problem for each part whose vouchers were not sent again."""

    order: Order
    problems: tuple[Problem, ...] = ()


class Resender:
    """Has vouchers sent again, once per order and ten minutes."""

    def __init__(
        self, database: Database, providers: Mapping[str, Provider], vault: Vault, keys: Keys
    ) -> None:
        self._database = database
        self._providers = providers
        self._vault = vault
        self._keys = keys

    async def resend(self, order: Order) -> Resent:
        """Ask the provider of every delivered part that can; the turn is given back if none did."""
        async with self._database.worker() as conn:
            parts = (await fulfillments.by_orders(conn, [order.id]))[order.id]
        able, problems = self._able(parts)
        if not able:
            return Resent(order, tuple(problems))
        async with self._database.worker() as conn:
            wait = await resending.take_turn(conn, order.id, ONCE_IN)
        if wait is not None:
            return Resent(order, (_too_soon(wait),))
        answers = await asyncio.gather(*(self._ask(part) for part in able))
        problems += [answer for answer in answers if answer is not None]
        sent = [part for part, answer in zip(able, answers, strict=True) if _went_out(answer)]
        async with self._database.worker() as conn:
            if not sent:
                await resending.give_back(conn, order.id)
            else:
                before = await orders.lock(conn, order.id)
                status = before.status if before else order.status
                await events.append(
                    conn, order.account, [(order.id, OrderEventType.RESENT, status)]
                )
        for part in sent:
            await self._seal_again(part)
        async with self._database.worker() as conn:
            order = (await orders.by_ids(conn, [order.id]))[order.id]
        return Resent(order, tuple(problems))

    def _able(self, parts: Sequence[Fulfillment]) -> tuple[list[Fulfillment], list[Problem]]:
        """The parts that can be sent again, and why the others cannot."""
        able, problems = [], []
        for part in parts:
            provider = self._providers.get(part.provider_name)
            if provider is None or provider.credential != part.credential:
                problems.append(_problem("its provider is not set up here any more"))
            elif Capability.RESEND not in provider.capabilities:
                name = provider.display_name
                problems.append(_problem(f"{name} sends nothing again: read the vouchers here"))
            elif part.provider_order_id is None or not part.progress.delivered:
                problems.append(_problem("nothing of it was delivered yet"))
            else:
                able.append(part)
        return able, problems

    async def _ask(self, part: Fulfillment) -> Problem | None:
        """None when it was sent; a problem whose outcome says whether it may have been."""
        provider = self._providers[part.provider_name]
        try:
            with asked_by(Asker.PLACING):
                await provider.resend(_key(part))
        except (Rejected, NotFound, Unsupported) as error:
            why = f"{provider.display_name} does not send it again: read the vouchers here"
            return replace(_problem(why), provider_code=error.code)
        except ProviderError as error:
            return problem_of(error)
        return None

    async def _seal_again(self, part: Fulfillment) -> None:
        """Read the cards and seal them under the vouchers they are: a PIN may be another now."""
        provider = self._providers[part.provider_name]
        try:
            with asked_by(Asker.WORKER):
                issued = await provider.vouchers(_key(part))
        except ProviderError as error:
            # The old values stand; asking again after ten minutes reads them once more.
            log.warning("resend.unread", provider=provider.name, cause=type(error).__name__)
            return
        async with self._database.worker() as conn:
            known = await resending.identities(conn, part.id)
            line = (await order_lines.by_ids(conn, [part.line_id]))[part.line_id]
        sealed = await seal_all(
            self._vault,
            self._keys,
            issued,
            account=part.account,
            order_id=part.order_id,
            line_id=part.line_id,
            fulfillment_id=part.id,
            face_value=line.face_value,
            known=known,
        )
        same = [one for one in sealed if (one.fingerprint, one.occurrence) in known]
        if len(same) < len(sealed):
            log.warning("resend.other_units", provider=provider.name, fulfillment=str(part.id))
        async with self._database.worker() as conn:
            await resending.seal_again(conn, same)


def _key(part: Fulfillment) -> OrderKey:
    return OrderKey(part.provider_order_id or "", part.reference, part.placed_at)


def _went_out(answer: Problem | None) -> bool:
    return answer is None or answer.outcome is Outcome.UNKNOWN


def _problem(message: str) -> Problem:
    return Problem(ProblemCode.NOT_RESENDABLE, message)


def _too_soon(wait: timedelta) -> Problem:
    return Problem(
        ProblemCode.RATE_LIMITED,
        "it was sent again less than ten minutes ago",
        retry=RetryAdvice.AFTER,
        retry_after_ms=max(1, int(wait.total_seconds() * 1000)),
    )
