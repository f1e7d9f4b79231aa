"""Commands about returns: people's verdicts on those that wait for one."""

from typing import Literal

from console.invocation import Invocation
from console.terminal import text


async def authorize_return(call: Invocation) -> int:
    """Authorize a return that waits for a person."""
    return await _settle(call, "authorize")


async def deny_return(call: Invocation) -> int:
    """Deny a return that waits for a person."""
    return await _settle(call, "deny")


async def _settle(call: Invocation, verdict: Literal["authorize", "deny"]) -> int:
    given = call.arguments
    async with call.hub() as hub:
        order = await hub.returns.settle(given.order, given.returned, verdict, given.by)
        await hub.drain()
    if not call.tell({"order": order, "return": given.returned, "verdict": verdict, "by": given.by}):
        done = "authorized" if verdict == "authorize" else "denied"
        said = (
            f"{order}: {given.returned} {done}" if order else f"{given.order} has no return {given.returned} to settle"
        )
        call.out.print(text(said), soft_wrap=True)
    return 0 if order else 1
