"""Stock rows as they were last read, for those who only look: many askers share one read, and most need none.

Nothing is promised from here. What this process commits is seen at once; what another one commits, within `FRESH`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from router.decision import StockRow

FRESH = 0.25
"""Seconds for which rows that were read stand for what is there: so old an answer may be at most."""
_MOST = 100_000
"""SKUs kept; with more everything is read anew."""

Rows = Sequence[StockRow]
Read = Callable[[Sequence[str]], Awaitable[Mapping[str, Rows]]]


class Snapshot:
    """The rows by SKU. One read is under way at a time, for all who wait for it."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._rows: dict[str, tuple[float, Rows]] = {}
        self._wanted: dict[str, asyncio.Future[Rows]] = {}
        self._reading: asyncio.Task[None] | None = None
        self._moved: set[str] = set()

    async def rows(self, sku: str) -> Rows:
        """The rows of one SKU; the very same object as long as nothing was read anew."""
        kept = self._rows.get(sku)
        if kept and kept[0] > asyncio.get_running_loop().time():
            return kept[1]
        if sku not in self._wanted:
            self._wanted[sku] = asyncio.get_running_loop().create_future()
            if self._reading is None:
                self._reading = asyncio.create_task(self._read_wanted())
        return await asyncio.shield(self._wanted[sku])

    def moved(self, skus: Iterable[str]) -> None:
        """Stock of these was committed: what was read before, or is being read now, is out of date."""
        for sku in skus:
            self._rows.pop(sku, None)
            self._moved.add(sku)

    async def _read_wanted(self) -> None:
        try:
            while self._wanted:
                asked, self._wanted = self._wanted, {}
                self._moved.clear()
                await self._answer(asked)
        finally:
            self._reading = None

    async def _answer(self, asked: Mapping[str, asyncio.Future[Rows]]) -> None:
        began = asyncio.get_running_loop().time()
        try:
            found = await self._read(list(asked))
        except Exception as error:  # noqa: BLE001 - who waits must learn of it
            for waiting in asked.values():
                waiting.set_exception(error)
            return
        if len(self._rows) > _MOST:
            self._rows.clear()
        for sku, waiting in asked.items():
            rows = found.get(sku, ())
            if sku not in self._moved:
                self._rows[sku] = (began + FRESH, rows)
            waiting.set_result(rows)
