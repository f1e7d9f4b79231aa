"""Native scalars to canonical ones and back. The two ends choose: what the source writes, and what the field holds.

A converter returns the value, None for a blank, or raises ValueError with a sentence for people.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from canonical import plain_decimal
from mappings.language.shape import Shape

Convert: TypeAlias = Callable[[Any, str], Any]
"""From a value and the zone of times that name none."""

plain_number = re.compile(r"-?(?:[0-9]{1,30}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})").fullmatch
"""Whether a text is a plain decimal: no exponent, no grouping, no blanks."""
_WHOLE = re.compile(r"-?[0-9]{1,30}").fullmatch
_CENTURY_TURN = 60
_TRUE = frozenset(("true", "True", "Y", "y", "yes", "1"))
_FALSE = frozenset(("false", "False", "N", "n", "no", "0"))


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


def text_in(value: Any, _zone: str) -> str | None:
    """A text without blanks around it; numbers keep their digits."""
    if type(value) is str:
        return value.strip() or None
    if type(value) is int:
        return str(value)
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain_decimal(value)
    if isinstance(value, int):
        return str(value)
    raise ValueError(f"{_shown(value)} is not a text")


def decimal_in(value: Any, _zone: str) -> Decimal | None:
    """A plain decimal; no exponent, no grouping, no float."""
    if type(value) is str:
        if plain_number(value):
            return Decimal(value)
        value = value.strip()
        if not value:
            return None
        if plain_number(value.removeprefix("+")):
            return Decimal(value)
    elif isinstance(value, Decimal) and value.is_finite():
        return value
    elif isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    raise ValueError(f"{_shown(value)} is not a plain decimal number")


def _number(value: Any) -> Decimal:
    """A canonical number; a text where it stands under `extensions`."""
    number = decimal_in(value, "")
    if number is None:
        raise ValueError("a blank is not a number")
    return number


def implied_in(places: int) -> Convert:
    """A number whose last `places` digits are decimals (X12 type Nn); a written point is believed."""

    def convert(value: Any, zone: str) -> Decimal | None:
        if type(value) is str and _WHOLE(value.strip()):
            return Decimal(value.strip()).scaleb(-places)
        return decimal_in(value, zone)

    return convert


def fraction_in(value: Any, zone: str) -> Decimal | None:
    """A share of one as a percentage: 0.0825 is 8.25."""
    number = decimal_in(value, zone)
    return None if number is None else number.scaleb(2)


def fraction_out(value: Any, _zone: str) -> str:
    """A percentage as a share of one."""
    return plain_decimal(_number(value).scaleb(-2))


def integer_in(value: Any, _zone: str) -> int | None:
    """A whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = plain_decimal(value) if isinstance(value, Decimal) else value
    if isinstance(text, str):
        text = text.strip()
        if not text:
            return None
        if _WHOLE(text):
            return int(text)
    raise ValueError(f"{_shown(value)} is not a whole number")


def boolean_in(value: Any, _zone: str) -> bool | None:
    """true/false, Y/N, 1/0."""
    if isinstance(value, bool):
        return value
    text = str(value).strip()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if not text:
        return None
    raise ValueError(f"{_shown(value)} is neither yes nor no")


