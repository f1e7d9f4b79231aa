"""When goods leave and arrive: a node's clock, cut-off, calendar and handling, and the zone's transit time."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from canonical import Moment
from router.network import Node
from router.rule import WEEKDAYS

_FURTHEST = 366


def works_on(node: Node, day: date) -> bool:
    """Whether the node ships that day."""
    return WEEKDAYS[day.weekday()] in node.working_days and day not in node.closed_on


def ship_date(node: Node, now: datetime, not_before: date | None = None) -> date:
    """The day goods released `now` leave the node: after its cut-off the next working day, plus handling days."""
    local = now.astimezone(ZoneInfo(node.time_zone))
    day = local.date() + timedelta(days=local.time() > node.cut_off)
    day = working_day(node, max(day, not_before or day))
    for _ in range(node.handling_days):
        day = working_day(node, day + timedelta(days=1))
    return day


def working_day(node: Node, day: date) -> date:
    """The first day from `day` on when the node ships; after a year without one, `day` itself."""
    days = (day + timedelta(days=ahead) for ahead in range(_FURTHEST))
    return next((candidate for candidate in days if works_on(node, candidate)), day)


def delivery_date(shipped: date, transit_days: int) -> date:
    """Transit in carrier days: Monday to Friday."""
    day = shipped
    while transit_days:
        day += timedelta(days=1)
        transit_days -= day.weekday() < 5
    return day


def day_of(moment: Moment, time_zone: str) -> date:
    """A moment's calendar day: a date is its own, an instant the day it is in the zone."""
    return moment.astimezone(ZoneInfo(time_zone)).date() if isinstance(moment, datetime) else moment
