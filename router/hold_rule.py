"""Which orders are held before anything is allocated or released, and who is asked about them (`holds` in
config/routing.yaml)."""

from datetime import timedelta
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from canonical import Amount, Text
from router.order import HoldSilence, Silence
from router.rule import Rule

CHECKS = {"credit": "CreditCheck", "fraud": "FraudCheck"}
"""The kinds of holds about which somebody can be asked, and the question."""


class Check(Rule):
    """Who is asked in the place of a person, and what follows when nobody answers."""

    ask: Text
    """The connection."""
    within: timedelta = Field(default=timedelta(seconds=30), gt=timedelta(0))
    silence: Silence = "wait"
    limit: Amount | None = Field(default=None, ge=0)
    """For credit: the limit of a customer for whom the ERP has none; without one such a customer may owe any amount."""


class HoldRule(Rule):
    """A hold on each order it takes, before anything is allocated or released.

    Of several rules of one kind the first that takes an order counts. Where it has a `check` that is asked; an answer
    in the order's favour lifts the hold, any other leaves it to its owner.
    """

    kind: Text
    reason: Text
    owner: Text = "order desk"
    gate: Literal["allocate", "release"] = "release"
    check: Check | None = None
    channels: tuple[Text, ...] = ()
    """None listed takes every channel."""
    total_above: Amount | None = None
    """Takes orders whose goods cost more than this, in the order's currency."""
    names: tuple[Text, ...] = ()
    """Takes orders on which a party's name contains one of these, such as a list of those we may not sell to."""
    regions: tuple[Text, ...] = ()
    """Takes orders that go to one of these regions, such as `US-AK`."""
    classes: tuple[Text, ...] = ()
    """Takes orders for an item of one of these classes."""
    within: timedelta | None = None
    """How long its owner has to speak."""
    on_silence: HoldSilence = "wait"
    """What follows then."""
    two_people: bool = False
    """True when a person who places such a hold may not lift it."""

    @model_validator(mode="after")
    def _askable(self) -> Self:
        if self.check and self.kind not in CHECKS:
            raise ValueError(
                f"only a hold of the kind {' or '.join(CHECKS)} has a check; nobody answers about {self.kind}"
            )
        return self

    def takes(self, channel: str, total: Decimal) -> bool:
        """Whether an order falls under the rule."""
        return channel in (self.channels or (channel,)) and (self.total_above is None or total > self.total_above)
