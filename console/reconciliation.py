"""A reconciliation as the command line and the API tell it."""

from typing import Any

from console.desk import Reconcile


async def read(reconcile: Reconcile) -> dict[str, Any]:
    """`{ok, differences, compared, uncompared}`: every difference with its cause and what each source says."""
    differences = [one.model_dump(mode="json") async for one in reconcile.differences()]
    return {
        "ok": not differences,
        "differences": differences,
        "compared": dict(reconcile.compared),
        "uncompared": list(reconcile.uncompared),
    }
