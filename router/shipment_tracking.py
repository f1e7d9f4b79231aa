"""What a carrier says of a consignment moves its order's timeline, and goes on to the order's channel. A carrier that
says nothing for a while is asked."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from canonical import MILESTONES, Moment, Reference, ShipmentAdvice, TrackingEvent, TrackingRequest, TrackingUpdate
from router.consigning import restate_consignment, shopping
from router.consignment import Consignment
from router.labels import carrier_of, consignment_of
from router.promise import day_of, days_on_the_way
from router.question import heading
from router.transit import Transit
from router.workings import Workings

DELIVERED = "delivered"
_ENDED = frozenset({DELIVERED, "returned_to_shipper", "cancelled", "lost"})
_LONGEST_WAY = timedelta(days=30)
"""After it nobody asks any more."""
_TOLD = MILESTONES - {"unknown"}
"""What a channel can make use of."""


def tracked(work: Workings, number: str) -> Consignment | None:
    """The order's consignment of this tracking number."""
    return next((one for one in work.order.consignments if number in one.tracking_numbers), None)


def track(work: Workings, consignment: Consignment, update: TrackingUpdate) -> int:
    """Note what is new, in the carrier's sequence, and pass it on; how much that was."""
    fresh = [event for event in update.events if _said(update, event) not in consignment.tracked]
    for event in fresh:
        at = event.at.isoformat() if event.at else None
        work.tell(
            "shipment_tracked", consignment=consignment.number, tracking=update.number, status=event.status, at=at
        )
    if not fresh:
        return 0
    delivered = [consignment.delivered_at, *(event.at for event in fresh if event.status == DELIVERED)]
    milestone, milestone_at = _furthest(consignment, fresh)
    moved = restate_consignment(
        work,
        consignment,
        milestone=milestone,
        milestone_at=milestone_at,
        tracked=(*consignment.tracked, *(_said(update, event) for event in fresh)),
        delivered_at=max((at for at in delivered if at), key=_instant, default=None),
    )
    if _arrived(moved) and not _arrived(consignment):
        _learn(work, moved)
    _listen(work, moved)
    _pass_on(work, moved, update, [event for event in fresh if event.status in _TOLD])
    return len(fresh)


def _arrived(consignment: Consignment) -> bool:
    """Whether all of its packages were delivered."""
    delivered = {said.partition("@")[0] for said in consignment.tracked}
    return all(f"{one}:{DELIVERED}" in delivered for one in consignment.tracking_numbers)


def _learn(work: Workings, consignment: Consignment) -> None:
    """Its days on the way are told, for promises to come."""
    node, address = work.policy.network.by_id.get(consignment.node), consignment.ship_to.address
    left, came, chosen = consignment.shipped_on, consignment.delivered_at, consignment.chosen
    if work.usage == "test" or not (node and address and left and came and chosen):
        return
    shipped, delivered = day_of(left, node.time_zone), day_of(came, node.time_zone)
    days = days_on_the_way(shipped, delivered, work.policy.routing.carriers.delivery)
    work.came.append(Transit(node.id, work.policy.region_of(address), chosen.service, days, delivered))


def _furthest(consignment: Consignment, fresh: Sequence[TrackingEvent]) -> tuple[str | None, Moment | None]:
    """The last that happened: events may be told in any sequence, and one without a time is as new as it is told."""
    milestone, at = consignment.milestone, consignment.milestone_at
    for event in fresh:
        if event.at is None or at is None or _instant(event.at) >= _instant(at):
            milestone, at = event.status, event.at or at
    return milestone, at


def _instant(at: Moment) -> datetime:
    """A day without a time is as late as it can be."""
    return at if isinstance(at, datetime) else datetime.combine(at, time.max, UTC)


