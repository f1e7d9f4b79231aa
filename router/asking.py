"""Whom orders ask, and how long they wait."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from canonical import Text
from router.order import Silence
from router.rule import Rule


class Asking(Rule):
    """Whom an order asks, how long it waits for the answer, and what it does then."""

    ask: Text
    """The connection."""
    within: timedelta = Field(default=timedelta(seconds=30), gt=timedelta(0))
    silence: Silence = "wait"
    gate: Literal["accept", "allocate", "release"] = "release"
    """The step that waits for the answer."""
    owner: Text = "order desk"
    """Who looks when nobody answers."""
