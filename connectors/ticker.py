"""The in-process ticker: APScheduler with its jobs in memory. What is due lives in the store's rows, never here."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler


class Ticker:
    """Calls jobs at intervals; a job that is still at work is not started again, and missed ticks count as one."""

    async def run(self, jobs: Mapping[str, tuple[timedelta, Callable[[], Awaitable[object]]]]) -> None:
        """Tick until cancelled."""
        scheduler: Any = AsyncIOScheduler(timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1})
        for name, (every, job) in jobs.items():
            scheduler.add_job(job, "interval", seconds=every.total_seconds(), id=name, misfire_grace_time=None)
        scheduler.start()
        try:
            await asyncio.Event().wait()
        finally:
            scheduler.shutdown(wait=False)
