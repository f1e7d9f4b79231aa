"""The names of time zones, as configuration files say them."""

from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator


@cache
def _known() -> frozenset[str]:
    """Looking through the machine's folders costs as much as reading a map."""
    return frozenset(available_timezones())


def _zone(name: str) -> str:
    if name not in _known():
        raise ValueError("not an IANA time zone such as America/Chicago")
    return name


TimeZone = Annotated[str, AfterValidator(_zone)]
"""An IANA time zone's name."""
