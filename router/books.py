"""The books: one balanced journal entry for each financial event, keyed so that it can be posted only once.

An entry is never changed: what turns out otherwise is posted again the other way, as a credit, a return or a refund.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from canonical import CreditMemo, Document, Invoice, JournalEntry, Moment, ReturnReceipt, round_money
from router.advice import Departure
from router.order import ZERO, Allocation, Return
from router.posting import PostingEvent, journal_entry
from router.receipt import Came
from router.workings import Workings


class Financial(NamedTuple):
    """Something that happened to money: what posting rules look at."""

    event: PostingEvent
    number: str
    amounts: Mapping[str, Decimal]
    on: Moment
    dated: str
    """Where its date comes from."""
    currency: str


class Site(NamedTuple):
    """Where it happened: the node, and which of the order's destinations."""

    node: str
    destination: int


def post_shipment(work: Workings, left: Departure) -> None:
    """Cost of sales against inventory, at the items' cost."""
    currency = work.policy.company.currency
    cost = sum((_cost(work, one.allocation.sku) * one.quantity for one in left.shipped), ZERO)
    amounts = {"cost": round_money(cost, currency)}
    what = Financial("shipment", left.number, amounts, left.advice.shipped_on, "source:shipped_on", currency)
    post(work, what, _site(left.first))


def post_invoice(work: Workings, invoice: Invoice, amounts: Mapping[str, Decimal], first: Allocation) -> None:
    """What is owed against revenue, tax and freight; what was paid before covers what it can of it."""
    paid = min(work.order.advance, max(invoice.total, ZERO))
    due = invoice.total - paid
    work.amend(advance=work.order.advance - paid, due=work.order.due + due)
    whole = {**amounts, "total": invoice.total, "paid": paid, "due": due}
    what = Financial("invoice", invoice.number, whole, invoice.invoiced_on, "rule:clock", invoice.currency)
    post(work, what, _site(first))


def post_return(work: Workings, receipt: ReturnReceipt, under: Return, came: Sequence[Came]) -> None:
    """Cost of sales taken back, for what came back: into stock, apart, or written off."""
    currency = work.policy.company.currency
    costs: dict[str, Decimal] = {}
    for one in came:
        name = {"restock": "restocked", "quarantine": "quarantined", "scrap": "scrapped"}[one.disposition]
        costs[name] = costs.get(name, ZERO) + _cost(work, one.sku) * one.quantity
    amounts = {name: round_money(cost, currency) for name, cost in costs.items()}
    amounts["cost"] = sum(amounts.values(), ZERO)
    number = f"{under.number}/{receipt.identity}"
    what = Financial("return", number, amounts, receipt.received_on, "source:received_on", currency)
    post(work, what, _returned_to(work, under))


def post_credit(work: Workings, memo: CreditMemo, amounts: Mapping[str, Decimal], under: Return | None = None) -> None:
    """Revenue, tax and freight given back against what the buyer owes: under a return, or by the channel itself."""
    work.amend(due=work.order.due - memo.total)
    whole = {**amounts, "total": memo.total}
    dated = "rule:clock" if under else "source:invoiced_on"
    what = Financial("credit", memo.number, whole, memo.invoiced_on, dated, memo.currency)
    post(work, what, _returned_to(work, under) if under else None)


def _site(first: Allocation) -> Site:
    return Site(first.node, first.destination)


def _returned_to(work: Workings, under: Return) -> Site:
    return Site(under.node, work.lines[under.lines[0].line].destination)


def _cost(work: Workings, sku: str) -> Decimal:
    cost = work.item(sku).cost
    if cost is None:
        work.worry("cost-unknown", f"{sku} has no cost, so moving it posts none", sku=sku)
        return ZERO
    return cost.amount / (cost.per.value if cost.per else 1)


def post(work: Workings, what: Financial, site: Site | None) -> None:
    """Post an event by the first rule that takes it; a test posts nothing."""
    event, number = what.event, what.number
    if work.usage == "test":
        work.tell("posting_withheld", posting=event, number=number, because="a test order posts nothing")
        return
    facts = {**_facts(work, site), "currency": what.currency}
    rule = work.policy.posting.rule_for(event, facts)
    if rule is None:
        work.worry("posting-rule-missing", f"no rule posts this {event}", number=number, **facts)
        return
    dimensions = {name: facts[name] for name in ("channel", "node", "jurisdiction") if facts[name]}
    key = f"{work.order.id}/{event}/{number}"
    entry = journal_entry(
        rule, what.amounts, key=key, order=work.order.id, on=what.on, currency=what.currency, facts=dimensions
    )
    if entry:
        _record(work, event, entry, (f"rule:posting {rule.name}", what.dated))


def _record(work: Workings, event: PostingEvent, entry: JournalEntry, why: tuple[str, str]) -> None:
    rule, dated = why
    work.postings.append(entry)
    work.tell("entry_posted", key=entry.key, event=entry.event)
    reasons = {"key": "rule:posting-key", "order": "rule:order-id", "event": rule, "posted_on": dated,
               "currency": "order:currency", "lines": rule, "amounts": rule, "memo": rule}  # fmt: skip
    for destination in work.policy.posting.destinations:
        if destination.mode_of(event) == "journal":
            work.dispatch(entry, destination.connection, reasons)


def hand_over(work: Workings, event: PostingEvent, document: Document, reasons: Mapping[str, str]) -> None:
    """Send an event's document to the ERPs that book it from there; a test is booked by nobody."""
    if work.usage == "test":
        return
    for destination in work.policy.posting.destinations:
        if destination.mode_of(event) == "documents":
            work.dispatch(document, destination.connection, reasons)


def _facts(work: Workings, site: Site | None) -> dict[str, str]:
    """What posting rules select by; money that moves before anything ships has no node."""
    place = work.order.destinations[site.destination if site else 0] if work.order.destinations else None
    address = place.address if place else None
    return {
        "channel": work.order.channel,
        "node": site.node if site else "",
        "country": (address.country if address else None) or "",
        "jurisdiction": "-".join(filter(None, (address.country, address.region))) if address else "",
        "payment": work.policy.channel(work.order.channel).payment,
    }
