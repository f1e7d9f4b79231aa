"""What happened to an order, told to whoever listens."""

from pydantic import AwareDatetime, Field, JsonValue

from canonical.document import Document
from canonical.model import Text


class OrderEvent(Document):
    """One event of an order's hash chain. `order` is the order's id, `seq` its place in the chain, from 1."""

    order: Text
    seq: int = Field(ge=1)
    event: Text
    """In the past tense: `order_received`, `line_allocated`."""
    happened_at: AwareDatetime
    facts: dict[str, JsonValue] = Field(default_factory=dict)
    previous: Text
    hash: Text
    """SHA-256 over the event and the hash before it: the same for every listener and at every attempt."""

    @property
    def identity(self) -> str:
        """Order and place."""
        return f"{self.order}/{self.seq}"
