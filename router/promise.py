"""When goods leave and arrive: a node's clock, cut-off, calendar and handling, and the zone's transit time."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from canonical import Moment
from router.network import Calendar, Node

_DAY = timedelta(days=1)


def ship_date(node: Node, now: datetime, not_before: date | None = None) -> date:
    """The day goods released `now` leave the node: after its cut-off the next working day, plus handling days."""
    local = now.astimezone(ZoneInfo(node.time_zone))
    day = local.date()
    if local.time() > node.cut_off:
        day += _DAY
    return _departure(node.calendar, node.handling_days, max(day, not_before or day))


@lru_cache(maxsize=4096)
def _departure(calendar: Calendar, handling_days: int, day: date) -> date:
    day = calendar.working_day(day)
    for _ in range(handling_days):
        day = calendar.working_day(day + _DAY)
    return day


@lru_cache(maxsize=4096)
def delivery_date(shipped: date, transit_days: int) -> date:
    """Transit in carrier days: Monday to Friday."""
    day = shipped
    while transit_days:
        day += _DAY
        transit_days -= day.weekday() < 5
    return day


def day_of(moment: Moment, time_zone: str) -> date:
    """A moment's calendar day: a date is its own, an instant the day it is in the zone."""
    return moment.astimezone(ZoneInfo(time_zone)).date() if isinstance(moment, datetime) else moment
