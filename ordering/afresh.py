"""Buying afresh what was never bought: a new generation, hence a new reference and a new body."""

from collections.abc import Awaitable, Callable

from db import claims, order_lines, orders, vouchers
from db.claims import Claim
from db.pool import Connection, Database
from domain.carts import Recipient
from domain.problems import Refused, invalid
from domain.providers import Capability
from ordering.bodies import RECIPIENT, Bodies
from ordering.keys import Keys
from ordering.recipients import recipient_of
from ordering.references import References
from ordering.refusals import problem_of, unsendable
from providers.errors import ProviderError, Rejected
from providers.port import Provider

RESOLUTION = ("input", "resolution")


class Afresh:
    """Prepares a retry; writes nothing by itself."""

    def __init__(
        self, database: Database, keys: Keys, bodies: Bodies, references: References
    ) -> None:
        self._database = database
        self._keys = keys
        self._bodies = bodies
        self._references = references

    async def prepared(
        self, provider: Provider, found: Claim
    ) -> Callable[[Connection, Claim], Awaitable[object]]:
        """What writes the new generation. Refused when something was found, or may be there."""
        if found.provider_order_id or found.delivered or found.failed or _names_an_order(found):
            raise invalid("something was bought already: link it, keep or release it", *RESOLUTION)
        await self._look(provider, found)
        async with self._database.worker() as conn:
            key = await orders.placed_under(conn, found.order_id)
            lines = (await order_lines.by_orders(conn, [found.order_id]))[found.order_id]
            recipient = await orders.recipient(conn, found.order_id)
        if key is None or found.item is None:
            raise invalid("it was not placed here", *RESOLUTION)
        reference = self._references.make(
            await self._keys.reference(),
            provider.name,
            found.account,
            key,
            next(n for n, line in enumerate(lines) if line.id == found.line_id),
            found.generation + 1,
        )
        to = await self._recipient(found, recipient)
        try:
            body = provider.render(reference, found.item, to)
        except Rejected as error:
            raise Refused(unsendable(error)) from None
        sealed = await self._bodies.seal(found.account, found.id, body)

        async def renew(conn: Connection, claim: Claim) -> None:
            waiting = await vouchers.quarantined(conn, claim.id)
            generation = found.generation + 1
            if waiting or not await claims.renew(conn, claim, reference, sealed, generation):
                raise invalid("something of it has come: deliver or release it", *RESOLUTION)

        return renew

    async def _recipient(self, found: Claim, sealed: bytes | None) -> Recipient | None:
        if sealed is None:
            return None
        kept = await self._bodies.open(found.account, found.order_id, sealed, RECIPIENT)
        return recipient_of(kept)

    async def _look(self, provider: Provider, found: Claim) -> None:
        """Where the provider can be asked by our reference, it is asked once more."""
        if Capability.REFERENCE_LOOKUP not in provider.capabilities:
            return
        try:
            told = await provider.find(found.reference)
        except ProviderError as error:
            raise Refused(problem_of(error)) from None
        if told is not None:
            raise invalid("the provider has an order for it: link that", *RESOLUTION)


def _names_an_order(found: Claim) -> bool:
    """Whether the reason for the review was an order that is there."""
    return "providerOrderId" in (found.evidence or {})
