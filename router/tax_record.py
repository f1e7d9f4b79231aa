"""What was charged for tax, recorded at the provider: invoices committed and put right, credit memos refunded, sales
voided, differences posted."""

from decimal import Decimal

from canonical import TaxQuote, TaxRequest
from router.asking import Asking
from router.books import Financial, post
from router.order import RecordedTax
from router.order_line import ZERO
from router.promise import day_of
from router.question import ask
from router.workings import Workings

NAME = "tax"


def ask_to_record(work: Workings, provider: Asking) -> None:
    """Ask the provider to record what it has not confirmed; no order waits for that, and it is never gone without."""
    patient = provider.model_copy(update={"silence": "wait"})
    for number, request in work.order.unrecorded.items():
        ask(work, NAME, request.changed(asked_at=work.world.now), patient, about=number, holds=False)


def settle_record(work: Workings, number: str, told: TaxQuote, provider: Asking | None) -> None:
    """The provider has recorded an invoice or a credit: what it says beyond what was charged is posted. One that keeps
    what was charged, though it says that other tax is due, is asked to put that right."""
    request = work.order.unrecorded.get(number)
    if request is None:
        return
    work.amend(unrecorded={key: one for key, one in work.order.unrecorded.items() if key != number})
    recorded, again = _recorded(work, request, told), request.purpose == "adjust"
    difference = recorded - (request.taxed or ZERO)
    added = difference if again else recorded
    work.tell("tax_recorded", number=number, purpose=request.purpose, amount=str(added), difference=str(difference))
    if again or request.purpose == "commit":
        kept = {request.transaction: RecordedTax(amount=recorded, on=request.on)}
        work.amend(tax_recorded={**work.order.tax_recorded, **kept})
    if difference:
        _post_difference(work, f"{number}/adjusted" if again else number, difference, request.currency)
    if provider and request.purpose == "commit" and told.recorded not in (None, recorded):
        work.amend(unrecorded={**work.order.unrecorded, number: request.changed(purpose="adjust", taxed=recorded)})
        ask_to_record(work, provider)


def _post_difference(work: Workings, number: str, difference: Decimal, currency: str) -> None:
    today = day_of(work.world.now, work.policy.company.time_zone)
    post(work, Financial("tax_difference", number, {"difference": difference}, today, "rule:clock", currency), None)


def _recorded(work: Workings, request: TaxRequest, told: TaxQuote) -> Decimal:
    """What the provider's books hold more by it: a void takes back what was recorded."""
    if request.purpose != "void":
        return told.amount
    before = work.order.tax_recorded.get(request.transaction)
    return -before.amount if before else request.taxed or ZERO
