"""The rates that stand-ins of tax providers know: a few states, as one tax each."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

RATES: Mapping[str, Decimal] = {
    "CA": Decimal("0.0775"),
    "IL": Decimal("0.0625"),
    "NV": Decimal("0.0685"),
    "NY": Decimal("0.04"),
    "TX": Decimal("0.0625"),
}
"""By region of the United States."""
ELSEWHERE = Decimal("0.05")
_CENT = Decimal("0.01")


def rate_of(region: Any) -> Decimal:
    """The rate of a region."""
    return RATES.get(str(region), ELSEWHERE)


def tax_on(amount: Any, rate: Decimal) -> Decimal:
    """The tax on an amount, to the cent."""
    return (Decimal(str(amount)) * rate).quantize(_CENT, ROUND_HALF_UP)
