"""One decision: `decide(order, document, world, policy, sender=...)`. Pure: the same inputs give the same decision.

So what can be worked out again is not worked out while orders wait: the whole explanation comes of making the
decision once more from what was kept of it.
"""

from collections.abc import Callable

from canonical import (
    Answer,
    CreditMemo,
    Document,
    OrderChange,
    PaymentEvent,
    PurchaseOrder,
    ReturnAuthorization,
    ReturnReceipt,
    ShipmentAdvice,
    TrackingUpdate,
)
from router.acceptance import asks_the_same, open_order
from router.advance import advance
from router.answer import acknowledge_anew
from router.change import cancel, change, replace
from router.channel_refund import channel_refund
from router.customer import hold_blocked
from router.decision import (
    Decision,
    Event,
    Explanation,
    Trouble,
    World,
)
from router.explanation import explained
from router.hold import lift_by_person, place_hold
from router.hold_deadlines import face_hold_deadlines
from router.hold_rules import hold_by_rule
from router.lapse import let_reservations_lapse
from router.order import Order
from router.order_line import ZERO
from router.order_terms import cancel_when_late, check_terms
from router.own_work import FulfilmentRefused, Reconsider, ReturnVerdict, Settlement, Unanswered
from router.payment_event import payment_event
from router.payment_result import take_deposit
from router.policy import Policy
from router.price import check_prices
from router.questions import ask_what_is_missing, face_deadlines, go_on_without, take_answer, take_refusal
from router.request import Request, parked
from router.return_decisions import return_authorization, return_receipt, return_verdict
from router.settlement import settlement
from router.shipment_tracking import ask_where, track, tracked
from router.shipping import refuse, ship
from router.sourcing import Sourced
from router.substitution import substitute
from router.workings import Workings


def decide(
    order: Order | None, document: Document, world: World, policy: Policy, *, sender: str, explaining: bool = False
) -> Decision:
    """Everything that follows from a document. `order` is its lane's order, None before the first document.

    The decision reads nothing but its arguments. What is not there yet is answered by `parked`. With `explaining` it
    also says of every node why it was taken or not, and what would have been second best; it is the same otherwise.
    """
    told = policy.told(world.master_data, order.channel if order else sender)
    request = Request(order, document, world, told, sender, explaining)
    if isinstance(document, Answer):
        return _answer(request, document)
    handler = _DECISIONS.get(type(document))
    return handler(request) if handler else _not_ours(request)


def _purchase_order(request: Request) -> Decision:
    order, document = request.order, request.document
    assert isinstance(document, PurchaseOrder)
    if document.purpose in ("cancel", "replace", "change"):
        return _changed(request, document)
    if order is not None:
        return _seen_before(request, order, document)
    work = request.work(open_order(document, request.sender, request.policy))
    work.tell("order_received", number=document.number, purpose=document.purpose, lines=len(document.lines))
    if not document.lines:
        work.worry("order-empty", f"order {document.number} asks for nothing")
    take_deposit(work)
    for line in work.order.lines:
        if line.fault:
            work.tell("line_rejected", line=line.number, code=line.fault_code, reason=line.fault)
    check_prices(work)
    check_terms(work)
    hold_by_rule(work)
    hold_blocked(work)
    substitute(work)
    work.amend(answer_due=True)
    outcomes = advance(work)
    return work.decision(explained(work, outcomes, _summary(work)))


def _order_change(request: Request) -> Decision:
    assert isinstance(request.document, OrderChange)
    return _changed(request, request.document)


def _changed(request: Request, document: PurchaseOrder | OrderChange) -> Decision:
    """A change or cancellation: parked before its order, recognised when it comes again."""
    order = request.order
    if order is None:
        return parked(request, "its order has not come")
    work = request.work(order)
    identity = f"{document.kind}/{document.identity}"
    if identity in order.changes:
        work.tell("change_repeated", change=identity)
        return work.decision(Explanation(summary=f"{identity} is known; nothing more follows from it"))
    work.amend(changes=(*order.changes, identity))
    work.tell("change_received", change=identity, purpose=document.purpose, **_by(document))
    outcomes = _apply(work, document)
    return work.decision(explained(work, outcomes, f"{document.purpose}: {_summary(work)}"))


def _by(document: Document) -> dict[str, str]:
    """Who asked for it, where one of our own people did."""
    ours = document.extensions.get("crossdock")
    by = ours.get("by") if isinstance(ours, dict) else None
    return {"by": by} if isinstance(by, str) else {}


def _apply(work: Workings, document: PurchaseOrder | OrderChange) -> list[Sourced]:
    if isinstance(document, OrderChange):
        return change(work, document)
    return cancel(work, document) if document.purpose == "cancel" else replace(work, document)


def _seen_before(request: Request, order: Order, document: PurchaseOrder) -> Decision:
    """The order is known: the same again is recognised, another of the same number goes to a person."""
    work = request.work(order)
    if asks_the_same(document, order):
        work.tell("order_repeated", purpose=document.purpose)
        return work.decision(Explanation(summary=f"order {order.number} is known; nothing more follows from it"))
    work.tell("order_conflict", number=order.number)
    work.worry("order-conflict", f"another order {order.number} came that differs from the one we have")
    return work.decision(Explanation(summary=f"order {order.number} is known and differs; a person must look"))


