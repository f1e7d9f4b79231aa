"""Reconciliation: orders, shipments, invoices, credits, taxes, payments, postings and an ERP's own books, to the cent.

Everything that is compared is a figure: how much one source says of one thing. Figures about the same thing must agree;
where they don't, the difference is told with its cause. Sorted figures are compared in passing, so that there may be
any number of them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from canonical import Amount, Model, Text
from router.order_line import ZERO

ORDERS = "orders"
"""The ledger in which orders are held against what was done for them; every other ledger is that of an ERP."""
OURS = "postings"
_CENT = Decimal("0.01")


class Figure(NamedTuple):
    """What `source` says of `name` of the thing `about`; `note` is what is known of its standing.

    In the ledger of orders `about` is an order and `name` one of `COMPARED`. In an ERP's, `about` is the key of an
    entry (or the number of the document it was told by) and `name` an account; the amount is debit less credit.
    """

    ledger: str
    about: str
    name: str
    source: str
    amount: Decimal
    note: str = ""


class Difference(Model):
    """Sources that don't agree on a thing. `code` is its cause, `said` what each source says, by name and source."""

    code: Text
    ledger: Text
    about: Text
    cause: Text
    said: dict[str, dict[str, Amount]]


COMPARED: Mapping[str, tuple[str, ...]] = {
    # what of an order           who says it; nothing said is zero, and without the first nothing is compared
    "units shipped": ("orders", "shipments"),
    "units invoiced": ("orders", "shipments"),
    "invoiced": ("orders", "invoices", OURS),
    "credited": ("orders", "credit memos", OURS),
    "tax charged": ("invoices", OURS),
    "tax recorded": ("tax provider", OURS),
    "captured": ("orders", "payments", OURS),
    "refunded": ("orders", "payments", OURS),
    "settled": ("payouts", "orders", OURS),
    "balance": ("orders", "documents"),
    "entries": ("orders", OURS),
}

CAUSES: Mapping[str, str] = {
    "rule-missing": "no posting rule took the event",
    "tax-unrecorded": "the tax provider has not confirmed what was charged yet",
    "settled-otherwise": "a marketplace or payment provider has paid out (so far) another amount than it took",
    "shipped-not-invoiced": "goods left that were not invoiced",
    "invoiced-not-shipped": "more was invoiced than left",
    "document-missing": "the order says so, and no such document was sent",
    "not-posted": "it was not posted",
    "posted-unasked": "more is posted than anything that happened asked for",
    "posted-twice": "it is there more than once",
    "rounding": "rounded differently: no more than a cent",
    "amount-differs": "the amounts differ",
    "account-differs": "the same amounts stand on other accounts",
    "missing": "it was handed over, and is not in the ERP's books",
    "in-flight": "it is on its way to the ERP",
    "undelivered": "it could not be delivered to the ERP; see `crossdock exceptions`",
    "never-sent": "it was never sent there: it is older than the destination",
    "unknown-entry": "it is in the ERP's books, and not in ours",
    "ledger-unreadable": "the ERP's books could not be read",
}
"""Every cause of a difference, in words."""

_STANDINGS: Mapping[str, str] = {
    "queued": "in-flight", "ready": "in-flight",
    "undelivered": "undelivered", "failed": "undelivered", "refused": "undelivered", "declined": "undelivered",
    "delivered": "missing", "acknowledged": "missing",
}  # fmt: skip
"""What the standing of the document that told the ERP makes of an entry that it hasn't."""


@dataclass(slots=True)
class Reconciliation:
    """The differences between figures that come sorted by ledger and what they are about, each once."""

    figures: Iterable[Figure]
    compared: Counter[str] = field(default_factory=Counter)
    """How many things were compared in each ledger, so far."""

    def __iter__(self) -> Iterator[Difference]:
        for (ledger, about), group in groupby(self.figures, key=attrgetter("ledger", "about")):
            self.compared[ledger] += 1
            said, notes = _gathered(group)
            judge = _order_differences if ledger == ORDERS else _entry_differences
            yield from judge(ledger, about, said, notes)


