"""Values in words, the same on a page and in a terminal."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

NOTHING_TO_RETRY = "there is nothing here to try again: mend the cause, have it sent again, and resolve this"

BUCKETS = ("shipped", "released", "allocated", "backordered", "open", "cancelled")
"""A ledger's buckets, most advanced first."""
COUNTERS = ("invoiced", "returned", "credited")
"""What is counted beside them."""


def sentence(name: object) -> str:
    """A programmer's name as a person reads it: `partly_shipped` -> `Partly shipped`."""
    words = str(name).replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def decimal_of(value: object) -> Decimal:
    """A row's amount; what is none counts as nothing."""
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)


def quantity(value: object) -> str:
    """A quantity or amount with thousands apart and no trailing zeros that say nothing."""
    number = decimal_of(value)
    whole = number.to_integral_value()
    return f"{whole:,.0f}" if number == whole else f"{number:,f}"


def money(value: object) -> str:
    """An amount with thousands apart and every digit it was given."""
    return f"{decimal_of(value):,f}"


RATES = frozenset(("fill_rate", "promise_kept", "on_time", "order_accuracy", "perfect_order", "split_rate"))
"""Key figures that are a part of a whole."""


def key_figure(value: Any, name: str) -> str:
    """A key figure by its name: a rate in percent, a cost to the cent; a dash where there was nothing to count."""
    if value is None:
        return "-"
    if name.startswith("cost"):
        return f"{value:,.2f}"
    return f"{value:.1%}" if name in RATES else quantity(value)


def age(since: object, now: datetime) -> str:
    """How long ago an instant of a row was, in the largest unit that says something: `3 d`, `5 h`, `2 min`."""
    minutes = int((now - datetime.fromisoformat(str(since))).total_seconds() // 60)
    if minutes >= 2 * 24 * 60:
        return f"{minutes // (24 * 60)} d"
    return f"{minutes // 60} h" if minutes >= 2 * 60 else f"{max(minutes, 0)} min"


def identity(value: object) -> str:
    """A document's identity without the parts it has not: `NW-1//original` -> `NW-1 · original`."""
    return " · ".join(part for part in str(value or "").split("/") if part)


def counted(ledger: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is counted beside a ledger's buckets, as (counter, quantity)."""
    return [(name, quantity(ledger[name])) for name in COUNTERS if decimal_of(ledger.get(name, 0))]


def sums(order: Mapping[str, Any]) -> list[tuple[str, str]]:
    """An order's money that is not nothing, as (what, amount)."""
    return [(name, money(amount)) for name, amount in order.get("money", {}).items() if decimal_of(amount)]


def figures(ledger: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A ledger's buckets that hold something, as (bucket, quantity)."""
    return [(bucket, quantity(ledger[bucket])) for bucket in BUCKETS if decimal_of(ledger.get(bucket, 0))]
