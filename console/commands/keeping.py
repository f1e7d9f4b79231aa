"""Commands that keep what the hub holds: backup, restore, erase."""

from console.commands.lookups import audit
from console.invocation import Invocation
from console.terminal import text


async def backup(call: Invocation) -> int:
    """Write everything the hub holds to one file, while it runs."""
    told = await call.builder.backup(call.config, call.data, call.arguments.file)
    if not call.tell(told):
        call.out.print(text(f"{told['file']}: {told['bytes']} bytes, sha256 {told['sha256']}"), soft_wrap=True)
    return 0


async def restore(call: Invocation) -> int:
    """Put a backup into an empty data directory, and prove that every invariant holds there."""
    told = await call.builder.restore(call.config, call.data, call.arguments.file)
    call.err.print(text(f"{told['file']} of {told['taken_at']} is in {told['data']}"), soft_wrap=True)
    return await audit(call)


async def erase(call: Invocation) -> int:
    """Erase personal data of finished orders: names, addresses and bytes, never what the books and audit need."""
    given = call.arguments
    async with call.hub() as hub:
        if given.order:
            reports = [await hub.erasing.order(given.order, given.by)]
        else:
            reports = []
            while (part := await hub.erasing.before(given.before, given.by)).erased:
                reports.append(part)
    erased = sum(report.erased for report in reports)
    handed = [one._asdict() | {"at": one.at.isoformat()} for report in reports for one in report.recipients]
    if not call.tell({"erased": erased, "recipients": handed}):
        call.out.print(f"{erased} erased")
        for one in handed:
            call.out.print(text("{to} was handed {kind} {document} on {at}".format_map(one)), soft_wrap=True)
    return 0
