"""Which converter stands between what a source writes and what a field holds. The two ends choose."""

from datetime import date
from typing import Any

from mappings.language.scalars import (
    Convert,
    boolean_in,
    decimal_in,
    fraction_in,
    fraction_out,
    implied_in,
    implied_out,
    integer_in,
    json_in,
    json_out,
    number_out,
    text_in,
    text_out,
    x12_text_out,
)
from mappings.language.shape import Shape
from mappings.language.times import (
    epoch_in,
    epoch_out,
    epoch_seconds_in,
    epoch_seconds_out,
    formatted_in,
    formatted_out,
    iso_moment_in,
    utc_out,
    x12_date_in,
    x12_date_out,
)


def native_out(*, x12: bool, json: bool) -> Convert:
    """The converter of a value whose canonical type is only known when it is there."""

    def convert(value: Any, zone: str) -> Any:
        if x12:
            return x12_date_out(value, zone) if isinstance(value, date) else x12_text_out(value, zone)
        return json_out(value, zone) if json else text_out(value, zone)

    return convert


_IN: dict[str, Convert] = {
    "text": text_in,
    "decimal": decimal_in,
    "int": integer_in,
    "bool": boolean_in,
    "moment": iso_moment_in,
    "instant": iso_moment_in,
    "json": json_in,
}

_FORMS_IN: dict[str, Convert] = {
    "fraction": fraction_in,
    "epoch": epoch_seconds_in,
    "epoch_ms": epoch_in,
    "utc": iso_moment_in,
    "number": decimal_in,
}
_FORMS_OUT: dict[str, Convert] = {
    "fraction": fraction_out,
    "epoch": epoch_seconds_out,
    "epoch_ms": epoch_out,
    "utc": utc_out,
    "number": number_out,
}


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
