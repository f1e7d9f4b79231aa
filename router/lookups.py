"""The ports by which people and programs look into the store: stock, access, and everything that was kept."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, Protocol

from canonical import Document, Model, Text
from canonical.erasure import ErasureReport
from canonical.exchange import Rendered
from router.decision import StockRow, World
from router.incoming import IncomingRow
from router.order import HoldSilence


class StockRoom(Protocol):
    async def set(self, sku: str, node: str, on_hand: Decimal, safety: Decimal | None = None) -> StockRow: ...

    async def expect(self, sku: str, node: str, days: Mapping[date, Decimal]) -> None:
        """Set all that is on its way of a SKU to a node, by the day it comes."""
        ...

    async def incoming(self, sku: str) -> Sequence[IncomingRow]:
        """What is on its way of a SKU, by node and day."""
        ...

    async def availability(self, sku: str | None = None) -> Sequence[StockRow]: ...

    async def glance(self, sku: str) -> Sequence[StockRow]:
        """The rows of one SKU, a quarter second old at most: for those who look, never for a promise.

        The very same object as long as nothing was read anew.
        """
        ...


class WantedHold(Model):
    """A hold as a person places it."""

    kind: Text
    reason: Text
    gate: Literal["allocate", "release"] = "release"
    owner: Text = "order desk"
    within: timedelta | None = None
    on_silence: HoldSilence = "wait"
    two_people: bool = False


class Holds(Protocol):
    async def release(self, wanted: str, kind: str, by: str) -> str | None:
        """Have an order, by id or number, decided again without its hold of this kind. Its id; None without one.

        Raises `Rejected` when this person may not lift it.
        """
        ...

    async def place(self, wanted: str, hold: WantedHold, by: str) -> str | None:
        """Have an order, by id or number, held. Its id; None without such an order."""
        ...

    async def waiting(self) -> Sequence[Mapping[str, Any]]:
        """Every hold in force, the oldest order first: `order`, `number`, `channel` and the hold's own fields."""
        ...


class Returns(Protocol):
    async def settle(self, wanted: str, number: str, verdict: Literal["authorize", "deny"], by: str) -> str | None:
        """Have a waiting return of an order, by id or number, decided. The order's id; None when none waits."""
        ...


class Erasing(Protocol):
    async def order(self, wanted: str, by: str) -> ErasureReport:
        """Erase one finished order's personal data. Raises `Rejected` while it is not finished."""
        ...

    async def before(self, instant: datetime, by: str, limit: int = 50) -> ErasureReport:
        """Erase a part of what was finished before an instant."""
        ...


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom an API token proved: a partner (or connection), or a role, and which person if it names one."""

    partner: str | None
    role: str | None
    person: str | None = None


class Access(Protocol):
    async def issue(self, *, partner: str | None = None, role: str | None = None, person: str | None = None) -> str:
        """A new token; only its hash is kept."""
        ...

    async def bearer(self, token: str) -> Bearer | None: ...


class Violated(Protocol):
    """An invariant that does not hold, and where."""

    @property
    def code(self) -> str: ...

    @property
    def where(self) -> str: ...

    @property
    def message(self) -> str: ...


@dataclass(frozen=True, slots=True)
class MadeDecision:
    """A decision as it was kept: everything it was made from, and the digest of what came out."""

    id: str
    order: str
    document: Document
    sender: str
    world: World
    digest: str


class Archive(Protocol):
    """What people and programs may look up. Rows are plain JSON-ready mappings with the names DESIGN fixes."""

    async def orders(
        self, *, limit: int = 100, after: str | None = None, channel: str | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """Orders, the newest first, all of them or one channel's; `after` continues behind the order of that id."""
        ...

    async def order(self, order: str, *, channel: str | None = None) -> Mapping[str, Any] | None:
        """By id or number, of all or of one channel: header, lines with ledgers, timeline, explanations, documents."""
        ...

    async def documents(
        self, *, limit: int = 100, order: str | None = None, partner: str | None = None
    ) -> Sequence[Mapping[str, Any]]: ...

    async def received(self, transmission: str) -> Sequence[Mapping[str, Any]]:
        """The documents that came in one transmission, by the id of its receipt."""
        ...

    async def document(self, document: str) -> Mapping[str, Any] | None: ...

    async def raw(self, document: str) -> Rendered | None: ...

    async def exceptions(self, *, status: str | None = "open") -> Sequence[Mapping[str, Any]]: ...

    async def settle(self, exception: str, action: Literal["retry", "resolve"], by: str) -> bool: ...

    async def overview(self) -> Mapping[str, Any]:
        """Counts: documents in and out by kind, orders by status, journal totals by currency, open exceptions."""
        ...

    def audit(self) -> AsyncIterator["Violated"]:
        """Recompute every invariant from the stored facts; yields what does not hold."""
        ...

    def decisions(self) -> AsyncIterator[MadeDecision]:
        """Every decision, order by order, in the sequence they were made."""
        ...

    def export(self) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
        """(file stem, row) for every row of the outside auditor's files."""
        ...
