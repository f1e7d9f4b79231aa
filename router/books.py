"""The books: one balanced journal entry for each shipment and invoice, keyed so that it can be posted only once."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from canonical import Invoice, JournalEntry, Moment, round_money
from router.advice import Departure
from router.order import ZERO, Allocation
from router.posting import PostingEvent, journal_entry
from router.workings import Workings


class Financial(NamedTuple):
    """Something that happened to money: what posting rules look at."""

    event: PostingEvent
    number: str
    amounts: Mapping[str, Decimal]
    on: Moment
    currency: str


def post_shipment(work: Workings, left: Departure) -> None:
    """Cost of sales against inventory, at the items' cost."""
    currency = work.policy.company.currency
    cost = sum((_cost(work, one.allocation.sku) * one.quantity for one in left.shipped), ZERO)
    amounts = {"cost": round_money(cost, currency)}
    _post(work, Financial("shipment", left.number, amounts, left.advice.shipped_on, currency), left.first)


def post_invoice(work: Workings, invoice: Invoice, amounts: Mapping[str, Decimal], first: Allocation) -> None:
    """What is owed against revenue, tax and freight."""
    whole = {**amounts, "total": invoice.total}
    _post(work, Financial("invoice", invoice.number, whole, invoice.invoiced_on, invoice.currency), first)


def _cost(work: Workings, sku: str) -> Decimal:
    cost = work.item(sku).cost
    if cost is None:
        work.worry("cost-unknown", f"{sku} has no cost, so its shipment posts none", sku=sku)
        return ZERO
    return cost.amount / (cost.per.value if cost.per else 1)


def _post(work: Workings, what: Financial, first: Allocation) -> None:
    event, number = what.event, what.number
    if work.usage == "test":
        work.tell("posting_withheld", posting=event, number=number, because="a test order posts nothing")
        return
    facts = _facts(work, first)
    rule = work.policy.posting.rule_for(event, facts)
    if rule is None:
        work.worry("posting-rule-missing", f"no rule posts this {event}", number=number, **facts)
        return
    dimensions = {name: facts[name] for name in ("channel", "node")}
    key = f"{work.order.id}/{event}/{number}"
    entry = journal_entry(
        rule, what.amounts, key=key, order=work.order.id, on=what.on, currency=what.currency, facts=dimensions
    )
    if entry:
        _record(work, entry, f"rule:posting {rule.name}")


def _record(work: Workings, entry: JournalEntry, rule: str) -> None:
    work.postings.append(entry)
    work.tell("entry_posted", key=entry.key, event=entry.event)
    reasons = {"key": "rule:posting-key", "order": "rule:order-id", "event": rule, "posted_on": "source:shipped_on",
               "currency": "order:currency", "lines": rule, "memo": rule}  # fmt: skip
    if entry.event == "invoice":
        reasons["posted_on"] = "rule:clock"
    for destination in work.policy.posting.destinations:
        work.dispatch(entry, destination, reasons)


def _facts(work: Workings, first: Allocation) -> dict[str, str]:
    address = work.order.destinations[first.destination].address
    captured = work.policy.channel(work.order.channel).captures_payment
    return {
        "channel": work.order.channel,
        "node": first.node,
        "country": (address.country if address else None) or "",
        "payment": "captured" if captured else "owed",
    }
