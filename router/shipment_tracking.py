"""What a carrier says of a consignment moves its order's timeline, and goes on to the order's channel."""

from canonical import ShipmentAdvice, TrackingEvent, TrackingUpdate
from router.consigning import restate_consignment
from router.consignment import Consignment
from router.labels import carrier_of, consignment_of
from router.workings import Workings

DELIVERED = "delivered"


def tracked(work: Workings, number: str) -> Consignment | None:
    """The order's consignment of this tracking number."""
    return next((one for one in work.order.consignments if number in one.tracking_numbers), None)


def track(work: Workings, consignment: Consignment, update: TrackingUpdate) -> int:
    """Note what is new, in the carrier's sequence; how much that was."""
    fresh = [event for event in update.events if _said(update, event) not in consignment.tracked]
    for event in fresh:
        at = event.at.isoformat() if event.at else None
        work.tell(
            "shipment_tracked", consignment=consignment.number, tracking=update.number, status=event.status, at=at
        )
    if not fresh:
        return 0
    delivered = [event.at for event in fresh if event.status == DELIVERED and event.at]
    restate_consignment(
        work,
        consignment,
        milestone=fresh[-1].status,
        tracked=(*consignment.tracked, *(_said(update, event) for event in fresh)),
        delivered_at=delivered[-1] if delivered else consignment.delivered_at,
    )
    return len(fresh)


def with_carriage(work: Workings, advice: ShipmentAdvice) -> ShipmentAdvice:
    """The advice with the carrier and tracking numbers that we bought, where the node names none."""
    bought = consignment_of(work, advice.fulfilment_order)
    packed = any(package.tracking_number for package in advice.packages)
    if bought is None or advice.tracking_numbers or packed:
        return advice
    return advice.changed(carrier=advice.carrier or carrier_of(bought), tracking_numbers=bought.tracking_numbers)


def _said(update: TrackingUpdate, event: TrackingEvent) -> str:
    return f"{update.number}:{event.status}@{event.at.isoformat() if event.at else ''}"
