"""What a receiver said of what it was sent: X12 997, 999, TA1 and 824; an MDN; an API's receipt."""

from typing import Literal

from pydantic import Field

from canonical.document import Document
from canonical.model import Model, Moment, Text

Verdict = Literal["accepted", "accepted_with_errors", "partially_accepted", "rejected"]


class Fault(Model):
    """One fault the receiver found, with its place and its own codes."""

    segment: int | None = None
    tag: Text | None = None
    loop: Text | None = None
    element: int | None = None
    component: int | None = None
    codes: dict[str, Text] = Field(default_factory=dict)
    value: str | None = None
    message: Text | None = None


class AcknowledgedSet(Model):
    """The verdict on one transaction set."""

    set: Text
    control_number: Text
    verdict: Verdict
    codes: tuple[Text, ...] = ()
    faults: tuple[Fault, ...] = ()


class Acknowledgment(Document):
    """The verdict on a group, an interchange or a document, by the control numbers its sender gave it."""

    number: Text
    """The control number or id of what is acknowledged."""
    level: Literal["interchange", "group", "document"]
    type: Text
    """The native form: 997, 999, TA1, 824, mdn, receipt."""
    functional_id: Text | None = None
    verdict: Verdict
    acknowledged_at: Moment | None = None
    codes: tuple[Text, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict)
    sets: tuple[AcknowledgedSet, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def identity(self) -> str:
        """Level, functional id and number."""
        return f"{self.level}/{self.functional_id or ''}/{self.number}"
