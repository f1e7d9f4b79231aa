"""The figures that reconciliation compares, row by row, from one consistent view."""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import Any

from sqlalchemy import Select, exists, select

from router.destination import DOCUMENTS, Destination
from router.order_line import ZERO
from router.reconciliation import ORDERS, OURS, Figure
from store.database import Database
from store.events import facts_of, has_event
from store.summaries import gathered, told_alone
from store.tables import decision, document, exception, journal_entry, order

_REAL = order.c.usage == "production"
_SHIPPED = ("line_shipped", "line_over_shipped")


async def figures(
    database: Database, destinations: Sequence[Destination], read: frozenset[str]
) -> AsyncIterator[Figure]:
    """What orders, their documents and the postings say, and what each destination was told and ought to hold: in those
    of its books and its stock that were `read`. A test order posts nothing and has none.
    """
    told = {one.connection: one for one in destinations if one.connection in read}
    kept = {one.connection: one.stock for one in destinations if one.stock in read}
    sources: Mapping[str, tuple[Select[Any], Callable[[Any], Iterator[Figure]]]] = {
        "orders": (_ORDERS, _of_order),
        "decisions": (_DECISIONS, _of_decision),
        "documents": (_DOCUMENTS, partial(_of_document, told, kept)),
        "postings": (_postings(told.values()), partial(_of_posting, told)),
    }
    async for name, row in database.stream([(name, statement) for name, (statement, _) in sources.items()]):
        for figure in sources[name][1](row):
            yield figure


# --- orders and what happened to them -------------------------------------------------------------------------------

_ORDERS = select(
    order.c.id,
    order.c.state,
    exists().where(exception.c.order_id == order.c.id, exception.c.code == "posting-rule-missing").label("unruled"),
).where(_REAL)


def _of_order(row: Any) -> Iterator[Figure]:
    state = json.loads(row.state)
    say = partial(Figure, ORDERS, row.id)
    kept = {name: _decimal(state.get(name)) for name in ("invoiced", "credited", "captured", "refunded", "due")}
    for name in ("invoiced", "credited", "captured", "refunded"):
        yield say(name, ORDERS, kept[name])
    owed_by_channel = ZERO if state.get("authorization") else kept["due"]
    yield say("settled", ORDERS, kept["captured"] + owed_by_channel - kept["refunded"])
    yield say("balance", ORDERS, kept["due"] - _decimal(state.get("advance")))
    yield say("entries", ORDERS, ZERO)
    units = {name: _units(state, name) for name in ("shipped", "over_shipped", "invoiced")}
    yield say("units shipped", ORDERS, units["shipped"])
    yield say("units invoiced", ORDERS, units["invoiced"])
    billed = units["shipped"] if units["invoiced"] == units["shipped"] else units["shipped"] - units["over_shipped"]
    yield say("units invoiced", "shipments", billed)
    deposit = _decimal((state["document"].get("payment") or {}).get("captured"))
    yield say("captured", "payments", deposit)
    yield say("balance", "documents", -deposit)
    if state.get("unrecorded"):
        yield say("tax recorded", "tax provider", ZERO, "tax-unrecorded")
    if row.unruled:
        yield say("", "", ZERO, "rule-missing")


def _units(state: Mapping[str, Any], name: str) -> Decimal:
    return sum((_decimal(line["ledger"].get(name)) for line in state["lines"]), ZERO)


_TOLD = (
    *_SHIPPED, "entry_posted", "tax_recorded", "credit_taken", "payment_made", "payment_failed", "invoice_paid",
    "order_settled",
)  # fmt: skip
_DECISIONS = select(decision.c.order_id, decision.c.events).where(
    has_event(_TOLD), exists().where(order.c.id == decision.c.order_id, _REAL)
)


def _of_decision(row: Any) -> Iterator[Figure]:
    for kind, facts in facts_of(row, _TOLD):
        yield from _of_event(row.order_id, kind, facts)


def _of_event(of: str, kind: str, facts: Mapping[str, Any]) -> Iterator[Figure]:
    if kind in _SHIPPED:
        yield Figure(ORDERS, of, "units shipped", "shipments", _decimal(facts["quantity"]))
    elif kind == "credit_taken":
        told = {"total": facts["total"], "taxes": [{"amount": facts["tax"]}], "lines": ()}
        yield from _of_charge(of, told, "credited", "credit memos", -1)
    elif kind in ("payment_made", "payment_failed"):
        yield from _of_payment(of, facts, 1 if kind == "payment_made" else -1)
    elif kind == "entry_posted":
        yield Figure(ORDERS, of, "entries", ORDERS, Decimal(1))
    elif kind == "invoice_paid":
        yield Figure(ORDERS, of, "balance", "documents", -_decimal(facts["amount"]))
    elif kind == "order_settled":
        yield Figure(ORDERS, of, "settled", "payouts", _decimal(facts["amount"]))
    else:
        yield Figure(ORDERS, of, "tax recorded", "tax provider", _decimal(facts["amount"]))


# --- documents ------------------------------------------------------------------------------------------------------

_SALE = "PurchaseOrder", "OrderChange"
_BOOKED = ("JournalEntry", *(kind for kinds in DOCUMENTS.values() for kind in kinds if kind not in _SALE))
_DOCUMENTS = (
    select(
        document.c.order_id, document.c.partner, document.c.kind, document.c.identity, document.c.status,
        document.c.direction, document.c.content,
    )
    .where(
        (document.c.direction == "out") & document.c.kind.in_(_BOOKED),
        ~exists().where(order.c.id == document.c.order_id, ~_REAL),
    )
)  # fmt: skip


