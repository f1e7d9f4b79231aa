"""When goods leave and arrive: a node's clock, cut-off, calendar and handling, and the zone's transit time."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from canonical import Moment
from router.network import Calendar, Node
from router.routing import CarrierDays

_DAY = timedelta(days=1)
AHEAD = 30
"""So many departures are looked at for one with room."""
_FURTHEST = 366
"""After so many working days without a collection the calendars have no day in common, and the last one is told."""


def ship_date(node: Node, now: datetime, carriers: CarrierDays, not_before: date | None = None) -> date:
    """The day goods released `now` leave the node: after the cut-off the next working day, plus handling days, on a
    day when both the node works and a carrier collects."""
    local = now.astimezone(ZoneInfo(node.time_zone))
    day = local.date()
    if local.time() > min(node.cut_off, carriers.cut_off or node.cut_off):
        day += _DAY
    return _departure(node.calendar, carriers.collection, node.handling_days, max(day, not_before or day))


def departures(node: Node, first: date, carriers: CarrierDays) -> Iterator[date]:
    """The days goods leave a node, from one of them on."""
    day = first
    for _ in range(AHEAD):
        yield day
        day = _departure(node.calendar, carriers.collection, 0, day + _DAY)


@lru_cache(maxsize=4096)
def _departure(node: Calendar, collection: Calendar, handling_days: int, day: date) -> date:
    day = node.working_day(day)
    for _ in range(handling_days):
        day = node.working_day(day + _DAY)
    for _ in range(_FURTHEST):
        if collection.works_on(day):
            break
        day = node.working_day(day + _DAY)
    return day


@lru_cache(maxsize=4096)
def delivery_date(shipped: date, transit_days: int, delivery: Calendar) -> date:
    """Transit in days when carriers deliver."""
    day = shipped
    for _ in range(transit_days):
        day = delivery.working_day(day + _DAY)
    return day


def day_of(moment: Moment, time_zone: str) -> date:
    """A moment's calendar day: a date is its own, an instant the day it is in the zone."""
    return moment.astimezone(ZoneInfo(time_zone)).date() if isinstance(moment, datetime) else moment
