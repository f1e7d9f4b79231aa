"""A payment that touches many orders (X12 820, a marketplace's payout): which line is about which order."""

from collections.abc import Sequence
from decimal import Decimal

from canonical import Remittance, RemittanceLine
from router.effect import Claim
from router.number import lane_of
from router.order_line import ZERO
from router.own_work import Settlement

_BY_ORDER = frozenset({"order", "purchase_order"})
BY_ID = "order_id"
"""The kind of a line that names an order as the hub does, as payment providers were told it."""


def claims(document: Remittance, payer: str) -> tuple[Claim, ...]:
    """How each line names its order."""
    return tuple(_claim(document, line, payer) for line in document.lines)


def settlements(
    document: Remittance, payer: str, document_id: str, lanes: Sequence[str | None]
) -> tuple[Settlement, ...]:
    """Each order's part, by their lanes, and last what is of none. Lines without a lane are left out."""
    by_lane: dict[str, list[RemittanceLine]] = {}
    for line, lane in zip(document.lines, lanes, strict=True):
        if lane is not None:
            by_lane.setdefault(lane, []).append(line)
    head = {"number": document.number, "payer": payer, "remittance": document_id, "paid_on": document.paid_on}
    said = {**head, "currency": document.currency, "usage": document.usage}
    parts = [{"order": lane, "lines": tuple(by_lane[lane])} for lane in sorted(by_lane)]
    if document.adjustments:
        parts.append({"order": f"remittances/{payer}/{document.number}", "adjustments": document.adjustments})
    return tuple(Settlement.model_validate({**said, **part}) for part in parts)


def unexplained(document: Remittance) -> Decimal:
    """What was paid beyond what its lines and adjustments say."""
    told = sum((line.paid for line in document.lines), ZERO) + sum((one.amount for one in document.adjustments), ZERO)
    return document.total - told


def _claim(document: Remittance, line: RemittanceLine, payer: str) -> Claim:
    if line.kind == BY_ID:
        return Claim(lane=line.number)
    if line.kind in _BY_ORDER:
        return Claim(lane=lane_of(payer, line.number, None, document.usage))
    return Claim(invoice=line.number)
