"""A store with a past: orders that were played to their end once, and then copied.

A thousand one-line orders come in, are decided, rendered, handed over, shipped and invoiced by the flow itself, weeks
ago. `benchmarks.flow_copies` makes as many of them as are wanted.
"""

import json
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.flow_copies import Copy, multiply
from benchmarks.flow_line import Line
from benchmarks.flow_rows import stock_up
from benchmarks.flow_trade import Orders, Trade
from canonical import FulfilmentOrder, document_of
from canonical.exchange import Arrival, Handed, Parcel
from connectors.emulators.cartons import advices
from connectors.surroundings import SystemClock, SystemRandomness
from router.flow import Deliver, Render
from store import Store, open_store, sqlite_url

PLAYED = 1_000
"""Orders that are played; all others are copies of these."""
_APART = timedelta(hours=1)
_NUMBERS_APART = 10_000
_OPERATOR = "cedar-wms"
_PREFIX = "0614141"


class _PastClock:
    """The machine's clock, a while ago."""

    def __init__(self, ago: timedelta) -> None:
        self._ago = ago

    def now(self) -> datetime:
        return datetime.now(UTC) - self._ago


class _MarkedIds:
    """Ids that rise with time, as the product's do; all begin with one millisecond, by which a copy's are told."""

    def __init__(self, mark: str) -> None:
        self._mark, self._source, self._numbers = mark, random.Random(mark), count(1)

    def new(self) -> str:
        return f"{self._mark}{next(self._numbers):08x}{self._source.randrange(16**12):012x}"


class _WillingCourier:
    """Takes everything at once."""

    async def deliver(self, parcel: Parcel) -> Handed:
        return Handed({"at": parcel.destination})


async def fill(path: Path, trade: Trade, orders: int) -> None:
    """Make an SQLite store of so many finished orders, in thousands; the last of them is an hour old."""
    wanted = max(orders // PLAYED, 1)
    ago = _APART * wanted
    began = datetime.now(UTC) - ago
    copies = [_copy(began, number) for number in range(wanted)]
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        played = Path(folder, "played.db")
        async with open_store(sqlite_url(played), _PastClock(ago), _MarkedIds(copies[0].ids)) as store:
            await stock_up(store, trade.policy)
            arrivals = Orders(trade.policy, random.Random(0), copies[0].numbers, lines=1).canonical(PLAYED)
            await _play(store, trade, arrivals)
        multiply(played, path, copies)


def _copy(began: datetime, number: int) -> Copy:
    later = _APART * number
    ids = f"{int((began + later).timestamp() * 1000):012x}"
    return Copy(ids, f"P{number:06d}", later // timedelta(microseconds=1), number * _NUMBERS_APART)


async def _play(store: Store, trade: Trade, arrivals: Sequence[Arrival]) -> None:
    """In, decided, handed over, shipped, invoiced, handed over."""
    line, render = Line(store, trade), Render(store.outbox, trade.translator)
    deliver = Deliver(store.outbox, _WillingCourier(), SystemClock(), SystemRandomness(), concurrency=50, batch=50)
    await line.run(arrivals)
    await line.run([advice async for advice in _advised(store)])
    while await render.step() + await deliver.step():
        pass


async def _advised(store: Store) -> AsyncIterator[Arrival]:
    """What the warehouse says of everything that it was asked to ship."""
    for row in await store.archive.documents(partner=_OPERATOR, limit=2 * PLAYED):
        whole = await store.archive.document(row["id"])
        assert whole is not None
        asked = document_of(row["kind"], json.dumps(whole["document"]))
        assert isinstance(asked, FulfilmentOrder)
        for advice in advices(asked, "full", datetime.now(UTC).date(), _PREFIX):
            content = json.dumps(advice.as_json()).encode()
            yield Arrival(_OPERATOR, "http", content, f"key-{advice.number}", {"kind": advice.kind})
