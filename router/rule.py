"""The ground of the configuration models, and the region and weekday words they share."""

from typing import Literal

from pydantic import ConfigDict

from canonical import Model

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Rule(Model):
    """A frozen, closed configuration value; a number where a text is meant becomes its exact text."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)
