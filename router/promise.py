"""When goods leave and arrive: a node's clock, cut-off, calendar and handling, and the zone's transit time."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
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
    ready = ready_on(node.time_zone, last_call(node, carriers), now)
    return first_departure(node, carriers, max(ready, not_before or ready))


def last_call(node: Node, carriers: CarrierDays) -> time:
    """The local time until which an order still leaves the same day."""
    return min(node.cut_off, carriers.cut_off or node.cut_off)


def ready_on(time_zone: str, cut_off: time, now: datetime) -> date:
    """The first day on which goods released `now` are worked on, where a cut-off is kept in a time zone."""
    local = now.astimezone(ZoneInfo(time_zone))
    return local.date() + _DAY if local.time() > cut_off else local.date()


def first_departure(node: Node, carriers: CarrierDays, ready: date) -> date:
    """The day goods leave a node that are worked on from a day on."""
    return _departure(node.calendar, carriers.collection, node.handling_days, ready)


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


def days_on_the_way(shipped: date, came: date, delivery: Calendar) -> int:
    """The fewest carrier days after which `delivery_date` is no earlier than the day that goods came."""
    days, day = 0, shipped
    while day < came and days < _FURTHEST:
        day, days = delivery.working_day(day + _DAY), days + 1
    return days


def day_of(moment: Moment, time_zone: str) -> date:
    """A moment's calendar day: a date is its own, an instant the day it is in the zone."""
    return moment.astimezone(ZoneInfo(time_zone)).date() if isinstance(moment, datetime) else moment
