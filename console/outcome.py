"""What a hub holds, counted and proved from its own export: the demo's verdict on itself.

Everything is recomputed from the rows an outside auditor gets, never from what the hub says of itself.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]

OWED = {
    "documents": frozenset({"waiting", "parked", "queued", "ready"}),
    "deliveries": frozenset({"due", "failed"}),
}
"""Statuses in which something is still owed, by file."""

_BUCKETS = ("cancelled", "open", "backordered", "allocated", "released", "shipped")


@dataclass(slots=True)
class Outcome:
    """The rows that matter, by file."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    exceptions: Sequence[Row] = ()

    def of(self, stem: str) -> list[Row]:
        """The rows of one file."""
        return self.rows.get(stem, [])

    def counts(self) -> dict[str, Any]:
        """What `crossdock demo --json` prints."""
        return {
            "documents_in": _by_kind(self.of("documents"), "in"),
            "documents_out": _by_kind(self.of("documents"), "out"),
            "orders": dict(sorted(Counter(str(row["status"]) for row in self.of("orders")).items())),
            "journal": self.journal(),
            "exceptions": len(self.exceptions),
        }

    def journal(self) -> dict[str, dict[str, Decimal]]:
        """Debits and credits by currency."""
        totals: dict[str, dict[str, Decimal]] = {}
        for entry in self.of("journal"):
            total = totals.setdefault(str(entry["currency"]), {"debit": Decimal(0), "credit": Decimal(0)})
            for line in entry["lines"]:
                for side in total:
                    total[side] += Decimal(str(line.get(side) or 0))
        return dict(sorted(totals.items()))

    def faults(self, expected: Mapping[str, int]) -> Iterator[str]:
        """What is not as it must be, in words. `expected` counts the exceptions that the story provokes, by code."""
        yield from self._quantities()
        yield from self._journal()
        yield from self._unfinished()
        yield from self._exceptions(expected)

    def _quantities(self) -> Iterator[str]:
        for order in self.of("orders"):
            for line in order["lines"]:
                ledger = {bucket: Decimal(str(amount)) for bucket, amount in line["ledger"].items()}
                held = sum((ledger.get(bucket, Decimal(0)) for bucket in _BUCKETS), Decimal(0))
                owed = ledger.get("ordered", Decimal(0)) + ledger.get("over_shipped", Decimal(0))
                if held != owed:
                    yield f"order {order['number']} line {line['number']}: its ledger holds {held} of {owed}"

    def _journal(self) -> Iterator[str]:
        for entry in self.of("journal"):
            sides = [
                sum((Decimal(str(line.get(side) or 0)) for line in entry["lines"]), Decimal(0))
                for side in ("debit", "credit")
            ]
            if sides[0] != sides[1]:
                yield f"journal entry {entry['key']}: debit {sides[0]}, credit {sides[1]}"

    def _unfinished(self) -> Iterator[str]:
        for row in self.of("documents"):
            if row["status"] in OWED["documents"]:
                yield f"{row['kind']} {row['identity']} ({row['direction']}) is still {row['status']}"
        for row in self.of("deliveries"):
            if row["status"] in OWED["deliveries"]:
                yield f"the delivery of {row['document']} to {row['destination']} is still {row['status']}"

    def _exceptions(self, expected: Mapping[str, int]) -> Iterator[str]:
        found = Counter(str(row["code"]) for row in self.exceptions)
        for code in sorted(found.keys() | expected.keys()):
            if found[code] != expected.get(code, 0):
                yield f"exceptions {code}: {found[code]}, where the story makes {expected.get(code, 0)}"


def _by_kind(rows: Sequence[Row], direction: str) -> dict[str, int]:
    return dict(sorted(Counter(str(row["kind"]) for row in rows if row["direction"] == direction).items()))


async def gather(export: AsyncIterator[tuple[str, Row]], exceptions: Sequence[Row]) -> Outcome:
    """The outcome of a small hub, all of it in memory."""
    outcome = Outcome(exceptions=exceptions)
    async for stem, row in export:
        outcome.rows.setdefault(stem, []).append(row)
    return outcome