_Said = dict[str, dict[str, Decimal]]


def _gathered(group: Iterable[Figure]) -> tuple[_Said, frozenset[str]]:
    """What each source says of each name in all, and the notes."""
    said: _Said = {}
    notes: set[str] = set()
    for one in group:
        notes.add(one.note)
        if one.name:
            sources = said.setdefault(one.name, {})
            sources[one.source] = sources.get(one.source, ZERO) + one.amount
    return said, frozenset(notes)


def difference(code: str, ledger: str, about: str, said: _Said | None = None) -> Difference:
    """A difference by its cause."""
    return Difference(code=code, ledger=ledger, about=about, cause=CAUSES[code], said=said or {})


# --- orders ---------------------------------------------------------------------------------------------------------


def _order_differences(ledger: str, about: str, said: _Said, notes: frozenset[str]) -> Iterator[Difference]:
    for name, sources in COMPARED.items():
        known = said.get(name, {})
        if sources[0] not in known:
            continue
        whole = {source: known.get(source, ZERO) for source in sources}
        if len(set(whole.values())) > 1:
            yield difference(_order_cause(name, whole, notes), ledger, about, {name: whole})


def _order_cause(name: str, whole: Mapping[str, Decimal], notes: frozenset[str]) -> str:
    expected, posted = next(iter(whole.values())), whole.get(OURS)
    if posted is not None and posted != expected and (cause := _posting_cause(name, expected, posted, notes)):
        return cause
    if name == "settled":
        return "settled-otherwise"
    if name == "units invoiced":
        return "shipped-not-invoiced" if whole["shipments"] > expected else "invoiced-not-shipped"
    if posted == expected and min(whole.values()) == ZERO:
        return "document-missing"
    return "rounding" if max(whole.values()) - min(whole.values()) <= _CENT else "amount-differs"


def _posting_cause(name: str, expected: Decimal, posted: Decimal, notes: frozenset[str]) -> str | None:
    """Why what is posted is not what was expected; None where it only is another amount."""
    if "rule-missing" in notes:
        return "rule-missing"
    if name == "tax recorded" and "tax-unrecorded" in notes:
        return "tax-unrecorded"
    if name == "entries":
        return "not-posted" if posted < expected else "posted-unasked"
    if not posted:
        return "not-posted"
    return "posted-twice" if expected and posted == 2 * expected else None


# --- an ERP's books -------------------------------------------------------------------------------------------------


def _entry_differences(ledger: str, about: str, said: _Said, notes: frozenset[str]) -> Iterator[Difference]:
    ours = {name: sources[OURS] for name, sources in said.items() if sources.get(OURS)}
    known = any(OURS in sources for sources in said.values())
    theirs = {name: sources[ledger] for name, sources in said.items() if sources.get(ledger)}
    if ours != theirs:
        told = {name: {OURS: ours.get(name, ZERO), ledger: theirs.get(name, ZERO)} for name in {**ours, **theirs}}
        apart = {name: one for name, one in told.items() if one[OURS] != one[ledger]}
        code = _entry_cause(ours, theirs, notes) if known else "unknown-entry"
        yield difference(code, ledger, about, apart)


def _entry_cause(ours: Mapping[str, Decimal], theirs: Mapping[str, Decimal], notes: frozenset[str]) -> str:
    if not theirs:
        return next((_STANDINGS[note] for note in sorted(notes) if note in _STANDINGS), "never-sent")
    if ours.keys() == theirs.keys() and _times(ours, theirs):
        return "posted-twice"
    if all(abs(ours.get(name, ZERO) - theirs.get(name, ZERO)) <= _CENT for name in {**ours, **theirs}):
        return "rounding"
    return "account-differs" if sorted(ours.values()) == sorted(theirs.values()) else "amount-differs"


def _times(ours: Mapping[str, Decimal], theirs: Mapping[str, Decimal]) -> bool:
    """Whether every account holds ours the same whole number of times, and more than once."""
    times = {theirs[name] / ours[name] for name in ours}
    return len(times) == 1 and all(one >= 2 and one == one.to_integral_value() for one in times)
