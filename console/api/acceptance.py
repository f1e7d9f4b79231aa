"""What the API takes as canonical JSON, judged before it is taken: every fault is a finding with its pointer."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from pydantic import ValidationError

from canonical import (
    Amount,
    Customer,
    Document,
    Finding,
    InventoryReport,
    Item,
    Model,
    OrderChange,
    PriceList,
    PurchaseOrder,
    ReturnAuthorization,
    ReturnReceipt,
    Text,
)
from console.web.problem import Problem

D = TypeVar("D", bound=Document)


class Reader(Protocol):
    """Who reads canonical JSON, so that what is accepted here is what the translator will take."""

    def read_canonical(self, kind: str, content: bytes) -> tuple[Document | None, Sequence[Finding]]: ...


class StockLevel(Model):
    """What one node has of one SKU, how much of it is never promised, and what is on its way."""

    sku: Text
    node: Text
    on_hand: Amount | None = None
    safety: Amount | None = None
    incoming: dict[date, Amount] | None = None
    """All that is on its way there, by the day it comes; None leaves what was said before."""


def read_order(desk: Reader, body: bytes) -> PurchaseOrder:
    """The order in `body`. Raises `Problem` 400 (not JSON) or 422 with located findings."""
    order = _read_document(desk, PurchaseOrder, body)
    _refuse(_faults_of_order(order))
    return order


def read_return(desk: Reader, body: bytes) -> ReturnAuthorization:
    """The request in `body`. Raises `Problem` 400 or 422."""
    asked = _read_document(desk, ReturnAuthorization, body)
    _refuse(_faults_of_return(asked))
    return asked


def read_return_receipt(desk: Reader, body: bytes) -> ReturnReceipt:
    """The receipt in `body`. Raises `Problem` 400 or 422."""
    came = _read_document(desk, ReturnReceipt, body)
    _refuse(_faults_of_receipt(came))
    return came


def read_item(desk: Reader, body: bytes) -> Item:
    """The item in `body`. Raises `Problem` 400 or 422."""
    item = _read_document(desk, Item, body)
    if item.as_of is None:
        raise _invalid([_fault("undated", "/as_of", "say of when it is: the latest that was said counts")])
    return item


def read_customer(desk: Reader, body: bytes) -> Customer:
    """The customer in `body`. Raises `Problem` 400 or 422."""
    return _read_document(desk, Customer, body)


def read_price_list(desk: Reader, body: bytes) -> PriceList:
    """The price list in `body`. Raises `Problem` 400 or 422."""
    prices = _read_document(desk, PriceList, body)
    if not prices.lines and prices.purpose != "cancel":
        raise _invalid([_fault("no-lines", "/lines", "a price list has at least one line; `cancel` takes all away")])
    return prices


def read_stock(desk: Reader, body: bytes) -> Sequence[StockLevel]:
    """The levels in `body`: one, an array of them, or a canonical InventoryReport. Raises `Problem` 400 or 422."""
    content = _json(body)
    if isinstance(content, dict) and "lines" in content:
        levels = list(_levels_of_report(_read_document(desk, InventoryReport, body)))
    elif isinstance(content, list):
        levels = [_read_level(item, f"/{index}") for index, item in enumerate(content)]
    else:
        levels = [_read_level(content)]
    _refuse(
        _fault("negative-quantity", f"/{index}/on_hand", f"{level.sku} at {level.node}: stock cannot be below zero")
        for index, level in enumerate(levels)
        if min(level.on_hand or 0, level.safety or 0, *(level.incoming or {}).values()) < 0
    )
    _refuse(
        _fault("stock-incomplete", f"/{index}/on_hand", "say what is on_hand, what is incoming by day, or both")
        for index, level in enumerate(levels)
        if level.on_hand is None and (level.incoming is None or level.safety is not None)
    )
    return levels


def read_change(desk: Reader, body: bytes) -> OrderChange:
    """The change in `body`. Raises `Problem` 400 or 422."""
    change = _read_document(desk, OrderChange, body)
    _refuse(_not_negative(line.quantity.value for line in change.lines))
    return change


def _not_negative(quantities: Iterable[Decimal]) -> Iterator[Finding]:
    for index, quantity in enumerate(quantities):
        if quantity < 0:
            yield _fault("quantity-negative", f"/lines/{index}/quantity/value", "a quantity is not below zero")


def malformed(reason: str) -> Problem:
    """400: the body is not the JSON that was asked for."""
    return _not_json(_fault("json-syntax", "", reason))


def as_findings(error: ValidationError, trail: str = "") -> list[Finding]:
    """A model's faults, each with its pointer."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return [_fault("field-invalid", trail + _pointer(detail["loc"]), detail["msg"]) for detail in details]


