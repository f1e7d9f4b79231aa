"""An order as an ERP keeps it, where it does: a sale, told of once the order is taken and whenever what stands of it
changes; and what left of it. Both count in the items' own units, as an ERP's stock does."""

import hashlib
from collections.abc import Sequence
from decimal import Decimal

from canonical import ChangedLine, OrderChange, OrderLine, PackageLine, PurchaseOrder, Quantity, ShipmentNotice
from router.advice import Departure
from router.line_view import document_line, shown_items
from router.order_line import ZERO, LineState
from router.workings import Workings

_OURS = "crossdock"
_REASONS = {
    "number": "order:number", "purpose": "rule:sale", "type": "order:type", "release": "order:release",
    "ordered_on": "order:ordered_on", "currency": "order:currency", "dates": "order:dates",
    "parties": "order:parties", "terms": "order:terms", "freight": "order:freight",
    "references": "order:references", "notes": "order:notes", "lines": "rule:sale",
    "change_number": "rule:sale", "changed_on": "rule:clock", "extensions": "rule:sale",
}  # fmt: skip


def tell_sale(work: Workings) -> None:
    """Tell the ERPs that keep orders how this one stands, where that is not what they were told last."""
    keepers = work.policy.posting.keep_orders
    if not keepers or work.usage == "test" or work.order.answer_due:
        return
    lines = [_line(work, state) for state in work.lines.values() if state.sku and not state.fault]
    standing = any(line.quantity.value for line in lines)
    version, told = _digest(lines), work.order.sale_versions
    if version in told[-1:] or not (told or standing):
        return
    sale = _change(work, lines, standing) if told else _sale(work, lines)
    work.amend(sale_versions=(*told, version))
    for keeper in keepers:
        work.dispatch(sale, keeper, _REASONS)


def _sale(work: Workings, lines: Sequence[OrderLine]) -> PurchaseOrder:
    """Goods at their prices: charges, allowances and taxes come with the invoices, and means of payment stay here."""
    return work.order.document.changed(
        purpose="original",
        contacts=(),
        lines=tuple(line for line in lines if line.quantity.value),
        charges=(),
        allowances=(),
        taxes=(),
        total=None,
        payment=None,
        extensions=_ours(work),
    )


def _change(work: Workings, lines: Sequence[OrderLine], standing: bool) -> OrderChange:
    document = work.order.document
    return OrderChange(
        number=document.number,
        change_number=str(len(work.order.sale_versions)),
        purpose="change" if standing else "cancel",
        type=document.type,
        release=document.release,
        changed_on=work.world.now,
        ordered_on=document.ordered_on,
        currency=document.currency,
        dates=document.dates,
        parties=document.parties,
        terms=document.terms,
        freight=document.freight,
        references=document.references,
        lines=tuple(
            ChangedLine.model_validate({**dict(line), "change": "replace" if line.quantity.value else "delete"})
            for line in lines
        ),
        usage=work.usage,
        extensions=_ours(work),
    )


def _ours(work: Workings) -> dict[str, object]:
    return {_OURS: {"channel": work.order.channel, "order": work.order.id}}


def _line(work: Workings, state: LineState) -> OrderLine:
    """What stands of a line for one destination."""
    item = work.item(state.sku or "")
    return OrderLine(
        number=state.number,
        items=shown_items(work, state),
        description=item.description or document_line(work, state).description,
        quantity=_units(state.ledger.ordered - state.ledger.cancelled, item.unit),
        price=state.price,
    )


def _units(units: Decimal, unit: str) -> Quantity:
    return Quantity(value=units.normalize() + 0, unit=unit)


def _digest(lines: Sequence[OrderLine]) -> str:
    said = "\n".join(f"{line.number} {line.items.get('sku')} {line.quantity.value} {line.price}" for line in lines)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def goods_left(work: Workings, left: Departure, notice: ShipmentNotice) -> tuple[ShipmentNotice, dict[str, str]]:
    """The notice as an ERP takes its stock out by it, line by line of its sale, with its reasons."""
    units: dict[str, Decimal] = {}
    for one in left.shipped:
        units[one.allocation.line] = units.get(one.allocation.line, ZERO) + one.quantity
    lines = tuple(_packed(work, work.lines[number], quantity) for number, quantity in units.items())
    ours = {_OURS: {"channel": work.order.channel, "order": work.order.id, "node": left.first.node}}
    reasons = {"lines": "rule:sale", "extensions": "rule:sale"}
    return notice.changed(packages=(), lines=lines, extensions=ours), reasons


def _packed(work: Workings, state: LineState, units: Decimal) -> PackageLine:
    item = work.item(state.sku or "")
    return PackageLine(
        order_number=work.order.document.number,
        line_number=state.number,
        items=shown_items(work, state),
        description=item.description,
        quantity=_units(units, item.unit),
    )
