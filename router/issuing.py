"""An invoice that is whole goes out: to the channel, into the books, and to who records its tax."""

from router.bill import Bill
from router.books import Site, Told, post_invoice
from router.order import DraftInvoice
from router.tax_charge import record_charge
from router.workings import Workings


def issue(work: Workings, draft: DraftInvoice) -> None:
    """Send it, post it, and have its tax recorded."""
    invoice = draft.invoice
    work.amend(invoiced=work.order.invoiced + invoice.total)
    work.tell("invoice_issued", invoice=invoice.number, total=str(invoice.total), shipment=draft.shipment)
    work.dispatch(invoice, work.order.channel, draft.reasons)
    post_invoice(work, Told(invoice, draft.reasons), bill_of(draft), Site(draft.node, draft.destination))
    record_charge(work, invoice)


def bill_of(draft: DraftInvoice) -> Bill:
    """The draft's money by what it is for, to go on counting."""
    amounts, parts = dict(draft.amounts), {name: dict(part) for name, part in draft.parts.items()}
    return Bill(list(draft.invoice.lines), dict(draft.reasons), amounts, parts)
