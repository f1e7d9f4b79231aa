"""What the values of a part can be: dates and in which form, decimals, trade item numbers, currencies."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, TypeAlias

from mappings.language.scalars import decimal_in, integer_in
from mappings.language.shape import Shape
from mappings.language.times import epoch_in, iso_moment_in

Form: TypeAlias = str | None
"""What a rule must say under `as:`; None: nothing."""

DATE_FORMS = (
    "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d", "%m-%d-%Y", "%m/%d/%y", "%d-%b-%Y", "%d %b %Y",
    "%b %d, %Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%Y%m%d%H%M%S",
)  # fmt: skip
"""The forms that are tried, the likeliest first. 03/04/2026 is taken as March 4: look at it."""

_SCHEMES: dict[int, Literal["upc", "ean", "gtin"]] = {12: "upc", 13: "ean", 14: "gtin"}
_UNIT = re.compile(r"[A-Za-z][A-Za-z0-9]{0,3}|[0-9][A-Za-z][A-Za-z0-9]?|[A-Za-z][A-Za-z ./-]{1,19}[0-9]?")
_EPOCH = re.compile(r"1[0-9]{12}")


def fits(shape: Shape, values: Sequence[str]) -> tuple[bool, Form]:
    """Whether all values can be what a field of `shape` holds, and in which form."""
    if shape.kind in ("moment", "instant"):
        form = date_form(values)
        return form is not False, form or None
    if shape.kind == "decimal":
        return _all(values, decimal_in), None
    if shape.kind == "int":
        return _all(values, integer_in), None
    if shape.kind == "bool":
        return False, None
    return not shape.choices or set(values) <= set(shape.choices), None


def date_form(values: Sequence[str]) -> str | Literal[False]:
    """The form of dates that all values have; empty for ISO 8601, False when they have none in common."""
    if not values:
        return False
    if all(value[4:5] == "-" for value in values) and _all(values, iso_moment_in):
        return ""
    if all(_EPOCH.fullmatch(value) for value in values):
        return "epoch_ms" if _all(values, epoch_in) else False
    return next((form for form in DATE_FORMS if all(_is(form, value) for value in values)), False)


def item_scheme(values: Sequence[str]) -> Literal["upc", "ean", "gtin"] | None:
    """The kind of trade item number that all values are by their length and check digit (GS1 General Specifications
    7.9); None when they are none."""
    lengths = {len(value) for value in values}
    if len(lengths) != 1 or not all(value.isdecimal() and checked(value) for value in values):
        return None
    return _SCHEMES.get(lengths.pop())


def checked(number: str) -> bool:
    """Whether the last digit is the GS1 check digit of those before it."""
    digits = [int(digit) for digit in reversed(number)]
    return sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10 == 0


def is_currency(values: Sequence[str]) -> bool:
    """Whether all are ISO 4217 alphabetic codes by their form."""
    return bool(values) and all(re.fullmatch(r"[A-Z]{3}", value) for value in values)


def is_unit(values: Sequence[str]) -> bool:
    """Whether all can be units by their form: a word, or a code with a letter (`EA`, `H87`, `sq ft`)."""
    return all(_UNIT.fullmatch(value.strip()) for value in values)


def _all(values: Sequence[str], convert: Callable[[str, str], object]) -> bool:
    try:
        return bool(values) and all(convert(value, "UTC") is not None for value in values)
    except ValueError:
        return False


def _is(form: str, value: str) -> bool:
    try:
        return bool(datetime.strptime(value.strip(), form))  # noqa: DTZ007 - only its form is asked
    except ValueError:
        return False
