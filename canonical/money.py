"""Money and quantities. Amounts are Decimal with an ISO 4217 currency, never a float."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

from pydantic import field_validator

from canonical.model import Amount, Currency, Model, Text, plain_decimal

_WIDE = Context(prec=60)
"""So that the product of any two amounts is exact."""
_NO_MINOR_UNIT = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_THREE_DIGITS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency, as ISO 4217 lists it: 0.01 for USD, 1 for JPY, 0.001 for KWD."""
    digits = 0 if currency in _NO_MINOR_UNIT else 3 if currency in _THREE_DIGITS else 2
    return Decimal(1).scaleb(-digits)


def round_money(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the currency's minor unit: the one rule by which extensions become money."""
    return amount.quantize(minor_unit(currency), rounding=ROUND_HALF_UP, context=_WIDE)


def share(total: Decimal, weights: Sequence[Decimal], currency: str) -> tuple[Decimal, ...]:
    """Split `total` by `weights` so that the parts sum to it exactly.

    Each part is rounded on the running sum, so no part is off by more than one minor unit. Weights that sum to
    zero share equally.
    """
    whole = sum(weights, Decimal(0))
    used = weights if whole else [Decimal(1)] * len(weights)
    whole = whole or Decimal(len(weights))
    parts: list[Decimal] = []
    running = given = Decimal(0)
    for weight in used:
        running += weight
        upto = round_money(total * running / whole, currency)
        parts.append(upto - given)
        given = upto
    return tuple(parts)


class Money(Model):
    """An amount in one currency."""

    amount: Amount
    currency: Currency


class Quantity(Model):
    """A count or measure with its unit, an X12 element 355 code (`EA`, `CA`, `LB`); code lists translate the others."""

    value: Amount
    unit: Text = "EA"


class Price(Model):
    """A unit price, unrounded. `per` says for how much of which unit; without it, for one of the line's own unit."""

    amount: Amount
    currency: Currency
    per: Quantity | None = None

    @field_validator("per")
    @classmethod
    def _for_something(cls, per: Quantity | None) -> Quantity | None:
        if per and per.value <= 0:
            raise ValueError(f"a price for {plain_decimal(per.value)} of something says nothing")
        return per

    def extend(self, quantity: Decimal) -> Decimal:
        """The rounded extension of `quantity` in the line's unit."""
        extension = _WIDE.multiply(quantity, self.amount)
        return round_money(_WIDE.divide(extension, self.per.value) if self.per else extension, self.currency)
