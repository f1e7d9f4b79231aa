"""The books: one balanced journal entry for each financial event, keyed so that it can be posted only once.

An entry is never changed: what turns out otherwise is posted again the other way, as a credit, a return or a refund.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from canonical import Document, Invoice, JournalEntry, Moment, ReturnReceipt
from router.advice import Departure
from router.bill import Bill
from router.cost_of_goods import Costs
from router.destination import PostingEvent
from router.order import Return
from router.order_line import ZERO, Allocation
from router.posting import Parts, PostingRule, Worth, advance_entry, journal_entry
from router.receipt import Came
from router.return_terms import Disposition
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
    parts: Parts = MappingProxyType({})
    """What amounts are made of: goods and costs by SKU, taxes by jurisdiction."""


class Told(NamedTuple):
    """The document from which an ERP may book the event itself, and where its values come from."""

    document: Invoice
    reasons: Mapping[str, str]


class Site(NamedTuple):
    """Where it happened: the node, and which of the order's destinations."""

    node: str
    destination: int


def post_shipment(work: Workings, left: Departure) -> None:
    """Cost of sales against inventory, at the items' cost."""
    currency = work.policy.company.currency
    costs = Costs(work)
    for one in left.shipped:
        costs.add("cost", one.allocation.sku, one.quantity)
    what = Financial(
        "shipment", left.number, costs.amounts, left.advice.shipped_on, "source:shipped_on", currency, costs.parts
    )
    post(work, what, _site(left.first))


def post_invoice(work: Workings, told: Told, making: Bill, site: Site) -> None:
    """What is owed against revenue, tax and freight; what was paid before covers what it can of it."""
    invoice = told.document
    paid = min(work.order.advance, max(invoice.total, ZERO))
    due = invoice.total - paid
    work.amend(advance=work.order.advance - paid, due=work.order.due + due)
    _expect_payment(work, invoice.number, due)
    whole = {**making.amounts, "total": invoice.total, "paid": paid, "due": due}
    what = Financial(
        "invoice", invoice.number, whole, invoice.invoiced_on, "rule:clock", invoice.currency, making.parts
    )
    post(work, what, site, told)


def post_return(work: Workings, receipt: ReturnReceipt, under: Return, came: Sequence[Came]) -> None:
    """Cost of sales taken back, for what came back: into stock, apart, or written off."""
    costs = Costs(work)
    for one in came:
        costs.add(_TAKEN_BACK[one.disposition], one.sku, one.quantity)
    amounts = {**costs.amounts, "cost": sum(costs.amounts.values(), ZERO)}
    number, currency = f"{under.number}/{receipt.identity}", work.policy.company.currency
    parts = {**costs.parts, "cost": costs.all_parts}
    what = Financial("return", number, amounts, receipt.received_on, "source:received_on", currency, parts)
    post(work, what, _returned_to(work, under))


_TAKEN_BACK: Mapping[Disposition, str] = {"restock": "restocked", "quarantine": "quarantined", "scrap": "scrapped"}


def post_credit(work: Workings, told: Told, making: Bill, under: Return | None = None) -> None:
    """Revenue, tax and freight given back against what the buyer owes: under a return, or by the channel itself."""
    memo = told.document
    work.amend(due=work.order.due - memo.total)
    _expect_payment(work, memo.number, -memo.total)
    whole = {**making.amounts, "total": memo.total}
    dated = "rule:clock" if under else "source:invoiced_on"
    what = Financial("credit", memo.number, whole, memo.invoiced_on, dated, memo.currency, making.parts)
    post(work, what, _returned_to(work, under) if under else None, told)


def _expect_payment(work: Workings, number: str, amount: Decimal) -> None:
    """What a buyer who pays our invoices has to pay of one, or may take off for a credit memo."""
    if amount and work.policy.channel(work.order.channel).payment == "owed":
        work.amend(unpaid={**work.order.unpaid, number: amount})


def _site(first: Allocation) -> Site:
    return Site(first.node, first.destination)


def _returned_to(work: Workings, under: Return) -> Site:
    return Site(under.node, work.lines[under.lines[0].line].destination)


def post(work: Workings, what: Financial, site: Site | None, told: Told | None = None) -> None:
    """Post an event by the first rule that takes it, and tell the ERPs; a test posts nothing."""
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
    worth = Worth(what.amounts, what.parts, lambda sku: work.item(sku).classes)
    entry = journal_entry(
        rule, worth, key=key, order=work.order.id, on=what.on, currency=what.currency, facts=dimensions
    )
    if entry:
        _record(work, event, entry, (f"rule:posting {rule.name}", what.dated))
    if told:
        _hand_over_booked(work, what, told, entry, rule)


def _record(work: Workings, event: PostingEvent, entry: JournalEntry, why: tuple[str, str]) -> None:
    work.postings.append(entry)
    work.tell("entry_posted", key=entry.key, event=entry.event)
    for destination in work.policy.posting.destinations:
        if destination.mode_of(event) == "journal" and destination.summary is None:
            work.dispatch(entry, destination.connection, entry_reasons(*why))


def entry_reasons(rule: str, dated: str) -> dict[str, str]:
    return {"key": "rule:posting-key", "order": "rule:order-id", "event": rule, "posted_on": dated,
            "currency": "order:currency", "lines": rule, "amounts": rule, "memo": rule}  # fmt: skip


def hand_over(work: Workings, event: PostingEvent, document: Document, reasons: Mapping[str, str]) -> None:
    """Send an event's document to the ERPs that book it from there; a test is booked by nobody."""
    if work.usage == "test":
        return
    for destination in work.policy.posting.destinations:
        if destination.mode_of(event) == "documents":
            work.dispatch(document, destination.connection, reasons)


def _hand_over_booked(
    work: Workings, what: Financial, told: Told, entry: JournalEntry | None, rule: PostingRule
) -> None:
    """Send an invoice or credit memo to the ERPs that book it, with whose it is and how our rule would book it."""
    document, why = told.document, f"rule:posting {rule.name}"
    extended = sum((line.price.extend(line.quantity.value) for line in document.lines if line.price), ZERO)
    ours = {"channel": work.order.channel, "order": work.order.id, **rule.booked(what.amounts, extended)}
    booked = document.changed(extensions={**document.extensions, "crossdock": ours})
    hand_over(work, what.event, booked, {**told.reasons, "extensions.crossdock": why})
    advance = advance_entry(rule, entry, document.number) if entry else None
    if advance:
        hand_over(work, what.event, advance, entry_reasons(why, what.dated))


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
