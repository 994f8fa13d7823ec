"""Money: a decimal amount and its ISO 4217 currency, together and exact."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

# ISO 4217 minor digits where they are not two. CLDR's digits differ for several of these.
ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
THREE = "BHD IQD JOD KWD LYD OMR TND"
FOUR = "CLF UYW"
MINOR_DIGITS = {
    code: digits for digits, codes in ((0, ZERO), (3, THREE), (4, FOUR)) for code in codes.split()
}
CURRENCY = re.compile(r"[A-Z]{3}")
QUANTUMS = tuple(Decimal(1).scaleb(-digits) for digits in range(5))
# Wider than any order, narrower than what PostgreSQL's numeric or a hostile exponent could carry.
MAX_EXPONENT = 15


_known: set[str] = set()


def _is_code(currency: str) -> bool:
    """Whether it is three capitals; such codes are few, and asked for again and again."""
    found = CURRENCY.fullmatch(currency) is not None
    if found:
        _known.add(currency)
    return found


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in major units with its currency.

    The amount is kept as it was stated, never rounded; `exact` additionally refuses an amount
    finer than the currency's smallest unit. Raises ValueError for a currency that is not three
    capitals and for amounts that are not finite.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in _known and not _is_code(self.currency):
            raise ValueError(f"{self.currency!r:.12} is not an ISO 4217 currency code")
        if not self.amount.is_finite() or self.amount.adjusted() > MAX_EXPONENT:
            raise ValueError("an amount of money is a finite decimal of at most 16 digits")

    @classmethod
    def of(cls, amount: "Decimal | int | str", currency: str) -> "Money":
        """Money from a provider's number or numeric text; ValueError when it is neither."""
        try:
            return cls(Decimal(amount), currency.upper())
        except InvalidOperation:
            raise ValueError("an amount of money is a decimal number") from None

    @classmethod
    def exact(cls, amount: "Decimal | int | str", currency: str) -> "Money":
        """The same, refusing what the currency's smallest unit cannot express."""
        money = cls.of(amount, currency)
        if not money.is_exact:
            raise ValueError(f"{amount} {currency} is finer than the currency's smallest unit")
        return money

    @property
    def minor_digits(self) -> int:
        return MINOR_DIGITS.get(self.currency, 2)

    @property
    def is_exact(self) -> bool:
        minor = self.amount.scaleb(self.minor_digits)
        return minor == minor.to_integral_value()

    @property
    def shown(self) -> Decimal:
        """The amount with at least the currency's minor digits, and all others that it has."""
        amount = self.amount
        exact = amount.quantize(QUANTUMS[MINOR_DIGITS.get(self.currency, 2)])
        return exact if exact == amount else amount.normalize()

    def __str__(self) -> str:
        """The same as text, as on the wire."""
        return f"{self.shown:f}"

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount - other.amount, self.currency)

    def times(self, quantity: int) -> "Money":
        return Money(self.amount * quantity, self.currency)

    def _same_currency(self, other: "Money") -> None:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} are never added")


def zero(currency: str) -> Money:
    """No money, in that currency."""
    return Money(Decimal(0), currency)
