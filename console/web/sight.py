"""The archive as one caller may see it: a partner finds its own documents and orders, nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.rights import Caller
from router.ports import Archive, Rendered

Row = Mapping[str, Any]

_HEADER = frozenset(
    {"id", "number", "channel", "status", "usage", "currency", "ordered_on", "created_at", "updated_at", "lines"}
)
"""What everyone whose order it is may know: no other party's document, no candidate nodes, no costs."""

_OURS = frozenset({"reasons", "source_document", "delivery"})
"""What a document's row says of our rules and surroundings."""


def header_of(order: Row) -> Row:
    """An order's standing without its story."""
    return {key: value for key, value in order.items() if key in _HEADER}


def _told_outside(entry: Row, own: set[Any]) -> Row | None:
    """A timeline entry as a partner hears it: its own documents whole, of our events the name alone."""
    if entry.get("what") == "event":
        return {key: entry[key] for key in ("at", "what", "kind", "seq") if key in entry}
    return entry if entry.get("document") in own and entry.get("what") != "exception" else None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and the cursor behind the last of them when there may be more."""

    rows: Sequence[Row]
    next: str | None


@dataclass(frozen=True, slots=True)
class Sight:
    """What `caller` sees of `archive`."""

    archive: Archive
    caller: Caller

    def _owns_document(self, row: Row) -> bool:
        return self.caller.partner is None or row.get("partner") == self.caller.partner

    async def orders(self, limit: int, after: str | None) -> Page:
        """A page of orders, newest first."""
        rows = await self.archive.orders(limit=limit + 1, after=after, channel=self.caller.partner)
        return Page(rows[:limit], str(rows[limit - 1]["id"]) if len(rows) > limit else None)

    async def order(self, order: str) -> Row | None:
        """One order by id or number; a partner gets its share of it."""
        row = await self.archive.order(order, channel=self.caller.partner)
        return self._share(row) if row is not None and self.caller.partner else row

    def _share(self, row: Row) -> Row:
        share: dict[str, Any] = dict(header_of(row))
        share["documents"] = [kept for kept in row.get("documents", ()) if self._owns_document(kept)]
        own = {kept["id"] for kept in share["documents"]}
        share["timeline"] = [told for entry in row.get("timeline", ()) if (told := _told_outside(entry, own))]
        return share

    async def documents(self, limit: int) -> Sequence[Row]:
        """The newest documents."""
        return await self.archive.documents(limit=limit, partner=self.caller.partner)

    async def document(self, document: str) -> Row | None:
        """One document."""
        row = await self.archive.document(document)
        if row is None or not self._owns_document(row):
            return None
        return {key: value for key, value in row.items() if key not in _OURS} if self.caller.partner else row

    async def raw(self, document: str) -> Rendered | None:
        """The bytes of one document; for our own people those of a whole transmission too, by its id."""
        if self.caller.partner is None:
            return await self.archive.raw(document)
        return await self.archive.raw(document) if await self.document(document) else None
