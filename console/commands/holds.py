"""Commands about holds: which are in force, and placing and lifting them."""

from datetime import UTC, datetime

from console.invocation import Invocation
from console.terminal import status, table, text
from console.wording import age
from router.ports import WantedHold


async def list_holds(call: Invocation) -> int:
    """Every hold in force: its owner, its age and its deadline."""
    async with call.hub() as hub:
        rows = list(await hub.holds.waiting())
    if not call.tell(rows):
        shown = table("order", "hold", "stops", "owner", "age", "deadline", "then", "reason")
        now = datetime.now(UTC)
        for row in rows:
            placed = text(age(row["placed_at"], now))
            due = text((row["deadline"] or "-")[:16].replace("T", " "))
            then = row["on_silence"] if row["deadline"] else "-"
            shown.add_row(row["number"], row["kind"], row["gate"], row["owner"], placed, due, then, text(row["reason"]))
        call.out.print(shown if rows else "no order is held")
    return 0


async def place_hold(call: Invocation) -> int:
    """Hold an order."""
    given = call.arguments
    hold = WantedHold(
        kind=given.hold, reason=given.reason, gate=given.gate, owner=given.owner, within=given.within,
        on_silence=given.then, two_people=given.two_people,
    )  # fmt: skip
    async with call.hub() as hub:
        placed = await hub.holds.place(given.order, hold, given.by)
        await hub.drain()
    if not call.tell({"order": placed, "hold": given.hold, "by": given.by}):
        call.out.print(text(f"{placed}: held for {given.hold}" if placed else f"there is no order {given.order}"))
    return 0 if placed else 1


async def release_hold(call: Invocation) -> int:
    """Lift a hold, so that the order goes on."""
    given = call.arguments
    async with call.hub() as hub:
        released = await hub.holds.release(given.order, given.hold, given.by)
        await hub.drain()
        order = await hub.archive.order(released) if released else None
    answer = {"order": released, "hold": given.hold, "by": given.by, "status": order and order["status"]}
    if not call.tell(answer):
        said = f"{released}: {given.hold} lifted" if released else f"{given.order} has no hold {given.hold}"
        call.out.print(text(said), status(order["status"]) if order else "", soft_wrap=True)
    return 0 if released else 1
