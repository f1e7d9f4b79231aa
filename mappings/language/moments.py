"""`date: DTM02`, with `time:` and `zone:`: a date stays a date, a date with a time is an instant."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from mappings.language.faults import fault
from mappings.language.fused import element_date
from mappings.language.rule import Rule, needs_of
from mappings.language.scalars import text_in
from mappings.language.shape import Shape
from mappings.language.times import x12_date_in, x12_date_out, x12_time, x12_time_out, zone_named
from mappings.language.written import Written
from mappings.paths.navigation import Leaf, Node, Run, Scope

if TYPE_CHECKING:
    from mappings.language.compiler import Compiler

_X12_ZONES = {
    "UT": "UTC", "GM": "UTC", "ET": "America/New_York", "ES": "-05:00", "ED": "-04:00", "CT": "America/Chicago",
    "CS": "-06:00", "CD": "-05:00", "MT": "America/Denver", "MS": "-07:00", "MD": "-06:00",
    "PT": "America/Los_Angeles", "PS": "-08:00", "PD": "-07:00", "AT": "America/Halifax", "AS": "-04:00",
    "AD": "-03:00", "NT": "America/St_Johns", "NS": "-03:30", "ND": "-02:30", "TT": "America/Anchorage",
    "HT": "Pacific/Honolulu", "HS": "-10:00",
}  # fmt: skip
"""X12 element 623. LT (local time) and codes 01-24 (offsets) are handled apart."""


def zone_of(code: str | None, zone: str) -> str:
    """The zone an X12 time code names, or an offset such as `-05:00`; the document's own where neither does."""
    if not code or code == "LT":
        return zone
    if code.isdigit():
        hours = int(code)
        return f"+{hours:02d}:00" if hours <= 12 else f"-{25 - hours:02d}:00"
    return code if code[0] in "+-" else _X12_ZONES.get(code, zone)


def _text_at(leaf: Leaf | None, node: Node, run: Run) -> str | None:
    raw = leaf.get(node, run) if leaf else None
    return raw if raw is None or type(raw) is str else text_in(raw, "")


def moment(compiler: "Compiler", rule: Written, shape: Shape, scope: Scope) -> Rule:
    """Compile `date:` with its `time:` and `zone:`."""
    at = rule.mapping["date"]
    day = compiler.leaf(at, scope)
    clock = compiler.leaf(rule.mapping["time"], scope) if "time" in rule.mapping else None
    zone = compiler.leaf(rule.mapping["zone"], scope) if "zone" in rule.mapping else None
    instant = shape.kind == "instant"

    def read(node: Node, run: Run) -> Any:
        raw = day.get(node, run)
        if raw is None:
            return None
        try:
            date = x12_date_in(raw, run.zone)
            text = _text_at(clock, node, run)
            if date is None or (not text and not instant):
                return date
            moment_zone = zone_named(zone_of(_text_at(zone, node, run), run.zone))
            return datetime.combine(date, x12_time(text or "0000"), moment_zone)
        except ValueError as error:
            fault(run, "value-unconvertible", "error", day.place(node, run), str(error), at, value=str(raw))
            return None

    def write(value: Any, node: Node, run: Run) -> None:
        if value is None:
            return
        target = "UTC" if zone else run.zone
        day.put(node, run, x12_date_out(value, target))
        text = x12_time_out(value, target)
        if clock and text:
            clock.put(node, run, text)
            if zone:
                zone.put(node, run, "UT")

    later = [one.element for one in (clock, zone) if one and one.element]
    inline = element_date(day.element, read, later) if day.element and not instant and not compiler.tracing else None
    return Rule(compiler.recorded(read, day.place, at), write, needs_of(day.needs), inline=inline)
