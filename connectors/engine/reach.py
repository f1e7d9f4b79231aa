"""What a connector in Python can reach: its settings, and calls under the same rules as everybody's.

Such a connector is one file that declares itself as a manifest does, with functions in the place of steps, and is named
by an entry point of the group `crossdock.connectors`:

    async def push_shipment(request, reach):            # -> the receipt
        made = await reach.ask({"method": "POST", "path": "/shipments", "body": request})
        return {"shipment": made["id"]}

    async def pull_orders(since, reach):                # -> the items
        for order in (await reach.ask({"path": "/orders", "query": {"since": since}}))["orders"]:
            yield order

    CONNECTOR = {"connector": "acme", ..., "operations": {"push_shipment": {"function": push_shipment}, ...}}
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from canonical import CrossdockError, Unavailable
from connectors.engine.caller import Caller
from connectors.engine.request import repeat_key, with_defaults
from connectors.manifest import Operation
from connectors.manifest_calls import Call, Idempotency, Step


@dataclass(frozen=True, slots=True)
class Reach:
    """One run's reach. `key` is the same at every try."""

    caller: Caller
    operation: str
    key: str = ""
    idempotency: Idempotency | None = None

    @property
    def settings(self) -> Mapping[str, Any]:
        """The connection's settings; secrets among them show themselves by `reveal()` alone."""
        return self.caller.connection.settings

    async def ask(self, call: Mapping[str, Any], **known: Any) -> Any:
        """Make a call as a manifest writes it, whose braces may name `settings`, `key` and what is `known`.

        Its limits, error table, log-in and allowed hosts are the manifest's. Raises as steps do.
        """
        asked = with_defaults(Call.model_validate(call), self.caller.connection.manifest.defaults)
        scope = {**known, "settings": self.settings, "key": self.key}
        step = Step(name=self.operation, call=asked)
        return (await self.caller.ask(step, asked, scope, repeat_key(self.idempotency, asked, scope))).tree


async def receipt_of(operation: Operation, caller: Caller, request: Any, key: str) -> dict[str, Any]:
    """What a function did. Whatever else it raises is a failure whose effect may be there."""
    assert operation.function
    name = operation.function.__name__
    try:
        return dict(await operation.function(request, Reach(caller, name, key, operation.idempotency)) or {})
    except CrossdockError:
        raise
    except Exception as error:  # noqa: BLE001 - somebody else's code
        raise Unavailable(f"{name}: {type(error).__name__}: {error}", ambiguous=True) from None


async def items_of(operation: Operation, name: str, caller: Caller, since: str | None) -> AsyncIterator[Any]:
    """The items a function lists."""
    assert operation.function
    try:
        async for item in operation.function(since, Reach(caller, name)):
            yield item
    except CrossdockError:
        raise
    except Exception as error:  # noqa: BLE001 - somebody else's code
        raise Unavailable(f"{name}: {type(error).__name__}: {error}") from None
