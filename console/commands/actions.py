"""Commands that put something into the hub: submit, stock set, token new."""

from typing import Any

from console.invocation import Invocation, Usage
from console.rights import ROLES
from console.terminal import status, text
from router.ports import Arrival


async def submit(call: Invocation) -> int:
    """Put a file into the hub as its transport would, and work until nothing is due."""
    partner: str = call.arguments.partner
    with call.file() as file:
        content = file.read()
    async with call.hub() as hub:
        known = {door.id for door in hub.doors}
        if partner not in known:
            raise Usage(f"no partner or connection is called {partner}; there are {', '.join(sorted(known))}")
        receipt = await hub.receive(Arrival(partner, "submit", content, facts={"filename": call.filename}))
        await hub.drain()
        order = await hub.order_of(receipt, 0)
    answer: dict[str, Any] = {
        "id": receipt.id, "status": receipt.status, "sha256": receipt.sha256, "received_at": receipt.received_at,
    }  # fmt: skip
    if order is not None:
        answer["order"] = {name: order.get(name) for name in ("id", "number", "status")}
    if not call.tell(answer):
        call.out.print(text(receipt.id, "bold"), status(receipt.status))
        if order is not None:
            call.out.print(text(f"order {order.get('number')}"), status(order.get("status")))
    return 1 if receipt.status == "conflict" else 0


async def set_stock(call: Invocation) -> int:
    """Set what a node has of a SKU."""
    given = call.arguments
    async with call.hub() as hub:
        row = await hub.stock.set(given.sku, given.node, given.quantity, given.safety)
        await hub.drain()
    if not call.tell({**row._asdict(), "available": row.available}):
        call.out.print(text(f"{row.sku} at {row.node}: {row.on_hand} on hand, {row.available} to promise"))
    return 0


async def new_token(call: Invocation) -> int:
    """Make an API token. It is shown this once; the hub keeps only its hash."""
    partner, role = call.arguments.partner, call.arguments.role
    async with call.hub() as hub:
        known = {door.id for door in hub.doors}
        if partner is not None and partner not in known:
            raise Usage(f"no partner or connection is called {partner}; there are {', '.join(sorted(known))}")
        role = role if role or partner else "operator"
        token = await hub.access.issue(partner=partner, role=role, person=call.arguments.name)
    if not call.tell({"token": token, "partner": partner, "role": role, "name": call.arguments.name}):
        call.err.print(text(f"for {partner or 'role ' + str(role)}; it is shown only now"))
        call.out.print(token, markup=False, soft_wrap=True)
    return 0


ROLE_NAMES = tuple(ROLES)
