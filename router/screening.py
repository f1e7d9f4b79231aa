"""Screening: what must be known of who buys before an order goes on, where a rule in `holds` has a check.

A credit check asks the ERP what a customer owes and may owe, a fraud check asks a provider what it thinks of the order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import get_args

from canonical import Answer, CreditCheck, CreditStanding, FraudCheck, FraudVerdict, Money, Party, Question
from router.asking import Asking
from router.hold_rule import Check, HoldRule
from router.hold_rules import hold_for_owner, rules_taking
from router.order import Asked, Gate
from router.order_line import ZERO
from router.payment_due import to_come
from router.question import Topic, ask, buys_nothing, heading
from router.tax_record import NAME as TAX
from router.workings import Workings

_GATES: tuple[Gate, ...] = get_args(Gate)


@dataclass(frozen=True, slots=True)
class Screening:
    """Asks about orders that a hold rule of a kind takes; for the same amount, or less, once."""

    kind: str
    amount: Callable[[Workings], Decimal]
    """What it is asked for."""
    question: Callable[[Workings, Money], Question]
    objection: Callable[[Workings, Check, Answer], str | None]
    """Why an answer does not let the order go on."""

    def gate(self, work: Workings) -> Gate | None:
        """The rule's own step, while anything of the order is still to come."""
        known = self._rule(work)
        return known[0].gate if known and self.amount(work) else None

    def ask(self, work: Workings) -> None:
        """Ask, unless all is said."""
        known, amount = self._rule(work), self.amount(work)
        if known is None or not self._unchecked(work, amount) or _tax_awaited(work, known[0].gate):
            return
        rule, check = known
        asking = Asking(ask=check.ask, within=check.within, silence=check.silence, gate=rule.gate, owner=rule.owner)
        ask(work, self.kind, self.question(work, Money(amount=amount, currency=work.order.document.currency)), asking)

    def take(self, work: Workings, asked: Asked, answer: Answer) -> None:
        """Let the order go on, or leave it to the hold's owner."""
        self.go_without(work, asked)
        known = self._rule(work)
        if known and (because := self.objection(work, known[1], answer)):
            work.tell("screening_objected", hold=self.kind, question=asked.number, because=because)
            hold_for_owner(work, known[0], f"{asked.to}: {because}")

    def go_without(self, work: Workings, _asked: Asked) -> None:
        """For what the order now asks for, all is said; more would be asked about anew."""
        work.amend(checked={**work.order.checked, self.kind: self.amount(work)})

    def needs(self, work: Workings, _asked: Asked) -> bool:
        """Whether anything of the order is still to come."""
        return self.amount(work) > 0

    @property
    def topic(self) -> Topic:
        """As orders ask about it."""
        return Topic(self.kind, self.gate, self.ask, self.take, self.go_without, buys_nothing, self.needs)

    def _rule(self, work: Workings) -> tuple[HoldRule, Check] | None:
        if self.kind not in work.policy.routing.checks:
            return None
        _, rule = rules_taking(work).get(self.kind, (0, None))
        return (rule, rule.check) if rule and rule.check else None

    def _unchecked(self, work: Workings, amount: Decimal) -> bool:
        """Whether an answer is wanting: for more than was answered for, or for another amount than objected to."""
        known = work.order.checked.get(self.kind)
        objected = any(hold.kind == self.kind for hold in work.order.holds)
        return known is None or amount > known or (objected and amount != known)


def _tax_awaited(work: Workings, gate: Gate) -> bool:
    """Whether the taxes, which are owed too, are asked for before the same step or an earlier one."""
    return any(hold.kind == TAX and _GATES.index(hold.gate) <= _GATES.index(gate) for hold in work.order.holds)


# --- credit ---------------------------------------------------------------------------------------------------------


def exposure(work: Workings) -> Decimal:
    """What the order will add to what its buyer owes: all that is still to be invoiced, less what was paid before."""
    return max(to_come(work) - work.order.advance, ZERO)


def _credit_check(work: Workings, amount: Money) -> CreditCheck:
    buyer = _party(work, "bill_to") or _party(work, "buyer")
    identifiers = dict(buyer.identifiers) if buyer else {}
    return CreditCheck(**heading(work), customer=work.order.channel, identifiers=identifiers, amount=amount)


def _credit_objection(work: Workings, check: Check, answer: Answer) -> str | None:
    """Why the customer may not owe so much more: the ERP's own decision, else what its limit leaves."""
    if not isinstance(answer, CreditStanding):
        return f"a {answer.kind} says nothing of credit"
    if answer.decision:
        return None if answer.decision == "granted" else (answer.reason or f"credit {answer.decision}")
    currency, more = work.order.document.currency, exposure(work)
    told = [money for money in (answer.limit, answer.owed, answer.available) if money]
    if any(money.currency != currency for money in told):
        return f"it keeps the customer in another currency than {currency}"
    left = _available(check, answer)
    return None if left is None or more <= left else f"{more} {currency} more than fits into the {max(left, ZERO)} left"


def _available(check: Check, standing: CreditStanding) -> Decimal | None:
    """What is left of the limit; None where there is none."""
    if standing.available:
        return standing.available.amount
    limit = standing.limit.amount if standing.limit else check.limit
    return None if limit is None else limit - (standing.owed.amount if standing.owed else ZERO)


# --- fraud ----------------------------------------------------------------------------------------------------------


def _fraud_check(work: Workings, amount: Money) -> FraudCheck:
    paid = work.order.document.payment
    return FraudCheck(
        **heading(work),
        buyer=_party(work, "buyer"),
        bill_to=_party(work, "bill_to"),
        ship_to=work.order.destinations[0] if work.order.destinations else None,
        amount=amount,
        payment=paid.token if paid else None,
    )


def _fraud_objection(_work: Workings, _check: Check, answer: Answer) -> str | None:
    if not isinstance(answer, FraudVerdict):
        return f"a {answer.kind} says nothing of fraud"
    return None if answer.decision == "accept" else ", ".join((answer.decision, *answer.reasons))


def _party(work: Workings, role: str) -> Party | None:
    return next((party for party in work.order.document.parties if party.role == role), None)


CREDIT = Screening("credit", exposure, _credit_check, _credit_objection).topic
FRAUD = Screening("fraud", to_come, _fraud_check, _fraud_objection).topic
