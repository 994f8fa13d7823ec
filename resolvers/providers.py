"""Providers: faces from the registry, health from their transport, balances asked live."""

from domain.money import Money
from domain.providers import Provider, ProviderHealth
from providers.errors import Unsupported
from resolvers.context import Ask, Context


def named(context: Context, name: str) -> Provider | None:
    known = context.services.providers.get(name)
    return known.face() if known else None


def listed(context: Context) -> list[Provider]:
    """Every provider that is set up here, by name."""
    return [context.services.providers[name].face() for name in sorted(context.services.providers)]


async def health(root: Provider, info: Ask) -> ProviderHealth:
    services = info.context.services
    return await services.health(services.providers[root.name])


async def balances(root: Provider, info: Ask) -> tuple[Money, ...] | None:
    """What we have left there; None where the provider does not tell."""
    try:
        return await info.context.services.providers[root.name].balances()
    except Unsupported:
        return None
