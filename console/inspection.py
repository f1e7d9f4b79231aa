"""What `crossdock inspect` tells, as it stands in its JSON."""

from typing import Any, TypedDict


class ElementNote(TypedDict, total=False):
    """One element of a segment: `meaning` is its decoded code or date, absent where the value speaks for itself."""

    position: str
    name: str
    value: str
    meaning: str


class SegmentNote(TypedDict, total=False):
    """One segment of a set, with the findings (as `Finding.as_json` writes them) that stand beside it."""

    position: int
    tag: str
    name: str
    loop: str
    elements: list[ElementNote]
    findings: list[dict[str, Any]]


class SetNote(TypedDict, total=False):
    """One transaction set."""

    id: str
    name: str
    control: str
    version: str
    segments: list[SegmentNote]


class GroupNote(TypedDict, total=False):
    """One functional group."""

    functional_id: str
    control: str
    sender: str
    receiver: str
    version: str
    sets: list[SetNote]


class InterchangeNote(TypedDict, total=False):
    """One interchange. `delimiters` by name (`element`, `component`, `repetition`, `segment`); `isa` by element, as in
    `ISA06 sender id`."""

    control: str
    delimiters: dict[str, str]
    isa: dict[str, str]
    groups: list[GroupNote]


class AcknowledgmentNote(TypedDict, total=False):
    """An acknowledgment the file would get: `type` as in 997, `content` its native text."""

    to: str
    type: str
    content: str


class Referee(TypedDict, total=False):
    """pyx12's verdict beside ours. `refused` says why it cannot judge; a difference without a `reason` is a fault."""

    refused: str
    sets: list[dict[str, Any]]
    differences: list[dict[str, Any]]


class Inspection(TypedDict, total=False):
    """`Answer.value` of `Workbench.inspect` without `summary`. `findings` holds them all, placed or not."""

    interchanges: list[InterchangeNote]
    findings: list[dict[str, Any]]
    acknowledgments: list[AcknowledgmentNote]
    referee: Referee
