"""One file per provider behind one port. A provider is registered by two lines here."""

from providers.enkash import EnKash
from providers.port import Configuration, Provider, TokenStore
from providers.starship import Starship
from providers.woohoo import Woohoo
from providers.xoxoday import Xoxoday

REGISTRY: dict[str, type[Provider]] = {
    EnKash.name: EnKash,
    Starship.name: Starship,
    Xoxoday.name: Xoxoday,
    Woohoo.name: Woohoo,
}


def build(name: str, configuration: Configuration, store: TokenStore) -> Provider:
    """A provider ready to be asked; close it when done. KeyError for a name we do not know."""
    return REGISTRY[name].open(configuration, store)
