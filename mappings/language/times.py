"""Dates, times and instants to canonical ones and back: ISO 8601, X12, milliseconds and `strptime` forms."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mappings.language.scalars import Convert, integer_in, shown, text_in

_CENTURY_TURN = 60


@lru_cache(maxsize=256)
def zone_named(name: str) -> tzinfo:
    """An IANA zone or a fixed offset such as `+05:30`; ValueError when there is none of that name."""
    if fixed := re.fullmatch(r"([+-])(\d\d):?(\d\d)", name):
        offset = timedelta(hours=int(fixed[2]), minutes=int(fixed[3]))
        return timezone(-offset if fixed[1] == "-" else offset)
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}") from None


def x12_date_in(value: Any, _zone: str) -> date | None:
    """CCYYMMDD, or YYMMDD of the years 1960 to 2059 (X12 data type DT)."""
    return x12_date(value if type(value) is str else text_in(value, "") or "")


@lru_cache(maxsize=4096)
def x12_date(value: str) -> date | None:
    """The day; the same few come again and again."""
    text = value.strip()
    if not text:
        return None
    try:
        if text.isascii() and text.isdigit():
            if len(text) == 8:
                return date(int(text[:4]), int(text[4:6]), int(text[6:]))
            if len(text) == 6:
                year = int(text[:2])
                return date(year + (1900 if year >= _CENTURY_TURN else 2000), int(text[2:4]), int(text[4:]))
    except ValueError:
        pass
    raise ValueError(f"{shown(value)} is not a date CCYYMMDD or YYMMDD")


def x12_time(value: str) -> time:
    """HHMM, HHMMSS, or with decimal seconds (X12 data type TM)."""
    text = value.strip()
    try:
        if text.isascii() and text.isdigit() and len(text) in (4, 6, 7, 8):
            fraction = int((text[6:] + "000000")[:6]) if len(text) > 6 else 0
            return time(int(text[:2]), int(text[2:4]), int(text[4:6] or 0), fraction)
    except ValueError:
        pass
    raise ValueError(f"{shown(value)} is not a time HHMM or HHMMSS")


def iso_moment_in(value: Any, zone: str) -> date | datetime | None:
    """An ISO 8601 date stays a date; an instant without an offset takes `zone`."""
    text = str(value).strip()
    if not text:
        return None
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{shown(value)} is not an ISO 8601 date or time") from None
    return found if found.tzinfo else found.replace(tzinfo=zone_named(zone))


def epoch_in(value: Any, zone: str) -> date | datetime | None:
    """Milliseconds since 1970 UTC, or an ISO 8601 text: some APIs tell the one in JSON, the other in XML."""
    if isinstance(value, str) and "-" in value[1:]:
        return iso_moment_in(value, zone)
    number = integer_in(value, "")
    if number is None:
        return None
    try:
        return datetime.fromtimestamp(number // 1000, UTC).replace(microsecond=number % 1000 * 1000)
    except (ValueError, OverflowError):
        raise ValueError(f"{shown(value)} is not a time in milliseconds since 1970") from None


def epoch_seconds_in(value: Any, zone: str) -> date | datetime | None:
    """Seconds since 1970 UTC, or an ISO 8601 text."""
    number = None if isinstance(value, str) and "-" in value[1:] else integer_in(value, "")
    return epoch_in(value if number is None else number * 1000, zone)


def epoch_seconds_out(value: Any, zone: str) -> int:
    """Seconds since 1970 UTC; a date is its midnight in `zone`."""
    return epoch_out(value, zone) // 1000


def utc_out(value: Any, zone: str) -> str:
    """ISO 8601 in UTC, to the second, with a Z; a date is its midnight in `zone`."""
    return datetime.fromtimestamp(epoch_seconds_out(value, zone), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch_out(value: Any, zone: str) -> int:
    """Milliseconds since 1970 UTC; a date is its midnight in `zone`."""
    instant = (
        value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=zone_named(zone))
    )
    return int(instant.timestamp()) * 1000 + instant.microsecond // 1000


def formatted_in(form: str) -> Convert:
    """A date or time in a `strptime` form, e.g. `%m/%d/%Y`."""
    timed = any(mark in form for mark in ("%H", "%I", "%X", "%T"))

    def convert(value: Any, zone: str) -> date | datetime | None:
        text = str(value).strip()
        if not text:
            return None
        try:
            found = datetime.strptime(text, form).replace(tzinfo=zone_named(zone))
        except ValueError:
            raise ValueError(f"{shown(value)} is not a date in the form {form}") from None
        return found if timed else found.date()

    return convert


def x12_date_out(value: Any, zone: str) -> str:
    """CCYYMMDD; of an instant, the day it is in `zone`."""
    return _local(value, zone).strftime("%Y%m%d")


def x12_time_out(value: Any, zone: str) -> str | None:
    """HHMM or HHMMSS in `zone`; None of a date."""
    if not isinstance(value, datetime):
        return None
    local = _local(value, zone)
    return local.strftime("%H%M%S" if isinstance(local, datetime) and local.second else "%H%M")


def formatted_out(form: str) -> Convert:
    """The date or time in a `strftime` form."""
    return lambda value, zone: _local(value, zone).strftime(form)


def _local(value: date | datetime, zone: str) -> date | datetime:
    return value.astimezone(zone_named(zone)) if isinstance(value, datetime) else value
