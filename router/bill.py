"""An invoice or credit memo in the making: its lines, and the money in them by what it is for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from canonical import Adjustment, InvoiceLine, Price, Quantity
from router.adjustment import Shared
from router.line_view import Reasons, document_line, item_reasons, shown_items
from router.order_line import ZERO, LineState
from router.workings import Workings


class Extended(NamedTuple):
    """How much of a line, at what price, and what that comes to."""

    quantity: Quantity
    price: Price | None
    goods: Decimal


@dataclass(slots=True)
class Bill:
    """An invoice in the making: its parts, and the money in them by what it is for."""

    lines: list[InvoiceLine] = field(default_factory=list)
    reasons: Reasons = field(default_factory=dict)
    amounts: dict[str, Decimal] = field(default_factory=dict)
    """`goods`, `freight`, `charges`, `allowances`, `tax`, `fee`: what posting rules debit and credit."""
    parts: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    """Of the goods by SKU, of the tax by jurisdiction, as far as that is known."""
    goods: dict[int, Decimal] = field(default_factory=dict)
    """The lines' extensions, by their index in the order."""

    def goods_after(self, before: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """What has been invoiced of each line's goods, this invoice included."""
        return {**before, **{str(at): before.get(str(at), ZERO) + amount for at, amount in self.goods.items()}}

    def add_line(self, work: Workings, state: LineState, extended: Extended, shared: Shared, reasons: Reasons) -> None:
        """Add what is charged or given back of one line of the order; `reasons` are those of its own, by field."""
        ordered, source, target = document_line(work, state), f"order:lines.{state.position}", self.next_line
        self.lines.append(
            InvoiceLine(
                number=str(len(self.lines) + 1),
                order_line=ordered.number,
                items=shown_items(work, state),
                description=ordered.description or (work.item(state.sku).description if state.sku else None),
                quantity=extended.quantity,
                price=extended.price,
                charges=shared.charges,
                allowances=shared.allowances,
                taxes=shared.taxes,
                extensions=ordered.extensions,
            )
        )
        self.goods[state.position] = extended.goods
        self.add("goods", extended.goods, state.sku)
        self.count(work, shared, state.sku)
        self.reasons |= {
            target: source,
            f"{target}.order_line": f"{source}.number",
            f"{target}.description": f"{source}.description" if ordered.description else "rule:catalogue",
            **{f"{target}.{field}": reason for field, reason in reasons.items()},
            **item_reasons(work, state, f"{target}.items", source),
        }

    @property
    def next_line(self) -> str:
        """Where the line stands that is added next."""
        return f"lines.{len(self.lines)}"

    def add(self, name: str, amount: Decimal, part: str | None = None) -> None:
        """Count an amount, as a part of it where that is known."""
        self.amounts[name] = self.amounts.get(name, ZERO) + amount
        if part:
            of = self.parts.setdefault(name, {})
            of[part] = of.get(part, ZERO) + amount

    def count(self, work: Workings, shared: Shared, sku: str | None = None) -> None:
        """Count what a line, of the item `sku`, or the order adds and takes off. Only what is settled off the invoice
        changes it."""
        self.reasons |= shared.reasons
        for charge in _settled(shared.charges):
            self.add(
                "freight" if charge.code in work.policy.posting.freight_codes else "charges", charge.amount or ZERO
            )
        for allowance in _settled(shared.allowances):
            self.add("allowances", allowance.amount or ZERO)
        for tax in shared.taxes:
            self.add("tax", tax.amount or ZERO, tax.jurisdiction)
            if tax.included:
                self.add("goods", -(tax.amount or ZERO), sku)

    @property
    def total(self) -> Decimal:
        """What is owed, or given back; a credit's `fee` is kept of it."""
        owed = sum((self.amounts.get(name, ZERO) for name in ("goods", "freight", "charges", "tax")), ZERO)
        return owed - self.amounts.get("allowances", ZERO) - self.amounts.get("fee", ZERO)


def _settled(adjustments: Sequence[Adjustment]) -> list[Adjustment]:
    return [one for one in adjustments if one.settlement == "off_invoice"]
