"""What an ERP holds of ours, read from its own books and its stock as its manifest says (`reads`)."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

from canonical import CrossdockError, Rejected, Unavailable
from connectors.engine.caller import Caller
from connectors.engine.encoding import decode
from connectors.engine.operation import take_steps
from connectors.engine.progress import Course
from connectors.engine.sweep import sweep
from connectors.engine.template import expand_text
from connectors.manifest_reads import LedgerLine, LedgerReading, ShipmentReading


class HeldLine(NamedTuple):
    """A line of an ERP's books: `key` is our posting key, or the number of the document it booked. Of its stock: the
    number of our shipment, an item, and how much of it left."""

    key: str
    account: str
    amount: Decimal
    """Debit less credit."""


async def read_ledger(caller: Caller) -> AsyncIterator[HeldLine]:
    """Every line, in no particular order; none where the manifest tells no way.

    Raises `Unavailable`, `Rejected` or `Misconfigured`.
    """
    reading = caller.connection.manifest.reads.ledger
    if reading is None:
        return
    try:
        caller.connection.require()
        items = _in_files(caller, reading) if reading.files else _listed(caller, reading)
        async for item in items:
            yield held_line(reading.line, item)
    except CrossdockError as error:
        raise caller.redacted(error) from None


async def read_shipments(caller: Caller) -> AsyncIterator[HeldLine]:
    """What left the ERP's stock for shipments of ours, as `read_ledger` does."""
    reading = caller.connection.manifest.reads.shipments
    if reading is None:
        return
    try:
        caller.connection.require()
        async for item in _listed(caller, reading):
            key, sku, quantity = (
                expand_text(part, {"item": item})
                for part in (reading.line.key, reading.line.item, reading.line.quantity)
            )
            yield HeldLine(key, sku, _amount(quantity))
    except CrossdockError as error:
        raise caller.redacted(error) from None


def held_line(line: LedgerLine, item: Any) -> HeldLine:
    """An item of the list as a line. Raises `Rejected` when an amount is none."""
    scope = {"item": item}
    debit, credit = (_amount(expand_text(side, scope)) for side in (line.debit, line.credit))
    return HeldLine(expand_text(line.key, scope), expand_text(line.account, scope), debit - credit)


def _amount(text: str) -> Decimal:
    """Books are read as they are: an exponent, as in `0E-8`, is as good as plain digits."""
    try:
        amount = Decimal(text) if text.strip() else Decimal(0)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise Rejected(f"the ERP holds an amount that is none: {text!r}")
    return amount


async def _listed(caller: Caller, reading: LedgerReading | ShipmentReading) -> AsyncIterator[Any]:
    connection = caller.connection
    *ready, listing = connection.manifest.operations[reading.operation].steps
    scope: dict[str, Any] = {"settings": connection.settings}
    await take_steps(caller, ready, scope, Course(caller.progress, f"{connection.id}.{reading.operation}", ready))
    async for item in sweep(caller, listing, reading, scope):
        yield item


async def _in_files(caller: Caller, reading: LedgerReading) -> AsyncIterator[Any]:
    """The rows of every file, one file at a time."""
    scope = {"settings": caller.connection.settings}
    operation = caller.connection.manifest.operations[reading.operation]
    assert operation.place is not None  # the manifest was checked
    directory = Path(expand_text(operation.place.directory, scope))
    for file in await asyncio.to_thread(_files, directory, expand_text(reading.files or "", scope)):
        for row in await asyncio.to_thread(_rows, file):
            yield row


def _files(directory: Path, named: str) -> list[Path]:
    return sorted(directory.glob(named))


def _rows(file: Path) -> Iterable[Mapping[str, Any]]:
    try:
        rows: Iterable[Mapping[str, Any]] = decode(file.suffix.removeprefix("."), file.read_bytes())
    except OSError as error:
        raise Unavailable(f"cannot read {file}: {error.strerror or error}") from error
    except Rejected as error:
        raise Rejected(f"{file.name}: {error}", error.findings) from error
    return rows
