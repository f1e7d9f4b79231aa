"""`crossdock reconcile`: where orders, postings and the ERPs' own books differ, and why."""

from console.invocation import Invocation
from console.reconciliation import read
from console.terminal import table, text


async def reconcile(call: Invocation) -> int:
    """Hold orders, shipments, invoices, payments, postings and the ERP's own books against each other, to the cent."""
    async with call.hub() as hub:
        told = await read(hub.reconcile())
    if not call.tell(told):
        shown = table("difference", "in", "of", "cause", "what is said")
        for one in told["differences"]:
            said = "\n".join(f"{name}: {_words(sources)}" for name, sources in one["said"].items())
            shown.add_row(
                text(one["code"], "bold red"), text(one["ledger"]), text(one["about"]), text(one["cause"]), text(said)
            )
        if told["differences"]:
            call.out.print(shown)
        compared = ", ".join(f"{count} in {ledger}" for ledger, count in told["compared"].items())
        call.out.print(
            text(f"{len(told['differences'])} differences; compared: {compared or 'nothing'}"), soft_wrap=True
        )
        for name in told["uncompared"]:
            call.out.print(text(f"{name}: its connector tells no way to read its books", "yellow"), soft_wrap=True)
    return 0 if told["ok"] else 1


def _words(sources: dict[str, str]) -> str:
    return ", ".join(f"{source} {amount}" for source, amount in sources.items())
