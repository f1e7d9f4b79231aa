"""Claims that stand: a step without work leaves its claim here, and the commit that makes work due for it takes that.

So what one step writes is the next one's within the same commit, and nobody looks in vain. A claim so taken is like
any other, under a lease and a token: who dies with it loses it. Where a step can do its work without the world outside,
and there is little of it, it is done in that commit too.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence, Set
from typing import Any, get_args

from store.transaction import STEPS, Step, Transaction

Claim = Callable[[Transaction], Sequence[Any]]
"""Claims what is due, and has it."""
AtOnce = Callable[[Transaction, Sequence[Any]], Sequence[Any]]
"""Does what was claimed in the commit that made it due, where that is little; what is left to do."""
_STREET: Sequence[Step] = get_args(Step)


class Standing:
    """A claim for which nothing was due. `prepare` is asked for it at the instant it is tried."""

    def __init__(self, step: Step, prepare: Callable[[], Claim], at_once: AtOnce | None) -> None:
        self.step = step
        self.prepare = prepare
        self.at_once = at_once
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
        self._vain: set[Step] = set()
        """The steps that have made theirs, and found nothing."""

    def make(self, transaction: Transaction) -> None:
        """Make those for which the commit has work, down the street: what is done at once may make work for others."""
        while steps := transaction.news & (self._claims.keys() - self._outcomes.keys()):
            self._make(min(steps, key=_STREET.index), transaction)
        transaction.announce(*self._vain)

    def _make(self, step: Step, transaction: Transaction) -> None:
        """Make one. One that breaks harms nobody but its own step."""
        transaction.news.discard(step)
        standing, claim = self._claims[step]
        try:
            with transaction.apart():
                claimed = claim(transaction)
        except Exception as error:  # noqa: BLE001 - its own caller learns of it
            self._outcomes[step] = error
            return
        if claimed:
            self._outcomes[step] = _left(standing, transaction, claimed)
            self._vain.discard(step)
        else:
            self._vain.add(step)

    def forget(self) -> None:
        """The commit came to nothing, and so did they."""
        self._outcomes.clear()
        self._vain.clear()

    def outcomes(self) -> Iterable[tuple[Standing, Sequence[Any] | Exception | None]]:
        """Each with what came of it: None when there was nothing, and nothing is left where it was done at once."""
        return [(one, self._outcomes.get(step)) for step, (one, _) in self._claims.items()]


def _left(standing: Standing, transaction: Transaction, claimed: Sequence[Any]) -> Sequence[Any]:
    """What is left to do when some is done at once. What breaks stays claimed, and its step will meet the same."""
    if standing.at_once is None:
        return claimed
    try:
        with transaction.apart():
            return standing.at_once(transaction, claimed)
    except Exception:  # noqa: BLE001 - the commit it would be done in must not break with it
        return claimed


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
        at_once: AtOnce | None = None,
    ) -> Sequence[Any]:
        """What is due, or becomes so by a commit within `patience` seconds; when they are over it is looked for.

        What little a commit makes due is done `at_once`.
        """
        if patience and step not in self._rung:
            taken = await self._stand(Standing(step, prepare, at_once), patience)
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
            more = outcome is not None and standing.step in news
            if isinstance(outcome, Exception) or outcome:
                standing.settle(outcome)
            elif standing.leaving or more or standing.step in self._rung:
                standing.settle(None)
            else:
                self._standing[standing.step] = standing
                tried.add(standing.step)
        self.ring(news - tried)  # also those that came to stand while the commit was under way
