"""The ground of the configuration models, and the weekday words they share."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import ConfigDict

from canonical import Model

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Rule(Model):
    """A frozen, closed configuration value; a number where a text is meant becomes its exact text."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy; what was derived from the old values (cached properties) is left behind."""
        copied = super().model_copy(update=update, deep=deep)
        for derived in copied.__dict__.keys() - type(copied).model_fields.keys():
            del copied.__dict__[derived]
        return copied
