"""What was charged for tax, recorded at the provider: invoices committed, credit memos refunded, differences posted."""

from canonical import TaxQuote
from router.asking import Asking
from router.books import Financial, post
from router.order import ZERO
from router.promise import day_of
from router.question import ask
from router.workings import Workings

NAME = "tax"


def ask_to_record(work: Workings, provider: Asking) -> None:
    """Ask the provider to record what it has not confirmed; no order waits for that, and it is never gone without."""
    patient = provider.model_copy(update={"silence": "wait"})
    for number, request in work.order.unrecorded.items():
        ask(work, NAME, request.changed(asked_at=work.world.now), patient, about=number, holds=False)


def settle_record(work: Workings, number: str, told: TaxQuote) -> None:
    """The provider has recorded an invoice or a credit: what it says beyond what was charged is posted."""
    request = work.order.unrecorded.get(number)
    if request is None:
        return
    work.amend(unrecorded={key: one for key, one in work.order.unrecorded.items() if key != number})
    difference = told.amount - (request.taxed or ZERO)
    work.tell("tax_recorded", number=number, amount=str(told.amount), difference=str(difference))
    if difference:
        today = day_of(work.world.now, work.policy.company.time_zone)
        what = Financial("tax_difference", number, {"difference": difference}, today, "rule:clock", request.currency)
        post(work, what, None)
