"""A wire that remembers what passed over it, so that one call can be shown or made into a case."""

from dataclasses import dataclass, field

from connectors.engine.wire import Answer, Request, Wire


@dataclass(frozen=True, slots=True)
class Passed:
    """One request, and what came back; None when nothing did."""

    request: Request
    answer: Answer | None


@dataclass(slots=True)
class RecordingWire:
    """Another wire, written down."""

    wire: Wire
    passed: list[Passed] = field(default_factory=list)

    async def send(self, request: Request, hosts: frozenset[str], granted: frozenset[str]) -> Answer:
        """As the wire beneath does."""
        try:
            answer = await self.wire.send(request, hosts, granted)
        except Exception:
            self.passed.append(Passed(request, None))
            raise
        self.passed.append(Passed(request, answer))
        return answer
