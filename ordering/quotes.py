"""What things cost now: providers are asked at once, a few questions each, under one deadline."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import structlog

from domain.carts import Item, Quote, most_units, offers
from domain.catalog import DenominationRange, Denominations, Product
from domain.money import Money, zero
from domain.problems import Problem, ProblemCode
from domain.providers import Capability
from ordering.refusals import problem_of
from providers.errors import NotFound, ProviderError, Rejected, Rejection, Unsupported
from providers.pacing import Asker, asked_by
from providers.port import Provider

log = structlog.get_logger()

# A provider's "no" to a price that is about the thing itself; any other leaves it unconfirmed.
ABOUT_THE_ITEM = {
    Rejection.INVALID_INPUT: "the provider does not sell it like this",
    Rejection.PRODUCT_UNAVAILABLE: "the provider does not sell this product just now",
    Rejection.OUT_OF_STOCK: "the provider has none left",
    Rejection.DENOMINATION_NOT_OFFERED: "the provider does not sell this face value just now",
    Rejection.QUANTITY_TOO_LARGE: "the provider does not sell so many at once",
}
# A cart of a hundred lines is no reason to open a hundred connections to one provider.
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Asking:
    """So many units of one face value of a product. `shown` is the price that was last shown."""

    product: Product
    face_value: Money
    quantity: int
    shown: Quote | None = None

    @property
    def item(self) -> Item:
        return Item(self.product.listing.sku, self.face_value, self.quantity)


@dataclass(frozen=True, slots=True)
class Priced:
    """What it costs as far as is known; live when the provider just said so.

    `confirmed` is False where the provider should have been asked and did not answer in time.
    `refusal` is why it is not sold so just now; the quote is then the one last known.
    """

    quote: Quote
    live: bool = False
    confirmed: bool = True
    refusal: Problem | None = None


class Quotes:
    """Prices from providers, or as recorded. Never raises for a provider's sake."""

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self._providers = providers
        self._turns: dict[str, asyncio.Semaphore] = {}

    async def ask(self, wanted: Sequence[Asking], *, within: timedelta) -> list[Priced]:
        """One answer for each, in order, within the time given; what is late is as recorded.

        The same item asked twice is one question.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within.total_seconds()
        tasks: dict[tuple[str, Item], asyncio.Task[Priced]] = {}
        async with asyncio.TaskGroup() as group:
            for asking in wanted:
                key = (asking.product.provider_name, asking.item)
                if key not in tasks:
                    tasks[key] = group.create_task(self._price(asking, deadline))
        return [tasks[one.product.provider_name, one.item].result() for one in wanted]

    async def _price(self, asking: Asking, deadline: float) -> Priced:
        product = asking.product
        listing_price = recorded(product.listing.denominations, asking.face_value, asking.quantity)
        provider = self._providers.get(product.provider_name)
        last = asking.shown or listing_price or _unknown(asking)
        if provider is None or not product.listing.available:
            return Priced(last, refusal=_unavailable("this product cannot be bought just now"))
        if listing_price is None:
            return Priced(last, refusal=not_offered(product.listing.denominations))
        if Capability.QUOTE not in provider.capabilities:
            return Priced(listing_price)
        try:
            quote = await self._ask(provider, asking.item, deadline)
        except Unsupported:
            return Priced(listing_price)
        except (ProviderError, TimeoutError) as error:
            if (refusal := _refusal(error)) is not None:
                return Priced(last, refusal=refusal)
            code = getattr(error, "code", None)
            log.info("quote.recorded", provider=provider.name, cause=_cause(error), code=code)
            return Priced(last, confirmed=False)
        return Priced(quote, live=True)

    async def _ask(self, provider: Provider, item: Item, deadline: float) -> Quote:
        turns = self._turns.setdefault(provider.name, asyncio.Semaphore(AT_ONCE))
        async with asyncio.timeout_at(deadline), turns:
            left = deadline - asyncio.get_running_loop().time()
            with asked_by(Asker.VIEWER, within=timedelta(seconds=left)):
                return await provider.quote(item)


def recorded(offered: Denominations, face_value: Money, quantity: int) -> Quote | None:
    """The price from the recorded listing; None when that face value is not offered.

    A total derived from a percentage is rounded half-even once.
    """
    if not offers(offered, face_value.amount):
        return None
    if isinstance(offered, DenominationRange):
        exact = face_value.times(quantity).amount * (100 - offered.discount_percent) / 100
        total = _rounded(exact, face_value)
    else:
        price = next(
            value.price for value in offered.values if value.face_value.amount == face_value.amount
        )
        total = _rounded(price.times(quantity).amount, price)
    return Quote(total, zero(total.currency), most_units(offered, face_value.amount))


def as_recorded(asking: Asking) -> Priced:
    """What is known without asking anybody: the price last shown, else the listing's."""
    listing_price = recorded(
        asking.product.listing.denominations, asking.face_value, asking.quantity
    )
    return Priced(asking.shown or listing_price or _unknown(asking), confirmed=False)


def _rounded(amount: Decimal, like: Money) -> Money:
    exact = Money(amount, like.currency)
    if exact.is_exact:
        return exact
    smallest = Decimal(1).scaleb(-like.minor_digits)
    return Money(amount.quantize(smallest, ROUND_HALF_EVEN), like.currency)


def not_offered(offered: Denominations, path: tuple[str, ...] | None = None) -> Problem:
    """Why a face value is refused, naming what is offered."""
    return Problem(
        ProblemCode.DENOMINATION_NOT_OFFERED,
        f"this face value is not sold; {_offer(offered)}",
        path,
    )


def _offer(offered: Denominations) -> str:
    if isinstance(offered, DenominationRange):
        step = f" in steps of {offered.step:f}" if offered.step else ""
        return f"offered: {offered.min} to {offered.max} {offered.max.currency}{step}"
    shown = ", ".join(str(value.face_value) for value in offered.values[:20])
    if not shown:
        return "none is offered just now"
    more = ", and more" if len(offered.values) > 20 else ""
    return f"offered: {shown}{more} {offered.values[0].face_value.currency}"


def _unavailable(message: str, provider_code: str | None = None) -> Problem:
    return Problem(ProblemCode.PRODUCT_UNAVAILABLE, message, provider_code=provider_code)


def _refusal(error: ProviderError | TimeoutError) -> Problem | None:
    if isinstance(error, NotFound):
        return _unavailable("the provider does not sell this product any more", error.code)
    if isinstance(error, Rejected) and error.rejection in ABOUT_THE_ITEM:
        return replace(problem_of(error), message=ABOUT_THE_ITEM[error.rejection])
    return None


def _unknown(asking: Asking) -> Quote:
    """Nothing is known but the face value: it is what is shown until it can be confirmed."""
    total = asking.face_value.times(asking.quantity)
    return Quote(total, zero(total.currency))


def _cause(error: Exception) -> str:
    return str(getattr(error, "reason", None) or type(error).__name__)
