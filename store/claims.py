"""Claims that stand: a step without work leaves its claim here, and the commit that makes work due for it takes that.

So what one step writes is the next one's within the same commit, and nobody looks in vain. A claim so taken is like
any other, under a lease and a token: who dies with it loses it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence, Set
from typing import Any

from store.transaction import STEPS, Step, Transaction

Claim = Callable[[Transaction], Sequence[Any]]
"""Claims what is due, and has it."""


class Standing:
    """A claim for which nothing was due. `prepare` is asked for it at the instant it is tried."""

    def __init__(self, step: Step, prepare: Callable[[], Claim]) -> None:
        self.step = step
        self.prepare = prepare
        self.found: asyncio.Future[Sequence[Any] | None] = asyncio.get_running_loop().create_future()
        """What was claimed; None when it is time to look."""
        self.leaving = False
        """Whether nobody waits for it any more."""

    def settle(self, outcome: Sequence[Any] | Exception | None) -> None:
        """Tell who waits."""
        if self.found.done():
            return
        if isinstance(outcome, Exception):
            self.found.set_exception(outcome)
        else:
            self.found.set_result(outcome)


class Trial:
    """The claims that stood when a commit began."""

    def __init__(self, standing: Iterable[Standing]) -> None:
        self._claims = {one.step: (one, one.prepare()) for one in standing}
        self._outcomes: dict[Step, Sequence[Any] | Exception] = {}

    def make(self, transaction: Transaction) -> None:
        """Make those for which the commit has work. One that breaks harms nobody but its own step."""
        for step in sorted(transaction.news & self._claims.keys()):
            transaction.news.discard(step)
            _, claim = self._claims[step]
            try:
                with transaction.apart():
                    self._outcomes[step] = claim(transaction)
            except Exception as error:  # noqa: BLE001 - its own caller learns of it
                self._outcomes[step] = error
            if not isinstance(self._outcomes[step], Exception) and not self._outcomes[step]:
                transaction.announce(step)

    def forget(self) -> None:
        """The commit came to nothing, and so did they."""
        self._outcomes.clear()

    def outcomes(self) -> Iterable[tuple[Standing, Sequence[Any] | Exception]]:
        """Each with what came of it: nothing, when it was not made."""
        return [(one, self._outcomes.get(step, ())) for step, (one, _) in self._claims.items()]


class Claims:
    """The claims of this process' steps."""

    def __init__(self) -> None:
        self._standing: dict[Step, Standing] = {}
        self._rung: set[Step] = set(STEPS)
        """The steps that may find work when they look."""

    async def claim(
        self,
        step: Step,
        prepare: Callable[[], Claim],
        patience: float,
        look: Callable[[Claim], Awaitable[Sequence[Any]]],
    ) -> Sequence[Any]:
        """What is due, or becomes so by a commit within `patience` seconds; when they are over it is looked for."""
        if patience and step not in self._rung:
            taken = await self._stand(Standing(step, prepare), patience)
            if taken is not None:
                return taken
        self._rung.discard(step)
        return await look(prepare())

    async def _stand(self, standing: Standing, patience: float) -> Sequence[Any] | None:
        if former := self._standing.get(standing.step):
            former.settle(None)
        self._standing[standing.step] = standing
        try:
            await asyncio.wait([standing.found], timeout=patience)
        finally:
            standing.leaving = True
            if self._standing.get(standing.step) is standing:
                del self._standing[standing.step]
                standing.settle(None)
        return await standing.found

    def ring(self, steps: Set[Step]) -> None:
        """Have these steps look: there may be work for them."""
        self._rung |= steps
        for step in steps & self._standing.keys():
            self._standing.pop(step).settle(None)

    def on_trial(self) -> Trial:
        """The standing claims, for one commit to make; `settle` or `forget` ends it."""
        standing, self._standing = self._standing, {}
        return Trial(standing.values())

    def forget(self, trial: Trial) -> None:
        """Let all stand on, since the commit came to nothing."""
        trial.forget()
        self.settle(trial, frozenset())

    def settle(self, trial: Trial, news: Set[Step]) -> None:
        """Tell those for whom something was claimed, let the others stand on, and remember the `news` left over."""
        tried = set[Step]()
        for standing, outcome in trial.outcomes():
            if isinstance(outcome, Exception) or outcome:
                standing.settle(outcome)
            elif standing.leaving or standing.step in self._rung:
                standing.settle(None)
            else:
                self._standing[standing.step] = standing
                tried.add(standing.step)
        self._rung |= news - tried