def _shipment_advice(request: Request) -> Decision:
    order, advice = request.order, request.document
    assert isinstance(advice, ShipmentAdvice)
    if order is None or advice.fulfilment_order not in order.fulfilment_orders:
        return parked(request, f"fulfilment order {advice.fulfilment_order} is not known")
    work = request.work(order)
    if advice.identity in order.shipments:
        work.tell("shipment_repeated", advice=advice.number)
        return work.decision(Explanation(summary=f"shipment {advice.number} is known; nothing more follows from it"))
    if refusal := _refused_advice(request, order, advice):
        work.worry("advice-refused", refusal, advice=advice.number, sender=request.sender)
        work.tell("advice_refused", advice=advice.number, reason=refusal)
        return work.decision(Explanation(summary=f"shipment {advice.number} was refused: {refusal}"))
    outcomes = advance(work) if ship(work, advice) else []
    ask_what_is_missing(work, "release")
    acknowledge_anew(work)
    return work.decision(explained(work, outcomes, f"shipment {advice.number} of {advice.fulfilment_order} recorded"))


def _fulfilment_refused(request: Request) -> Decision:
    """A node's system would not take what it was asked: its part is sourced again without that node."""
    order, document = request.order, request.document
    assert isinstance(document, FulfilmentRefused)
    if order is None:
        return parked(request, "its order has not come")
    work = request.work(order)
    outcomes = advance(work) if refuse(work, document.fulfilment_order, document.reason) else []
    acknowledge_anew(work)
    return work.decision(explained(work, outcomes, f"{document.fulfilment_order} was refused: {document.reason}"))


def _refused_advice(request: Request, order: Order, advice: ShipmentAdvice) -> str | None:
    node = next(a.node for a in order.allocations if a.fulfilment_order == advice.fulfilment_order)
    operator = request.policy.network.by_id[node].operator
    if operator is not None and request.sender != operator:
        return f"{node} is operated by {operator}, not by {request.sender}"
    if advice.usage != order.document.usage:
        return f"it is a {advice.usage} document about a {order.document.usage} order"
    return None


def _tracking_update(request: Request) -> Decision:
    """A carrier says where a consignment is."""
    order, update = request.order, request.document
    assert isinstance(update, TrackingUpdate)
    if order is None:
        return parked(request, "its order has not come")
    work = request.work(order)
    consignment = tracked(work, update.number)
    if consignment is None:
        return parked(request, f"nothing of the order is known as {update.number}")
    fresh = track(work, consignment, update)
    return work.decision(Explanation(summary=f"{fresh} new tracking events of {update.number}"))


def _reconsider(request: Request) -> Decision:
    """Look again at what is backordered or was held: stock arrived, or a hold was lifted."""
    order, document = request.order, request.document
    assert isinstance(document, Reconsider)
    if order is None:
        return parked(request, "its order has not come")
    work = request.work(order)
    work.tell("order_reconsidered", cause=document.cause, by=document.by)
    face_deadlines(work)
    go_on_without(work, frozenset(document.lifts), document.cause)
    lift_by_person(work, frozenset(document.lifts), document.by, document.cause)
    for hold in document.places:
        place_hold(work, hold)
    face_hold_deadlines(work)
    let_reservations_lapse(work)
    cancel_when_late(work)
    ask_where(work)
    for line in list(work.lines.values()):
        work.move(line.number, "reopen", line.ledger.backordered)
    outcomes = advance(work)
    acknowledge_anew(work)
    return work.decision(explained(work, outcomes, f"looked again because {document.cause}"))


def _answer(request: Request, answer: Answer) -> Decision:
    """A provider answered a question of the order."""
    if request.order is None:
        return parked(request, "its order has not come")
    work = request.work(request.order)
    became = take_answer(work, answer)
    outcomes = advance(work)
    acknowledge_anew(work)
    return work.decision(explained(work, outcomes, f"{answer.kind} of {request.sender}: {became}"))


def _unanswered(request: Request) -> Decision:
    """No answer will come to a question of the order."""
    order, document = request.order, request.document
    assert isinstance(document, Unanswered)
    if order is None:
        return parked(request, "its order has not come")
    work = request.work(order)
    take_refusal(work, document)
    outcomes = advance(work)
    acknowledge_anew(work)
    return work.decision(explained(work, outcomes, f"no answer to {document.question}: {document.reason}"))


def _not_ours(request: Request) -> Decision:
    kind = request.document.kind
    trouble = Trouble(code="document-not-decided", reason=f"nothing is decided on a {kind} yet")
    events = (Event("document_set_aside", {"kind": kind}),) if request.order else ()
    return Decision(
        order=request.order, events=events, troubles=(trouble,), explanation=Explanation(summary=f"{kind} set aside")
    )


def _summary(work: Workings) -> str:
    ledgers = [vars(line.ledger) for line in work.lines.values()]
    totals = {
        name: sum([held[name] for held in ledgers if held[name]], ZERO)
        for name in ("released", "allocated", "backordered", "open", "cancelled")
    }
    parts = [f"{total.normalize():f} {name}" for name, total in totals.items() if total]
    nodes = sorted({allocation.node for allocation in work.allocations})
    return f"order {work.order.number}: {', '.join(parts) or 'nothing to do'}" + (
        f" from {', '.join(nodes)}" * bool(nodes)
    )


_DECISIONS: dict[type[Document], Callable[[Request], Decision]] = {
    PurchaseOrder: _purchase_order,
    OrderChange: _order_change,
    ShipmentAdvice: _shipment_advice,
    Reconsider: _reconsider,
    Unanswered: _unanswered,
    FulfilmentRefused: _fulfilment_refused,
    ReturnAuthorization: return_authorization,
    ReturnVerdict: return_verdict,
    ReturnReceipt: return_receipt,
    TrackingUpdate: _tracking_update,
    PaymentEvent: payment_event,
    Settlement: settlement,
    CreditMemo: channel_refund,
}
