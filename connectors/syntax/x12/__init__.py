"""X12: reading, validating, acknowledging and writing, with grammars as data."""

from connectors.syntax.x12.acknowledgment import AcknowledgmentPolicy, acknowledge
from connectors.syntax.x12.delimiters import Delimiters
from connectors.syntax.x12.events import (
    Event,
    GroupEnd,
    GroupStart,
    InterchangeAcknowledged,
    InterchangeEnd,
    InterchangeStart,
    SetVerdict,
    Stray,
    TransactionSet,
)
from connectors.syntax.x12.grammar import Grammar, find_grammar
from connectors.syntax.x12.judge import Judge, find_judge
from connectors.syntax.x12.node import Node
from connectors.syntax.x12.reader import read
from connectors.syntax.x12.transaction import Profile
from connectors.syntax.x12.writer import (
    ControlNumbers,
    OutgoingGroup,
    OutgoingInterchange,
    OutgoingSet,
    Rendered,
    Replacement,
    render,
)

__all__ = [
    "AcknowledgmentPolicy",
    "ControlNumbers",
    "Delimiters",
    "Event",
    "Grammar",
    "GroupEnd",
    "GroupStart",
    "InterchangeAcknowledged",
    "InterchangeEnd",
    "InterchangeStart",
    "Judge",
    "Node",
    "OutgoingGroup",
    "OutgoingInterchange",
    "OutgoingSet",
    "Profile",
    "Rendered",
    "Replacement",
    "SetVerdict",
    "Stray",
    "TransactionSet",
    "acknowledge",
    "find_grammar",
    "find_judge",
    "read",
    "render",
]
