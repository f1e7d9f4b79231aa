"""The in-process ticker: APScheduler with its jobs in memory. What is due lives in the store's rows, never here."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

_LOOK = 1.0
"""Seconds between two looks at the clock."""
_SET_BACK = 1.0
"""Seconds by which a clock that was set back differs from one that is only adjusted."""


class Ticker:
    """Calls jobs at intervals; a job that is still at work is not started again, and missed ticks count as one.

    APScheduler reckons by the time of day. When that is set back it would wait for the old time to come again, so
    every job is then begun anew.
    """

    async def run(self, jobs: Mapping[str, tuple[timedelta, Callable[[], Awaitable[object]]]]) -> None:
        """Tick until cancelled."""
        scheduler: Any = AsyncIOScheduler(timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1})
        for name, (every, job) in jobs.items():
            scheduler.add_job(job, "interval", seconds=every.total_seconds(), id=name, misfire_grace_time=None)
        scheduler.start()
        try:
            await _watch_the_clock(scheduler)
        finally:
            scheduler.shutdown(wait=False)


async def _watch_the_clock(scheduler: Any) -> None:
    ahead = time.time() - time.monotonic()
    while True:
        await asyncio.sleep(_LOOK)
        now_ahead = time.time() - time.monotonic()
        if now_ahead < ahead - _SET_BACK:
            for job in scheduler.get_jobs():
                job.modify(next_run_time=datetime.now(UTC))
        ahead = now_ahead
