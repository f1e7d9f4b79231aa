"""An event loop whose clock jumps to the next timer, and a store that works in the loop itself.

Nothing runs beside the loop, so the same program under the same seed takes the same steps, whatever the machine does.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any, TypeVar
from unittest import mock

import router.flow.flow
import store.engines

_POLL = 5.0
"""Seconds between two looks for work, in a world where nobody waits for them."""
T = TypeVar("T")


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits for time: says how long it would have waited."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            return super().select(None)
        found = super().select(0)
        if not found:
            self.skipped += max(timeout, 0)
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its time is what was skipped; work itself takes none."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.skipped


class InlineExecutor(Executor):
    """Runs what is submitted at once, in the caller's thread."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def submit(self, work: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        done: Future[T] = Future()
        try:
            done.set_result(work(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - a simulated death is no Exception
            done.set_exception(error)
        return done


@contextmanager
def _all_in_the_loop(poll: float) -> Iterator[None]:
    with (
        mock.patch.object(store.engines, "ThreadPoolExecutor", InlineExecutor),
        mock.patch.object(router.flow.flow, "_POLL", poll),
    ):
        yield


def run(program: Coroutine[Any, Any, T], poll: float = _POLL) -> T:
    """Run a program to its end in virtual time."""
    with _all_in_the_loop(poll), asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(program)