def _of_document(told: Mapping[str, Destination], kept: Mapping[str, str], row: Any) -> Iterator[Figure]:
    if row.kind == "ShipmentNotice":
        if row.partner in kept:
            yield from _moved(kept[row.partner], row)
    elif row.partner in told:
        number = row.identity if row.kind == "JournalEntry" else row.identity.rsplit("/", 2)[0]  # its role and purpose
        yield Figure(row.partner, number, "", "", ZERO, row.status)
    elif row.kind == "Invoice":
        yield from _of_charge(row.order_id, json.loads(row.content), "invoiced", "invoices", 1)
    elif row.kind == "CreditMemo":
        yield from _of_charge(row.order_id, json.loads(row.content), "credited", "credit memos", -1)


def _moved(stock: str, row: Any) -> Iterator[Figure]:
    """The units that an ERP ought to have taken out of its stock for a shipment, by SKU."""
    notice = json.loads(row.content)
    yield Figure(stock, notice["number"], "", "", ZERO, row.status)
    for line in notice["lines"]:
        yield Figure(stock, notice["number"], line["items"]["sku"], OURS, _decimal(line["quantity"]["value"]))


def _of_charge(of: str, charged: Mapping[str, Any], name: str, source: str, sign: int) -> Iterator[Figure]:
    total = _decimal(charged["total"])
    yield Figure(ORDERS, of, name, source, total)
    yield Figure(ORDERS, of, "balance", "documents", sign * total)
    taxes = chain(charged.get("taxes", ()), *(line.get("taxes", ()) for line in charged["lines"]))
    tax = sum((_decimal(one.get("amount")) for one in taxes), ZERO)
    yield Figure(ORDERS, of, "tax charged", "invoices", sign * tax)


_MOVED: Mapping[str, tuple[str, int]] = {"capture": ("captured", -1), "refund": ("refunded", 1)}


def _of_payment(of: str, moved: Mapping[str, Any], times: int) -> Iterator[Figure]:
    """What the provider said moved; `times` is -1 where it then said that it had not."""
    if moved["action"] in _MOVED:
        name, sign = _MOVED[moved["action"]]
        amount = _decimal(moved["amount"]) * times
        yield Figure(ORDERS, of, name, "payments", amount)
        yield Figure(ORDERS, of, "balance", "documents", sign * amount)


def _postings(destinations: Iterable[Destination]) -> Select[Any]:
    """Our entries, with the summary that holds each for an ERP, and whether it was told of it alone."""
    held = [
        select(gathered.c.summary)
        .where(gathered.c.erp == one.connection, gathered.c.key == journal_entry.c.key)
        .scalar_subquery()
        .label(f"in {one.connection}")
        for one in destinations
    ]
    alone = [told_alone(one.connection).label(f"alone {one.connection}") for one in destinations if one.summary]
    return select(journal_entry, *held, *alone)


# --- postings -------------------------------------------------------------------------------------------------------

_WORTH: Mapping[str, str] = {
    "invoice": "invoiced", "credit": "credited", "deposit": "captured", "capture": "captured", "refund": "refunded",
    "settlement": "settled",
}  # fmt: skip
_TAX: Mapping[str, tuple[str, int]] = {
    "invoice": ("tax", 1),
    "credit": ("tax", -1),
    "tax_difference": ("difference", 1),
}


def _of_posting(told: Mapping[str, Destination], row: Any) -> Iterator[Figure]:
    entry = json.loads(row.content)
    amounts = entry.get("amounts", {})
    yield Figure(ORDERS, row.order_id, "entries", OURS, Decimal(1))
    if row.event in _WORTH and row.worth is not None:
        yield Figure(ORDERS, row.order_id, _WORTH[row.event], OURS, row.worth)
    if row.event in _TAX:
        amount, sign = _TAX[row.event]
        tax = sign * _decimal(amounts.get(amount))
        yield Figure(ORDERS, row.order_id, "tax recorded", OURS, tax)
        if row.event != "tax_difference":
            yield Figure(ORDERS, row.order_id, "tax charged", OURS, tax)
    for destination in told.values():
        yield from _expected(destination, row, entry["lines"])


def _expected(destination: Destination, row: Any, lines: Sequence[Mapping[str, Any]]) -> Iterator[Figure]:
    """What an ERP ought to hold of an entry: under its key, or under the number of the document that told it.

    Goods that left it by a document are valued by its own means."""
    mode = destination.mode_of(row.event)
    if mode == "none" or (mode == "documents" and row.event == "shipment"):
        return
    about = _told_under(destination, row) if mode == "journal" else row.key.removeprefix(f"{row.order_id}/{row.event}/")
    if about is None:
        return
    for line in lines:
        amount = _decimal(line.get("debit")) - _decimal(line.get("credit"))
        yield Figure(destination.connection, about, line["account"], OURS, amount)


def _told_under(destination: Destination, row: Any) -> str | None:
    """The key of the summary that holds an entry, or its own; None while it waits to be gathered."""
    summary: str | None = getattr(row, f"in {destination.connection}")
    waits = destination.summary and not summary and not getattr(row, f"alone {destination.connection}")
    return None if waits else summary or row.key


def _decimal(text: Any) -> Decimal:
    return Decimal(str(text)) if text else ZERO
