"""What of an order may come back: of each line at most what was shipped, less what came back and less what may still
come back under other returns, within the channel's window and for its reasons."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from canonical import Quantity, ReturnAuthorization, ReturnLine
from router.acceptance import Refusal
from router.catalogue import units_in
from router.line_view import document_line
from router.order import ReturnedLine
from router.order_line import ZERO, LineState
from router.promise import day_of
from router.return_terms import ReturnTerms
from router.workings import Workings


@dataclass(frozen=True, slots=True)
class Judged:
    """What is said of one line of a request: what of it may come back, and why the rest may not."""

    index: int
    """Into the request's lines."""
    asked: ReturnLine
    states: Sequence[LineState]
    parts: tuple[ReturnedLine, ...] = ()
    refusal: Refusal | None = None

    @property
    def units(self) -> Decimal:
        """What may come back, in the item's own unit."""
        return sum((part.quantity for part in self.parts), ZERO)


def judge(work: Workings, request: ReturnAuthorization) -> Iterator[Judged]:
    """What is said of each line of a request."""
    taken: dict[str, Decimal] = {}
    for index, asked in enumerate(request.lines):
        states = _meant(work, asked)
        reason = asked.reason or request.reason
        refusal = _refusal(work, asked, reason, states)
        parts = () if refusal else tuple(_parts(work, asked, reason, states, taken))
        for part in parts:
            taken[part.line] = taken.get(part.line, ZERO) + part.quantity
        one = Judged(index, asked, states, parts, refusal)
        if not refusal and one.units < asked_units(work, states, asked.quantity):
            one = Judged(index, asked, states, parts, _too_much(states))
        yield one


def _meant(work: Workings, asked: ReturnLine) -> list[LineState]:
    """The order's lines that a line of a request speaks of: by their number, else by their item."""
    item = work.policy.catalogue.match(asked.items).item if asked.items else None
    states = [state for state in work.lines.values() if state.sku and (item is None or item.sku == state.sku)]
    if asked.order_line:
        return [state for state in states if document_line(work, state).number == asked.order_line]
    return states if item else []


def _refusal(work: Workings, asked: ReturnLine, reason: str | None, states: Sequence[LineState]) -> Refusal | None:
    terms = work.terms.returns
    if not states:
        return Refusal("return-line-unknown", "the order has no such line")
    if units_in(work.item(states[0].sku or ""), asked.quantity.unit) is None or asked.quantity.value <= 0:
        return Refusal("return-quantity", f"{asked.quantity.value} {asked.quantity.unit} of it can't come back")
    if not any(state.ledger.shipped for state in states):
        return Refusal("return-not-shipped", "nothing of it has left")
    if terms.reasons and reason not in terms.reasons:
        return Refusal("return-reason", f"{reason or 'no reason'} is none of {', '.join(terms.reasons)}")
    if not any(_in_time(work, terms, state) for state in states):
        return Refusal("return-window-over", f"goods come back within {terms.window_days} days")
    return _no_exchange(work, asked) if asked.exchange else None


def _no_exchange(work: Workings, asked: ReturnLine) -> Refusal | None:
    """Why another item can't be sent in its place: who takes the buyers' money orders it anew."""
    if work.terms.payment == "captured":
        return Refusal("return-exchange-elsewhere", "the other item is a new order, of whoever takes its buyer's money")
    found = work.policy.catalogue.match(asked.exchange)
    return None if found.item else Refusal("return-exchange-unknown", found.fault or "the item wanted is not known")


def _too_much(states: Sequence[LineState]) -> Refusal:
    returned = sum((state.ledger.returned for state in states), ZERO)
    said = f"; {returned.normalize():f} have come back" if returned else ""
    return Refusal("return-too-much", f"more than was shipped and may still come back{said}")


def _in_time(work: Workings, terms: ReturnTerms, state: LineState) -> bool:
    if terms.window_days is None or state.shipped_on is None:
        return True
    zone = work.policy.company.time_zone
    return (day_of(work.world.now, zone) - day_of(state.shipped_on, zone)).days <= terms.window_days


def _parts(
    work: Workings, asked: ReturnLine, reason: str | None, states: Sequence[LineState], taken: dict[str, Decimal]
) -> Iterator[ReturnedLine]:
    """The asked quantity spread over the lines that have something left to come back."""
    terms = work.terms.returns
    left = asked_units(work, states, asked.quantity)
    wanted = work.policy.catalogue.match(asked.exchange).item if asked.exchange else None
    exchange = wanted.sku if wanted else None
    for state in states:
        may = returnable(work, state) - taken.get(state.number, ZERO) if _in_time(work, terms, state) else ZERO
        if part := min(left, max(may, ZERO)):
            left -= part
            yield ReturnedLine(line=state.number, quantity=part, reason=reason, exchange=exchange)


def returnable(work: Workings, state: LineState) -> Decimal:
    """What of a line may still be asked back: shipped, less returned, less what may come under other returns."""
    pending = sum(
        (line.outstanding for one in work.order.returns if one.expected for line in one.lines
         if line.line == state.number), ZERO,
    )  # fmt: skip
    return state.ledger.shipped - state.ledger.returned - pending


def asked_units(work: Workings, states: Sequence[LineState], quantity: Quantity) -> Decimal:
    """A quantity of a known line in its item's own unit."""
    return quantity.value * (units_in(work.item(states[0].sku or ""), quantity.unit) or Decimal(1))
