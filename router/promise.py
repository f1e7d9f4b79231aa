"""When goods leave and arrive: a node's clock, cut-off, calendar and handling, and the zone's transit time."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from canonical import Moment
from router.network import Node
from router.rule import WEEKDAYS, Weekday

_FURTHEST = 366
_DAY = timedelta(days=1)


def ship_date(node: Node, now: datetime, not_before: date | None = None) -> date:
    """The day goods released `now` leave the node: after its cut-off the next working day, plus handling days."""
    local = now.astimezone(ZoneInfo(node.time_zone))
    day = local.date()
    if local.time() > node.cut_off:
        day += _DAY
    return _departure(Calendar(node.working_days, node.closed_on), node.handling_days, max(day, not_before or day))


class Calendar(NamedTuple):
    """When a node works."""

    working_days: tuple[Weekday, ...]
    closed_on: tuple[date, ...]

    def works_on(self, day: date) -> bool:
        """Whether it ships that day."""
        return WEEKDAYS[day.weekday()] in self.working_days and day not in self.closed_on

    def working_day(self, day: date) -> date:
        """The first day from `day` on when it ships; after a year without one, `day` itself."""
        days = (day + timedelta(days=ahead) for ahead in range(_FURTHEST))
        return next((candidate for candidate in days if self.works_on(candidate)), day)


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
