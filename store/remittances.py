"""A payment that names many orders: each order's part waits in its lane, one an order."""

from canonical import Remittance
from router.effect import Claim, ToOrders
from router.remittance import settlements, unexplained
from store.database import Transaction
from store.exceptions import About, open_exception
from store.lane_queue import lanes_known_as
from store.own_work import enter


def invoice_scope(partner: str | None) -> str:
    """Where numbers of invoices and credit memos lead to lanes: only who was sent one may pay it."""
    return f"invoice/{partner or ''}"


def share_out(transaction: Transaction, document_id: str, payer: str, paid: Remittance, effect: ToOrders) -> None:
    """Give each order its part; what nobody here knows, or the payment does not explain, is put before a person."""
    known = lanes_known_as(transaction, invoice_scope(payer), [one.invoice for one in effect.claims if one.invoice])
    lanes = [_lane(claim, known) for claim in effect.claims]
    for part in settlements(paid, payer, document_id, lanes):
        enter(transaction, transaction.new_id(), part)
    unknown = {line.number: str(line.paid) for line, lane in zip(paid.lines, lanes, strict=True) if lane is None}
    about = About(document=document_id, owner="finance", facts={"payment": paid.number, "unknown": unknown})
    if unknown:
        told = ", ".join(f"{number} ({amount})" for number, amount in unknown.items())
        open_exception(transaction, "remittance-unmatched", f"{payer} pays what it was never sent: {told}", about)
    if rest := unexplained(paid):
        reason = f"payment {paid.number} is {paid.total}, of which {rest} is not explained"
        open_exception(transaction, "remittance-unexplained", reason, about)


def _lane(claim: Claim, known: dict[str, str]) -> str | None:
    return claim.lane or known.get(claim.invoice or "")
