"""Preorders: items that are sold before there are any. They wait for their day, and are never cancelled for want."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from router.promise import day_of
from router.workings import Workings


def preordered(work: Workings, sku: str | None) -> bool:
    """Whether an item is sold ahead of its stock."""
    return sku in work.policy.routing.preorders


def opens_on(work: Workings, sku: str | None) -> date | None:
    """The day before which nothing of a preordered item is promised to anybody; None when that is over."""
    preorder = work.policy.routing.preorders.get(sku or "")
    if preorder is None:
        return None
    today = day_of(work.world.now, work.policy.company.time_zone)
    return preorder.ships_from if preorder.ships_from > today else None


def wait_for_day(work: Workings, sku: str | None) -> None:
    """Have the order look at itself on the day a preordered item may ship."""
    if day := opens_on(work, sku):
        begins = datetime.combine(day, time(), ZoneInfo(work.policy.company.time_zone))
        work.wake(f"preorder/{sku}", begins.astimezone(UTC), f"{sku} may ship from {day} on")
