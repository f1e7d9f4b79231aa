"""Where an order's processor time goes, stage by stage, both threads counted."""

import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from router.flow import RouteOrders, Translate
from store import Store


class Stages:
    """Adds up what each stage spends on its thread."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()

    def watch(self, store: Store, translate: Translate, route: RouteOrders) -> tuple[Translate, RouteOrders]:
        """The same steps, their stages timed; the store's transactions are timed from now on."""
        engines: Any = store.database._engines  # noqa: SLF001 - no one else needs to look in there
        write, read = engines.write, engines.read
        engines.write = lambda work: write(self._timed("write: rows and SQL", work))
        database: Any = store.database
        write_all = database.write_all
        database.write_all = lambda together, asked, *prepare: write_all(
            together, asked, *(self._timed("JSON and digests", one) for one in prepare)
        )
        engines.read = lambda work: read(self._timed("read stock", work))
        native = translate.translator
        watched = SimpleNamespace(read=self._timed("read and check the bytes", native.read), write=native.write)
        decide, needs = self._timed("decide", route.decide), self._timed("decide", route.needs)
        return (
            Translate(translate.inbox, watched, translate.policy, batch=translate.batch),
            RouteOrders(route.lanes, decide, needs, route.policy, route.clock, batch=route.batch),
        )

    def told(self, cpu: float, orders: int) -> None:
        """Print milliseconds an order, of `cpu` seconds for all."""
        rest = {"tasks, futures, threads": cpu - self.spent.total()}
        for stage, seconds in [*self.spent.most_common(), *rest.items()]:
            print(f"   {stage:32} {seconds / orders * 1e3:6.3f} ms   {seconds / cpu:4.0%}")

    def _timed(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: Any, **named: Any) -> Any:
            began = time.thread_time()
            try:
                return work(*given, **named)
            finally:
                self.spent[stage] += time.thread_time() - began

        return timed
