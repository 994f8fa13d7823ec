"""Linking: an order that a person has found at the provider is read, compared and adopted."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from db.claims import Claim
from db.pool import Connection
from domain.orders import AttemptOutcome
from domain.problems import Refused, invalid
from ordering.outcomes import Outcome, differences
from ordering.references import References
from ordering.refusals import problem_of
from ordering.settle import Settler
from ordering.waiting import Watcher
from providers.errors import NotFound, ProviderError
from providers.port import Provider, ProviderOrder

ORDER_ID = ("input", "providerOrderId")


class Linker:
    """Prepares the adoption of a provider's order; writes nothing by itself."""

    def __init__(self, references: References, settler: Settler, watcher: Watcher) -> None:
        self._references = references
        self._settler = settler
        self._watcher = watcher

    async def prepared(
        self, provider: Provider, found: Claim, order_id: str
    ) -> Callable[[Connection, Claim], Awaitable[object]]:
        """What adopts the order. Refused when the provider does not know it or it is another's."""
        as_of = datetime.now(UTC)
        try:
            told = await provider.order(order_id)
            outcome = Outcome(None, told=told, issued=told.vouchers or ())
            outcome = await self._watcher.with_units(provider, outcome)
        except NotFound:
            raise invalid("the provider knows no such order", *ORDER_ID) from None
        except ProviderError as error:
            raise Refused(problem_of(error)) from None
        self._check_identity(found, told)
        outcome = Outcome(
            None, told=outcome.told, issued=outcome.issued, attempt=AttemptOutcome.FOUND
        )
        units = await self._settler.sealed(found, outcome)

        async def adopt(conn: Connection, claim: Claim) -> None:
            if differs := differences(claim, told):
                raise invalid(f"that order differs in {', '.join(sorted(differs))}", *ORDER_ID)
            await self._settler.record(conn, claim, outcome, units, as_of)

        return adopt

    def _check_identity(self, found: Claim, told: ProviderOrder) -> None:
        """Whether it can be ours: no other id is recorded, no other reference stands on it."""
        reading = told.reading
        if found.provider_order_id not in (None, reading.provider_order_id):
            raise invalid("it has another order at the provider already", *ORDER_ID)
        if reading.reference == found.reference:
            return
        if self._references.is_ours(reading.reference):
            raise invalid("that order carries the reference of another fulfillment", *ORDER_ID)
