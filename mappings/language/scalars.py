"""Texts, numbers, booleans and JSON to canonical ones and back.

A converter returns the value, None for a blank, or raises ValueError with a sentence for people.
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from canonical import plain_decimal

Convert: TypeAlias = Callable[[Any, str], Any]
"""From a value and the zone of times that name none."""

plain_number = re.compile(r"-?(?:[0-9]{1,30}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})").fullmatch
"""Whether a text is a plain decimal: no exponent, no grouping, no blanks."""
_WHOLE = re.compile(r"-?[0-9]{1,30}").fullmatch
_TRUE = frozenset(("true", "True", "Y", "y", "yes", "1"))
_FALSE = frozenset(("false", "False", "N", "n", "no", "0"))


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
    raise ValueError(f"{shown(value)} is not a text")


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
    raise ValueError(f"{shown(value)} is not a plain decimal number")


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
    raise ValueError(f"{shown(value)} is not a whole number")


def boolean_in(value: Any, _zone: str) -> bool | None:
    """true/false, Y/N, 1/0."""
    if isinstance(value, bool):
        return value
    text = str(value).strip()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if not text:
        return None
    raise ValueError(f"{shown(value)} is neither yes nor no")


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


def json_out(value: Any, zone: str) -> Any:
    """What JSON can hold: whole numbers, booleans and structures as they are, decimals and dates as texts."""
    return value if isinstance(value, bool | int | dict | list) else text_out(value, zone)


def number_out(value: Any, _zone: str) -> Any:
    """A JSON number: an int, or a Decimal for the renderer to write digit by digit."""
    if isinstance(value, str):
        value = decimal_in(value, "")
    return int(value) if value == value.to_integral_value() else value


def shown(value: Any) -> str:
    """A value as a sentence names it."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
