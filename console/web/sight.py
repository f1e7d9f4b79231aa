"""The archive as one caller may see it: a partner finds its own documents and orders, nothing else."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.rights import Caller
from router.ports import Archive, Rendered

Row = Mapping[str, Any]

_PARTNERS_SHARE_OF_AN_ORDER = frozenset(
    {"id", "number", "channel", "status", "usage", "currency", "ordered_on", "created_at", "updated_at", "lines"}
)
"""What a partner is told of its own order: no other party's document, no candidate nodes, no costs."""


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

    def _owns_order(self, row: Row) -> bool:
        return self.caller.partner is None or row.get("channel") == self.caller.partner

    def _owns_document(self, row: Row) -> bool:
        return self.caller.partner is None or row.get("partner") == self.caller.partner

    async def orders(self, limit: int, after: str | None) -> Page:
        """A page of orders, newest first."""
        rows: list[Row] = []
        async for row in self._all_orders(limit + 1, after):
            if self._owns_order(row):
                rows.append(row)
            if len(rows) > limit:
                return Page(rows[:limit], str(rows[limit - 1]["id"]))
        return Page(rows, None)

    async def _all_orders(self, step: int, after: str | None) -> AsyncIterator[Row]:
        while rows := await self.archive.orders(limit=step, after=after):
            for row in rows:
                yield row
            if len(rows) < step:
                return
            after = str(rows[-1]["id"])

    async def order(self, order: str) -> Row | None:
        """One order by id or number; a partner gets its share of it."""
        if self.caller.partner is None:
            return await self.archive.order(order)
        # Partners may number alike: a number alone may find another's order, the id with the channel does not.
        for wanted in (order, f"{self.caller.partner}/{order}"):
            row = await self.archive.order(wanted)
            if row is not None and self._owns_order(row):
                return self._share(row)
        return None

    def _share(self, row: Row) -> Row:
        share = {key: value for key, value in row.items() if key in _PARTNERS_SHARE_OF_AN_ORDER}
        share["documents"] = [kept for kept in row.get("documents", ()) if self._owns_document(kept)]
        own = {kept["id"] for kept in share["documents"]}
        share["timeline"] = [told for entry in row.get("timeline", ()) if (told := _told_outside(entry, own))]
        return share

    async def documents(self, limit: int) -> Sequence[Row]:
        """The newest documents."""
        return [row for row in await self.archive.documents(limit=limit) if self._owns_document(row)]

    async def document(self, document: str) -> Row | None:
        """One document."""
        row = await self.archive.document(document)
        return row if row is not None and self._owns_document(row) else None

    async def raw(self, document: str) -> Rendered | None:
        """The bytes of one document; for our own people those of a whole transmission too, by its id."""
        if self.caller.partner is None:
            return await self.archive.raw(document)
        return await self.archive.raw(document) if await self.document(document) else None
