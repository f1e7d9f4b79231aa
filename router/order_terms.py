"""What an order as a whole must be, by the terms of its channel: large enough, and within its own window."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from router.adjustment import unit_value
from router.hold import place_hold
from router.order import Hold
from router.order_line import ZERO, LineState
from router.promise import day_of
from router.promised import free_unasked
from router.sourcing import terms_rule
from router.workings import Workings

CANCEL_DATE = "cancel-after"
"""The name of the order's wish to be looked at when its cancel date has passed."""


def check_terms(work: Workings) -> None:
    """Refuse or hold an order that its channel's terms do not let pass, and look again when its cancel date is over."""
    for name, code, fault in (("below_minimum", "below-minimum", _too_small(work)), ("past_window", *_window(work))):
        if fault is None:
            continue
        if getattr(work.terms, name) == "hold":
            place_hold(work, Hold(kind=code, reason=fault, placed_at=work.world.now, owner="sales desk"))
            work.worry(code, fault)
        else:
            refuse_open(work, code, fault, terms_rule(work, name))
    _watch_cancel_date(work)


def refuse_open(work: Workings, code: str, fault: str, rule: str) -> None:
    """Take none of what is still open."""
    for state in list(work.lines.values()):
        if state.ledger.open:
            work.move(state.number, "cancel_open", state.ledger.open, rule=rule)
            refused = work.lines[state.number].model_copy(update={"fault": fault, "fault_code": code})
            work.lines[state.number] = refused


def cancel_when_late(work: Workings) -> bool:
    """Cancel what no node was asked for once the buyer's cancel date is over; whether anything was."""
    last = cancel_date(work)
    if last is None or _today(work) <= last:
        return False
    free_unasked(work)
    late = [state for state in work.lines.values() if state.ledger.open or state.ledger.backordered]
    for state in late:
        because = f"the buyer's cancel date {last} is over"
        work.move(state.number, "cancel_open", state.ledger.open, because=because)
        work.move(state.number, "cancel_backorder", state.ledger.backordered, because=because)
    return bool(late)


def cancel_date(work: Workings) -> date | None:
    """The last day on which the buyer still wants the goods to leave."""
    moment = work.order.document.dates.get("cancel_after")
    return day_of(moment, work.policy.company.time_zone) if moment else None


def _today(work: Workings) -> date:
    return day_of(work.world.now, work.policy.company.time_zone)


def _watch_cancel_date(work: Workings) -> None:
    last = cancel_date(work)
    if last and any(state.ledger.open for state in work.lines.values()):
        ends = datetime.combine(last + timedelta(days=1), time(), ZoneInfo(work.policy.company.time_zone))
        work.wake(CANCEL_DATE, ends.astimezone(UTC), "the buyer's cancel date is over")


def _too_small(work: Workings) -> str | None:
    least = work.terms.minimum_total
    if least is None or not any(state.ledger.open for state in work.lines.values()):
        return None
    total = sum((_value(work, state) for state in work.lines.values()), ZERO)
    if total >= least:
        return None
    return f"its goods cost {total.normalize():f} {work.order.document.currency}; the least we take is {least:f}"


def _value(work: Workings, state: LineState) -> Decimal:
    return state.ledger.open * unit_value(work, state)


def _window(work: Workings) -> tuple[str, str | None]:
    """(code, why) an order can't ship within the days that it names."""
    first, last = work.order.document.dates.get("ship_not_before"), cancel_date(work)
    if last is None:
        return "window-past", None
    if last < _today(work):
        return "window-past", f"its cancel date {last} was over when it came"
    opens = day_of(first, work.policy.company.time_zone) if first else last
    fault = f"it may not ship before {opens}, and is cancelled after {last}"
    return "window-empty", fault if opens > last else None