def _read_document(desk: Reader, kind: type[D], body: bytes) -> D:
    document, findings = desk.read_canonical(kind.__name__, body)
    if isinstance(document, kind):
        return document
    syntax = next((finding for finding in findings if finding.code == "json-syntax"), None)
    raise _not_json(syntax) if syntax else _invalid(findings)


def _json(body: bytes) -> Any:
    """Plain data; a number with a fraction becomes the exact decimal it was written as."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _not_json(_fault("json-syntax", "", str(error))) from error


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _not_json(finding: Finding) -> Problem:
    return Problem(400, "malformed-json", f"the body is not JSON: {finding.message}", findings=[finding])


def _read_level(content: Any, trail: str = "") -> StockLevel:
    try:
        return StockLevel.model_validate(content)
    except ValidationError as error:
        raise _invalid(as_findings(error, trail)) from error


def _pointer(trail: Sequence[str | int]) -> str:
    """RFC 6901."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in trail)


def _fault(code: str, pointer: str, message: str) -> Finding:
    return Finding(code, "error", {"pointer": pointer}, message)


def _invalid(findings: Sequence[Finding]) -> Problem:
    count = len(findings)
    return Problem(422, "invalid-document", f"{count} fault{'s' * (count > 1)}; nothing was taken", findings=findings)


def _refuse(faults: Iterator[Finding]) -> None:
    if findings := list(faults):
        raise _invalid(findings)


def _faults_of_order(order: PurchaseOrder) -> Iterator[Finding]:
    if not order.lines:
        yield _fault("no-lines", "/lines", "an order has at least one line")
    seen: set[str] = set()
    yield from _not_positive(line.quantity.value for line in order.lines)
    for index, line in enumerate(order.lines):
        if line.number in seen:
            yield _fault("line-repeated", f"/lines/{index}/number", f"line {line.number} stands twice")
        seen.add(line.number)


def _faults_of_return(asked: ReturnAuthorization) -> Iterator[Finding]:
    if asked.order_number is None:
        yield _fault("order-missing", "/order_number", "say of which order goods are to come back")
    if asked.purpose not in ("request", "cancel"):
        yield _fault("purpose-not-yours", "/purpose", "a return is asked for (`request`) or withdrawn (`cancel`)")
    if not asked.lines and asked.purpose == "request":
        yield _fault("no-lines", "/lines", "a return has at least one line")
    yield from _not_positive(line.quantity.value for line in asked.lines)


def _faults_of_receipt(came: ReturnReceipt) -> Iterator[Finding]:
    if came.order_number is None:
        yield _fault("return-missing", "/order_number", "say under which of our return authorizations they came")
    if not came.lines:
        yield _fault("no-lines", "/lines", "a receipt has at least one line")
    yield from _not_positive(line.quantity.value for line in came.lines)


def _not_positive(quantities: Iterable[Decimal]) -> Iterator[Finding]:
    for index, quantity in enumerate(quantities):
        if quantity <= 0:
            yield _fault("quantity-not-positive", f"/lines/{index}/quantity/value", "a quantity is above zero")


def _levels_of_report(report: InventoryReport) -> Iterator[StockLevel]:
    """A level for each item and place; the lines of one that come on several days together."""
    found: dict[tuple[str, str], StockLevel] = {}
    for index, line in enumerate(report.lines):
        sku, node = line.items.get("sku"), line.node or report.node
        on_hand, (coming, moment) = line.quantities.get("on_hand"), line.to_come or (None, None)
        if sku is None or node is None or (on_hand is None and (coming is None or moment is None)):
            wanted = (
                "a line needs items.sku, a node (its own or the report's), and quantities.on_hand, or incoming "
                "with the day it is available"
            )
            raise _invalid([_fault("stock-incomplete", f"/lines/{index}", wanted)])
        before = found.get((sku, node), StockLevel(sku=sku, node=node))
        days = {moment.date() if isinstance(moment, datetime) else moment: coming.value} if coming and moment else {}
        found[sku, node] = before.model_copy(
            update={
                "on_hand": on_hand.value if on_hand else before.on_hand,
                "incoming": {**(before.incoming or {}), **days} if days else before.incoming,
            }
        )
    yield from found.values()
