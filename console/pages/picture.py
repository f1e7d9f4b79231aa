"""How values look on a page: times, quantities, statuses, a line's ledger as a bar.

Everything here that makes HTML escapes every text it is given.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup, escape

from console.wording import BUCKETS, decimal_of, figures

STATUS_TONE = {
    "good": {"shipped", "decided", "applied", "delivered", "acknowledged"},
    "busy": {"open", "allocated", "released", "partly_shipped", "waiting", "queued", "ready", "due"},
    "warn": {"backordered", "held", "parked", "duplicate", "warning"},
    "bad": {"rejected", "failed", "undelivered", "undecided", "unmatched", "unhandled", "conflict", "refused", "error"},
}


def tone(status: object) -> str:
    """The colour family of a status; words carry the meaning, colour only helps."""
    return next((name for name, statuses in STATUS_TONE.items() if status in statuses), "mute")


def moment(value: object) -> Markup:
    """A time element: the instant exactly for machines, to the second in UTC for people. A date stays a date."""
    found = _moment(value)
    if found is None:
        return escape("" if value is None else str(value))
    if not isinstance(found, datetime):
        return Markup('<time datetime="{0}">{0}</time>').format(found.isoformat())
    utc = found.astimezone(UTC) if found.tzinfo else found
    return Markup('<time datetime="{}">{:%Y-%m-%d} <b>{:%H:%M:%S}</b></time>').format(found.isoformat(), utc, utc)


def _moment(value: object) -> date | None:
    if isinstance(value, date):
        return value
    text = str(value)
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        return None


def ledger_bar(ledger: Mapping[str, Any]) -> Markup:
    """A line's ledger as a bar; its label says the same in words."""
    held = [(bucket, decimal_of(ledger.get(bucket, 0))) for bucket in BUCKETS]
    whole = sum((amount for _, amount in held), Decimal(0)) or Decimal(1)
    label = ", ".join(f"{amount} {bucket}" for bucket, amount in figures(ledger)) or "nothing"
    parts, start = [], Decimal(0)
    for bucket, amount in held:
        width = amount * 100 / whole
        if width:
            parts.append(
                Markup('<rect class="b-{}" x="{:.3f}" y="0" width="{:.3f}" height="8"/>').format(bucket, start, width)
            )
        start += width
    return Markup(
        '<svg class="ledger" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(label, Markup().join(parts))


def order_bar(order: Mapping[str, Any]) -> Markup:
    """All lines' ledgers of an order as one bar."""
    ledgers = [line.get("ledger", {}) for line in order.get("lines", ())]
    return ledger_bar({bucket: sum(decimal_of(ledger.get(bucket, 0)) for ledger in ledgers) for bucket in BUCKETS})