def json_in(value: Any, zone: str) -> Any:
    """Any JSON value; decimals become texts, so that they stay exact."""
    if value is None or type(value) in (str, int, bool):
        return value
    if isinstance(value, Decimal):
        return plain_decimal(value)
    if isinstance(value, dict):
        return {str(key): json_in(part, zone) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [json_in(part, zone) for part in value]
    return value


def x12_date_in(value: Any, _zone: str) -> date | None:
    """CCYYMMDD, or YYMMDD of the years 1960 to 2059 (X12 data type DT)."""
    return x12_date(value)


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
    raise ValueError(f"{_shown(value)} is not a date CCYYMMDD or YYMMDD")


def x12_time(value: str) -> time:
    """HHMM, HHMMSS, or with decimal seconds (X12 data type TM)."""
    text = value.strip()
    try:
        if text.isascii() and text.isdigit() and len(text) in (4, 6, 7, 8):
            fraction = int((text[6:] + "000000")[:6]) if len(text) > 6 else 0
            return time(int(text[:2]), int(text[2:4]), int(text[4:6] or 0), fraction)
    except ValueError:
        pass
    raise ValueError(f"{_shown(value)} is not a time HHMM or HHMMSS")


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
        raise ValueError(f"{_shown(value)} is not an ISO 8601 date or time") from None
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
        raise ValueError(f"{_shown(value)} is not a time in milliseconds since 1970") from None


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
            raise ValueError(f"{_shown(value)} is not a date in the form {form}") from None
        return found if timed else found.date()

    return convert


def text_out(value: Any, _zone: str) -> str:
    """Any canonical scalar as a text; decimals without exponent."""
    if isinstance(value, Decimal):
        return plain_decimal(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def x12_text_out(value: Any, zone: str) -> str:
    """As `text_out`, with X12's Y and N."""
    if isinstance(value, bool):
        return "Y" if value else "N"
    return text_out(value, zone)


def implied_out(places: int) -> Convert:
    """The digits of a number with `places` implied decimals; ValueError when it has more of them."""

    def convert(value: Any, _zone: str) -> str:
        scaled = _number(value).scaleb(places)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{text_out(value, '')} has more than {places} decimals")
        return str(int(scaled))

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


def json_out(value: Any, zone: str) -> Any:
    """What JSON can hold: whole numbers, booleans and structures as they are, decimals and dates as texts."""
    return value if isinstance(value, bool | int | dict | list) else text_out(value, zone)


def number_out(value: Any, _zone: str) -> Any:
    """A JSON number: an int, or a Decimal for the renderer to write digit by digit."""
    if isinstance(value, str):
        value = decimal_in(value, "")
    return int(value) if value == value.to_integral_value() else value


def native_out(*, x12: bool, json: bool) -> Convert:
    """The converter of a value whose canonical type is only known when it is there."""

    def convert(value: Any, zone: str) -> Any:
        if x12:
            return x12_date_out(value, zone) if isinstance(value, date) else x12_text_out(value, zone)
        return json_out(value, zone) if json else text_out(value, zone)

    return convert


def _local(value: date | datetime, zone: str) -> date | datetime:
    return value.astimezone(zone_named(zone)) if isinstance(value, datetime) else value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


_IN: dict[str, Convert] = {
    "text": text_in,
    "decimal": decimal_in,
    "int": integer_in,
    "bool": boolean_in,
    "moment": iso_moment_in,
    "instant": iso_moment_in,
    "json": json_in,
}

_FORMS_IN: dict[str, Convert] = {"fraction": fraction_in, "epoch_ms": epoch_in, "number": decimal_in}
_FORMS_OUT: dict[str, Convert] = {"fraction": fraction_out, "epoch_ms": epoch_out, "number": number_out}


def converter_in(shape: Shape, form: str | None, *, x12: bool) -> Convert:
    """The converter to a scalar `shape` from a source written as `form`: `n2`, a date form with `%`, or the usual."""
    found = _formed_in(form)
    if found is None:
        return x12_date_in if x12 and shape.kind in ("moment", "instant") else _IN[shape.kind]
    return found if shape.kind != "json" else lambda value, zone: json_in(found(value, zone), zone)


def _formed_in(form: str | None) -> Convert | None:
    if form is None:
        return None
    if "%" in form:
        return formatted_in(form)
    return implied_in(int(form[1:])) if _implied(form) else _FORMS_IN.get(form)


def _formed_out(form: str | None) -> Convert | None:
    if form is None:
        return None
    if "%" in form:
        return formatted_out(form)
    return implied_out(int(form[1:])) if _implied(form) else _FORMS_OUT.get(form)


def _implied(form: str) -> bool:
    return form[:1] == "n" and form[1:].isdigit()


def converter_out(shape: Shape, form: str | None, *, x12: bool, json: bool) -> Convert:
    """The converter from a scalar `shape` to what the target writes as `form`."""
    found = None if form == "number" and not json else _formed_out(form)
    if found:
        return found
    if x12:
        return x12_date_out if shape.kind in ("moment", "instant") else x12_text_out
    return json_out if json else text_out
