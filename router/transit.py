"""How long goods are on their way, learned from the hub's own shipments where there are enough of them; else the zone's
transit time holds (`carriers.learn` in config/routing.yaml).

What is learned of a lane, from a node to a region, is an empirical quantile: the fewest days within which so large a
part of its shipments came.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from pydantic import Field

from canonical import Amount, Text
from router.rule import Rule


class Learning(Rule):
    """When a lane's own shipments say how long it takes."""

    shipments: int = Field(default=30, ge=1)
    """The fewest that are enough."""
    quantile: Amount = Field(default=Decimal("0.9"), gt=0, le=1)
    """The part of them that came within the days that are promised."""
    window: timedelta = Field(default=timedelta(days=90), ge=timedelta(days=7))
    """How far back they count, in whole weeks."""


class Transit(NamedTuple):
    """One shipment that came: from where, to where, by which service, and after how many carrier days."""

    node: Text
    region: Text
    service: Text
    days: int
    came_on: date


class TransitRow(NamedTuple):
    """How many shipments of one lane and service came after so many carrier days."""

    node: Text
    region: Text
    service: Text
    days: int
    shipments: int


class Learned(NamedTuple):
    """So many days, and how often that held: `within` of `shipments` came in time."""

    days: int
    shipments: int
    within: int

    def __str__(self) -> str:
        return f"{self.days} days on the way: {self.within} of {self.shipments} shipments took no longer"


Lanes = tuple[tuple[str, Learned], ...]
"""What is learned of the lanes to one region, by node, in the nodes' order."""


def learned_lanes(rows: Iterable[TransitRow], region: str, service: str, terms: Learning | None) -> Lanes:
    """What is learned of each node's lane to a region; of one service alone where the order asks for it."""
    if terms is None:
        return ()
    lanes: dict[str, list[TransitRow]] = {}
    for row in rows:
        if row.region == region and service in ("", row.service):
            lanes.setdefault(row.node, []).append(row)
    found = ((node, learned(of_lane, terms)) for node, of_lane in sorted(lanes.items()))
    return tuple([(node, known) for node, known in found if known])


def learned(rows: Iterable[TransitRow], terms: Learning) -> Learned | None:
    """The quantile of some shipments; None where they are too few."""
    counts: dict[int, int] = {}
    for row in rows:
        counts[row.days] = counts.get(row.days, 0) + row.shipments
    total, within = sum(counts.values()), 0
    if total < terms.shipments:
        return None
    for days in sorted(counts):
        within += counts[days]
        if within >= terms.quantile * total:
            return Learned(days, total, within)
    return None
