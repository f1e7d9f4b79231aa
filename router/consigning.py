"""What is about to ship from the nodes whose carriage the hub buys, and what of it is priced and labelled already."""

import hashlib
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from canonical import Party, PricedPackage, Quantity
from router.consignment import Consignment
from router.freight import pounds
from router.order_line import ZERO, Allocation
from router.promised import promise_of
from router.shopping_terms import Parcel, Shopping
from router.workings import Workings

_TENTH = Decimal("0.1")


class Pending(NamedTuple):
    """What a node is about to be asked to ship to a destination."""

    place: str
    """`node/destination/count`: the same until it is released."""
    node: str
    destination: int
    ship_to: Party
    packages: tuple[PricedPackage, ...]
    ships_on: date
    deliver_on: date | None


def shopping(work: Workings) -> Shopping | None:
    """The terms of buying carriage; None where none is bought: for a test, for one."""
    return work.policy.routing.shipping if work.usage == "production" else None


def pending(work: Workings) -> list[Pending]:
    """Everything that is allocated and not released, at nodes for which the hub buys carriage."""
    terms, bought = shopping(work), work.policy.network.bought
    if terms is None or not bought:
        return []
    found: dict[tuple[str, int], list[Allocation]] = {}
    for one in work.allocations:
        if one.node in bought and one.fulfilment_order is None and one.outstanding:
            found.setdefault((one.node, one.destination), []).append(one)
    return [_pending(work, terms, *place, allocations) for place, allocations in sorted(found.items())]


def standing(work: Workings, wanted: Pending) -> Consignment | None:
    """The consignment of just these packages to this address, if it was priced."""
    return next(
        (
            one
            for one in work.order.consignments
            if one.stands
            and one.fulfilment_order is None
            and one.number.partition("#")[0] == wanted.place
            and (one.packages, one.ship_to) == (wanted.packages, wanted.ship_to)
        ),
        None,
    )


def unneeded(work: Workings) -> list[Consignment]:
    """The consignments that stand and will not ship: their goods were cancelled, recalled, or go otherwise."""
    kept = {found.number for wanted in pending(work) if (found := standing(work, wanted))}
    return [
        one
        for one in work.order.consignments
        if one.stands and (_recalled(work, one.fulfilment_order) if one.fulfilment_order else one.number not in kept)
    ]


def numbered(work: Workings, wanted: Pending) -> tuple[str, str]:
    """The number of its next consignment, and what the carrier is to know it by."""
    before = sum(one.number.partition("#")[0] == wanted.place for one in work.order.consignments)
    number = f"{wanted.place}#{before + 1}"
    return number, "C" + hashlib.sha256(f"{work.order.id}/{number}".encode()).hexdigest()[:19].upper()


def restate_consignment(work: Workings, consignment: Consignment, **fields: object) -> Consignment:
    """Change what is kept of a consignment."""
    changed = consignment.model_copy(update=fields)
    kept = (changed if one.number == consignment.number else one for one in work.order.consignments)
    work.amend(consignments=tuple(kept))
    return changed


def _recalled(work: Workings, number: str) -> bool:
    return not any(one.outstanding or one.shipped for one in work.allocations if one.fulfilment_order == number)


def _pending(work: Workings, terms: Shopping, node: str, destination: int, allocations: list[Allocation]) -> Pending:
    released = {
        one.fulfilment_order
        for one in work.allocations
        if (one.node, one.destination) == (node, destination) and one.fulfilment_order
    }
    weight = sum((pounds(work.item(one.sku)) * one.outstanding for one in allocations), ZERO)
    promise = promise_of(work, allocations[0])
    return Pending(
        place=f"{node}/{destination}/{len(released) + 1}",
        node=node,
        destination=destination,
        ship_to=work.order.destinations[destination].model_copy(update={"role": "ship_to"}),
        packages=packages_of(weight, terms.parcel),
        ships_on=promise.ship_on or work.world.now.date(),
        deliver_on=promise.deliver_on,
    )


def packages_of(weight: Decimal, parcel: Parcel) -> tuple[PricedPackage, ...]:
    """As few packages of equal weight as the goods need; a weight is rounded up to a tenth of a pound."""
    count = max(int((weight / parcel.pounds).to_integral_value(ROUND_CEILING)), 1)
    each = max((weight / count).quantize(_TENTH, ROUND_CEILING), _TENTH)
    return tuple(
        PricedPackage(
            number=str(number),
            weight=Quantity(value=each, unit="LB"),
            length=parcel.length,
            width=parcel.width,
            height=parcel.height,
        )
        for number in range(1, count + 1)
    )
