"""Decisions as they were made, for making them again."""

from typing import Any

from sqlalchemy import exists, select

from canonical import canonical_json, plain_decimal
from router.decision import World
from router.own_work import Reconsider
from router.ports import MadeDecision
from store.columns import quoted
from store.documents import read_back
from store.tables import decision, document
from store.watch_tables import erasure

MADE = (
    select(decision, document.c.kind, document.c.content)
    .outerjoin(document, document.c.id == decision.c.document)
    .where(~exists().where(erasure.c.subject == "order/" + decision.c.order_id))
    .order_by(decision.c.order_id, decision.c.at, decision.c.id)
)


def made_decision(row: Any) -> MadeDecision:
    """A decision with the document it was made on, or the order's own reconsideration."""
    if row.cause is None or row.kind == Reconsider.__name__:
        decided_on = read_back(row)
    else:
        decided_on = Reconsider(number=row.document, order=row.order_id, cause=row.cause)
    world = World.model_validate_json(row.world)
    return MadeDecision(row.id, row.order_id, decided_on, row.sender, world, row.digest)


def world_text(world: World) -> str:
    """A world as JSON: its stock rows as arrays, since there are many."""
    rows = ",".join(
        [
            f'[{quoted(sku)},{quoted(node)},"{plain_decimal(on_hand)}","{plain_decimal(reserved)}"'
            f',"{plain_decimal(safety)}",{version}]'
            for sku, node, on_hand, reserved, safety, version in world.stock
        ]
    )
    said: dict[str, Any] = {
        "now": world.now.isoformat(),
        "configuration": world.configuration,
        "first_serial": world.first_serial,
    }
    if world.loads:
        said["loads"] = world.model_dump(mode="json", include={"loads"})["loads"]
    if world.master_data:
        said["master_data"] = world.master_data.model_dump(mode="json", exclude_none=True)
    if world.transits:
        said["transits"] = world.transits
    if world.incoming:
        said |= world.model_dump(mode="json", include={"incoming", "ahead"})
    return f'{canonical_json(said)[:-1]},"stock":[{rows}]}}'
