"""On what terms goods come back, and what becomes of them (`returns` and `inspection` of config/routing.yaml)."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from canonical import Amount, Text
from router.order_line import ZERO
from router.rule import Rule

Disposition = Literal["restock", "quarantine", "scrap"]
"""What becomes of goods that came back: sold again, kept apart until somebody has looked, or written off."""


class ReturnTerms(Rule):
    """What a channel's buyers may send back, and what they get for it."""

    window_days: int | None = Field(default=30, ge=0)
    """For how many days after the goods left a return may be asked for; None sets no end."""
    reasons: tuple[Text, ...] = ()
    """The reasons that count; none listed takes any."""
    approval: Literal["automatic", "person"] = "automatic"
    person_above: Amount | None = Field(default=None, ge=0)
    """A return of goods worth more than this, in the order's currency, waits for a person."""
    person_for: tuple[Text, ...] = ()
    """Reasons for which a return waits for a person."""
    node: Text | None = None
    """Where goods come back; None takes the node they left from."""
    restocking_percent: Amount = Field(default=ZERO, ge=0, le=100)
    """Kept of the price of goods that come back."""
    no_fee_for: tuple[Text, ...] = ("damaged", "defective", "wrong_item", "quality", "recalled")
    """Reasons for which nothing is kept: they are ours."""
    credits_charges: bool = False
    """True when the order's own charges, such as freight, are given back with the goods, by their value."""

    def asks_person(self, reasons: frozenset[str], worth: Decimal) -> bool:
        """Whether a person decides about a return for these reasons of goods worth so much."""
        costly = self.person_above is not None and worth > self.person_above
        return self.approval == "person" or costly or bool(reasons & set(self.person_for))


class Inspection(Rule):
    """What becomes of goods by the condition in which a node says that they came."""

    conditions: dict[str, Disposition] = {  # noqa: RUF012 - pydantic copies defaults
        "good": "restock",
        "returned": "restock",
        "damaged": "scrap",
        "out_of_date": "scrap",
        "scrapped": "scrap",
    }
    otherwise: Disposition = "quarantine"
    """For a condition that is not listed."""

    def disposition(self, condition: str) -> Disposition:
        """What becomes of goods in this condition."""
        return self.conditions.get(condition, self.otherwise)