def with_carriage(work: Workings, advice: ShipmentAdvice) -> ShipmentAdvice:
    """The advice with the carrier and tracking numbers that we bought, where the node names none."""
    bought = consignment_of(work, advice.fulfilment_order)
    packed = any(package.tracking_number for package in advice.packages)
    if bought is None or advice.tracking_numbers or packed:
        return advice
    return advice.changed(carrier=advice.carrier or carrier_of(bought), tracking_numbers=bought.tracking_numbers)


def set_out(work: Workings, advice: ShipmentAdvice, shipment: str) -> None:
    """What we bought carriage for is on its way, under our number for the shipment."""
    bought = consignment_of(work, advice.fulfilment_order)
    if bought and bought.left_at is None:
        left = {"left_at": work.world.now, "shipped_on": advice.shipped_on}
        _listen(work, restate_consignment(work, bought, shipment=shipment, **left))


def ask_where(work: Workings) -> None:
    """Ask where each consignment is of which its carrier has said nothing for as long as the terms say."""
    every, now = _patience(work), work.world.now
    if every is None:
        return
    for one in work.order.consignments:
        if _under_way(work, one) and one.heard_at and one.heard_at + every <= now:
            for number in _on_their_way(one):
                _ask(work, one, number)
            _listen(work, one)


def _listen(work: Workings, consignment: Consignment) -> None:
    """Wait for what the carrier says next, and ask when it says nothing."""
    every = _patience(work)
    if every is None:
        return
    awaited = work.world.now + every if _under_way(work, consignment) else None
    restate_consignment(work, consignment, heard_at=work.world.now)
    work.wake(f"track/{consignment.number}", awaited, f"nothing is known of {consignment.number} since")


def _patience(work: Workings) -> timedelta | None:
    terms = shopping(work)
    return terms.track_every if terms else None


def _under_way(work: Workings, consignment: Consignment) -> bool:
    left = consignment.left_at
    return left is not None and bool(_on_their_way(consignment)) and work.world.now < left + _LONGEST_WAY


def _on_their_way(consignment: Consignment) -> list[str]:
    """The packages of which nobody has said how their way ended."""
    ended = {said.rpartition("@")[0] for said in consignment.tracked}
    return [one for one in consignment.tracking_numbers if ended.isdisjoint(f"{one}:{end}" for end in _ENDED)]


def _ask(work: Workings, consignment: Consignment, tracking_number: str) -> None:
    number = f"track-{tracking_number}-{work.world.now:%Y%m%d%H%M%S}"
    heard = {**heading(work), "number": number}
    request = TrackingRequest(**heard, tracking_number=tracking_number, carrier=carrier_of(consignment))
    work.dispatch(request, consignment.carrier, dict.fromkeys(TrackingRequest.model_fields, "rule:track"))


def _pass_on(work: Workings, consignment: Consignment, update: TrackingUpdate, events: Sequence[TrackingEvent]) -> None:
    """Tell the order's channel; one that takes no tracking declines it."""
    if not events or work.order.document.usage != "production":
        return
    passed = TrackingUpdate(
        number=update.number,
        shipment_number=consignment.shipment,
        carrier=update.carrier or carrier_of(consignment),
        tracking_numbers=(update.number,),
        references=(Reference(kind="purchase_order", value=work.order.document.number),),
        events=tuple(map(_for_buyers, events)),
        expected_at=update.expected_at,
        usage=work.usage,
    )
    reasons = {name: f"source:{name}" for name in ("number", "carrier", "tracking_numbers", "events", "expected_at")}
    ours = {"shipment_number": "rule:derived-number", "references": "order:number"}
    work.dispatch(passed, work.order.channel, {**reasons, **ours})


def _for_buyers(event: TrackingEvent) -> TrackingEvent:
    """With no reason in place of the carrier's own codes, and a place only where it says more than the country."""
    place = event.place if event.place and event.place.city else None
    return event.model_copy(update={"reason": "normal", "place": place})


def _said(update: TrackingUpdate, event: TrackingEvent) -> str:
    return f"{update.number}:{event.status}@{event.at.isoformat() if event.at else ''}"
