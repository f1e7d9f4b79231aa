"""Summary posting: an ERP is told of many entries by one a day, which says which of ours it holds.

Entries of one day, currency and channel are gathered when the day is over: what each account is debited and credited in
all. What is entered for a day later on, stands in a summary of its own at the next gathering.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Literal, NamedTuple

from pydantic import Field

from canonical import JournalEntry, JournalLine
from router.order_line import ZERO
from router.rule import Rule

PREFIX = "summary"
"""How the keys of summaries begin: no order's id is so short."""


class Summary(Rule):
    """How the entries of an ERP are gathered."""

    by: Literal["channel", "day"] = "channel"
    """One entry for each channel and day, or one for all channels."""
    most: int = Field(default=1000, ge=2)
    """How many of ours one entry holds at most: a day with more has several."""


class Gathered(NamedTuple):
    """An entry that stands for many, and the keys of those it holds."""

    entry: JournalEntry
    holds: tuple[str, ...]


class Dated(NamedTuple):
    """One of our entries, and the day it is entered for."""

    day: date
    entry: JournalEntry

    def group(self, terms: Summary) -> tuple[date, str, str]:
        """What it is gathered with: day, currency, channel."""
        channel = self.entry.lines[0].dimensions.get("channel", "") if terms.by == "channel" else ""
        return self.day, self.entry.currency, channel


def gather(entries: Sequence[Dated], terms: Summary, erp: str, on: date) -> Iterator[Gathered]:
    """The summaries of entries that no summary holds yet, gathered `on` a day, once a day for each ERP."""
    sequence = sorted(entries, key=lambda one: (one.group(terms), one.entry.key))
    for (day, currency, channel), group in groupby(sequence, key=lambda one: one.group(terms)):
        held = [one.entry for one in group]
        for part, start in enumerate(range(0, len(held), terms.most), 1):
            key = "/".join((PREFIX, erp, day.isoformat(), currency, channel or "all", f"{on:%Y%m%d}-{part}"))
            yield _gathered(held[start : start + terms.most], key, day, channel)


def _gathered(held: Sequence[JournalEntry], key: str, day: date, channel: str) -> Gathered:
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for line in (line for entry in held for line in entry.lines):
        debit, credit = sums.get(line.account, (ZERO, ZERO))
        sums[line.account] = debit + line.debit, credit + line.credit
    dimensions = {"channel": channel} if channel else {}
    lines = tuple(
        JournalLine(account=account, debit=debit, credit=credit, dimensions=dimensions)
        for account, sides in sorted(sums.items())
        for debit, credit in ((sides[0], ZERO), (ZERO, sides[1]))
        if debit or credit
    )
    holds = tuple(entry.key for entry in held)
    return Gathered(
        JournalEntry(
            key=key, order=key, event=PREFIX, posted_on=day, currency=held[0].currency, lines=lines,
            memo=f"{len(held)} entries", extensions={"crossdock": {"holds": list(holds)}},
        ),
        holds,
    )  # fmt: skip
