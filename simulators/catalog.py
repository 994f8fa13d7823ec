"""Invented goods: what a provider sells, the same for the same seed."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    """What a voucher consists of."""

    CODE = "CODE"
    CODE_WITH_PIN = "CODE_WITH_PIN"
    URL = "URL"
    URL_WITH_PIN = "URL_WITH_PIN"

    @property
    def has_pin(self) -> bool:
        return self in (Kind.CODE_WITH_PIN, Kind.URL_WITH_PIN)

    @property
    def is_link(self) -> bool:
        return self in (Kind.URL, Kind.URL_WITH_PIN)


@dataclass(frozen=True)
class Market:
    """A country with its currency and the face values usual there, small to large."""

    country: str
    country_name: str
    currency: str
    currency_name: str
    values: tuple[int, ...]


INDIA = Market("IN", "India", "INR", "Indian Rupee", (100, 250, 500, 1000, 2000, 5000))
AMERICA = Market("US", "United States", "USD", "US Dollar", (10, 25, 50, 100, 200))
GERMANY = Market("DE", "Germany", "EUR", "Euro", (10, 20, 50, 100, 150))
BRITAIN = Market("GB", "United Kingdom", "GBP", "Pound Sterling", (10, 20, 50, 100))
EMIRATES = Market("AE", "United Arab Emirates", "AED", "UAE Dirham", (50, 100, 250, 500))
SINGAPORE = Market("SG", "Singapore", "SGD", "Singapore Dollar", (10, 20, 50, 100))
JAPAN = Market("JP", "Japan", "JPY", "Yen", (1000, 3000, 5000, 10000))


@dataclass(frozen=True)
class Product:
    """One thing on sale. Amounts are in `currency`, major units; percentages of the face value.

    `values` are the fixed face values; empty: any amount from `minimum` to `maximum`.
    """

    sku: str
    number: int
    name: str
    brand: str
    category: str
    sub_category: str
    market: Market
    kind: Kind
    values: tuple[Decimal, ...]
    minimum: Decimal
    maximum: Decimal
    discount: Decimal
    fee: Decimal
    max_quantity: int
    validity_days: int | None
    delayed: bool = False
    available: bool = True
    habit: str = ""  # a sandbox SKU that always does the same thing
    terms: str = field(default="", repr=False)
    how_to_redeem: str = field(default="", repr=False)
    description: str = field(default="", repr=False)

    @property
    def currency(self) -> str:
        return self.market.currency

    def sells(self, face_value: Decimal) -> bool:
        """Whether such a face value can be bought."""
        if self.values:
            return face_value in self.values
        return self.minimum <= face_value <= self.maximum

    @property
    def usual_value(self) -> Decimal:
        return self.values[0] if self.values else min(self.maximum, self.minimum * 50)

    def image(self, size: str) -> str:
        return f"https://images.example.com/{self.number}/{size}.png"


# fmt: off
FIRST = (
    "Amberleaf", "Bluekite", "Copperfern", "Dunewell", "Elmshire", "Foxmallow", "Gingham",
    "Harborlight", "Indigofield", "Juniperly", "Kitehill", "Lanternby", "Marigoldie", "Nimbusway",
    "Oakwhistle", "Pebblemoor", "Quillbrook", "Rosewick", "Saffronly", "Tamarindo", "Umberlane",
    "Velvetine", "Willowmark", "Yarrowby", "Zephyrine", "Bramblecot", "Cedarvale", "Driftwell",
    "Emberfox", "Flintmere", "Glenhollow", "Hazelgate", "Ivorycrest", "Jasperly", "Kestrelby",
    "Larkspurne", "Mossgrove", "Nettlebay", "Orchardly", "Pinecastle", "Ravenswold",
)
# fmt: on

CATEGORIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "Fashion": (
        "Apparel",
        ("Outfitters", "Threads", "Wardrobe", "Tailors", "Denim", "Knits", "Studio", "Looms"),
    ),
    "Food & Dining": (
        "Restaurants",
        ("Kitchen", "Bakehouse", "Diner", "Coffee", "Grill", "Sweets", "Pantry", "Teahouse"),
    ),
    "Travel": (
        "Stays",
        ("Journeys", "Stays", "Airways", "Cabins", "Voyages", "Trails", "Resorts", "Rides"),
    ),
    "Electronics": (
        "Gadgets",
        ("Electronics", "Audio", "Devices", "Cameras", "Circuits", "Gadgets", "Robotics", "Labs"),
    ),
    "Groceries": (
        "Supermarkets",
        ("Market", "Grocers", "Basket", "Farms", "Provisions", "Larder", "Greens", "Mart"),
    ),
    "Beauty & Wellness": (
        "Salons",
        ("Botanics", "Spa", "Apothecary", "Salon", "Skincare", "Wellness", "Perfumes", "Yoga"),
    ),
    "Entertainment": (
        "Streaming",
        ("Cinemas", "Games", "Music", "Comics", "Theatre", "Arcade", "Tickets", "Stream"),
    ),
    "Home & Living": (
        "Furniture",
        ("Home", "Furniture", "Linens", "Ceramics", "Gardens", "Lamps", "Rugs", "Workshop"),
    ),
    "Books & Learning": (
        "Books",
        ("Books", "Stationers", "Academy", "Maps", "Press", "Library", "Courses", "Papers"),
    ),
    "Kids & Toys": (
        "Toys",
        ("Toys", "Playhouse", "Puzzles", "Kites", "Nursery", "Blocks", "Crafts", "Bears"),
    ),
}

# A few catalogs carry markup that no page should show as it stands.
HOSTILE = (
    "<script>document.title='terms'</script><img src=x onerror=\"this.remove()\">"
    '<a href="javascript:void(0)">Full terms</a>'
)


def invented_goods(
    seed: int,
    count: int,
    *,
    first_brand: int,
    markets: Sequence[Market],
    sku: Callable[[int, random.Random], str],
    fees: bool = False,
) -> list[Product]:
    """`count` products. Providers with nearby `first_brand` sell some brands in common."""
    dice = random.Random(f"catalog:{seed}:{first_brand}")
    return [
        _product(
            i,
            brand_number=first_brand + seed * 3 + i,
            market=markets[i % len(markets)],
            sku=sku(i, dice),
            dice=dice,
            fees=fees,
        )
        for i in range(count)
    ]


def _product(
    i: int, *, brand_number: int, market: Market, sku: str, dice: random.Random, fees: bool
) -> Product:
    category = list(CATEGORIES)[brand_number % len(CATEGORIES)]
    sub_category, nouns = CATEGORIES[category]
    brand = f"{FIRST[brand_number * 7 % len(FIRST)]} {nouns[brand_number // 10 % len(nouns)]}"
    fixed = i % 3 != 2
    first = dice.randrange(len(market.values) - 2)
    values = market.values[first : first + dice.randint(2, 4)] if fixed else ()
    kind = list(Kind)[i % 4]
    return Product(
        sku=sku,
        number=i + 1,
        name=f"{brand} Gift Card" if i % 5 else f"{brand} E-Voucher ({market.country_name})",
        brand=brand,
        category=category,
        sub_category=sub_category,
        market=market,
        kind=kind,
        values=tuple(Decimal(value) for value in values),
        minimum=Decimal(values[0] if values else max(1, market.values[0] // 10)),
        maximum=Decimal(values[-1] if values else market.values[-1] * 2),
        discount=Decimal(dice.choice(("1", "2", "2.5", "3", "4", "5", "7.5", "10", "12"))),
        fee=Decimal(dice.choice(("0.5", "1", "2"))) if fees and i % 10 == 7 else Decimal(0),
        max_quantity=dice.choice((10, 20, 50)),
        validity_days=None if i % 16 == 9 else dice.choice((180, 365, 730)),
        delayed=i % 9 == 4,
        available=i % 13 != 12,
        description=f"<p>Spend it at every {brand} store and online.</p>",
        terms=_terms(brand, hostile=i % 20 == 3),
        how_to_redeem=_steps(kind),
    )


def _terms(brand: str, *, hostile: bool) -> str:
    return (
        f"<ul><li>Valid at {brand} only.</li><li>Cannot be exchanged for cash.<br/></li>"
        f"<li>One card per bill.</li></ul>{HOSTILE if hostile else ''}"
    )


def _steps(kind: Kind) -> str:
    shown = "Open the link" if kind.is_link else "Show the code"
    return f"<ol><li>{shown}{' and give the PIN' if kind.has_pin else ''}.</li></ol>"
