"""An ERP's connector with its maps, as the hub uses them: entries handed over, and questions asked."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from canonical import (
    CreditCheck,
    CreditMemo,
    Document,
    Invoice,
    JournalEntry,
    OrderChange,
    PurchaseOrder,
    ShipmentNotice,
    Unavailable,
)
from canonical.exchange import Handed, Parcel
from connectors.catalogue import load_catalogue
from connectors.connection import Connection, host_of
from connectors.courier import ConnectionCourier
from connectors.engine.caller import Caller
from connectors.engine.tokens import MemoryTokens
from connectors.engine.wire import HttpWire
from connectors.partners import Partners
from connectors.secret import Secret
from connectors.settings import InterchangeIdentity
from connectors.surroundings import SystemClock
from connectors.translator import Translator
from mappings.library import MapLibrary


class Books:
    """A connection named `books` to one address."""

    def __init__(
        self,
        connector: str,
        wire: HttpWire,
        url: str,
        settings: Mapping[str, Any],
        patience: timedelta,
        tokens: MemoryTokens | None = None,
    ) -> None:
        manifest = load_catalogue().manifests[connector]
        secrets = {name for name, setting in manifest.settings.items() if setting.secret}
        given = {name: Secret(value) if name in secrets else value for name, value in settings.items()}
        defaults = manifest.defaults.model_copy(update={"timeout": patience})
        hurried = manifest.model_copy(update={"defaults": defaults})
        connection = Connection("books", "Books", hurried, given, url.rstrip("/"), frozenset({host_of(url)}), "USD")
        nobody = InterchangeIdentity(qualifier="ZZ", id="NOBODY", group="NOBODY")
        self.caller = Caller(connection, wire, SystemClock(), tokens or MemoryTokens())
        self._courier = ConnectionCourier(self.caller)
        self._translator = Translator(Partners({}, {}, nobody), MapLibrary(), {"books": connection})

    async def hand_over(self, document: Document) -> Handed:
        """One try, as the outbox makes it."""
        draft = self._translator.write(document, "books")
        assert draft
        assert [one for one in draft.findings if one.severity == "error"] == []
        made = draft.render({}, SystemClock().now())
        parcel = Parcel(
            "d", document.identity, "books", document.kind, made.content, made.media_type, made.filename, 1, document
        )
        return await self._courier.deliver(parcel)

    async def ask(self, question: Document) -> Document | None:
        """The answer to a question, as it is read."""
        answer = (await self.hand_over(question)).answer
        assert answer
        read = self._translator.read(answer.content, answer.source, answer.facts, SystemClock().now())
        [incoming] = read.documents
        assert [one for one in incoming.findings if one.severity == "error"] == []
        return incoming.document


DAY = "2026-01-02"
"""Before any story is played: an ERP numbers invoices by day, and takes none before one it has."""


def entry(key: str, amount: str = "12.50", **more: Any) -> JournalEntry:
    """What is owed for goods."""
    dimensions = {"channel": "webshop"}
    lines = [
        {"account": "1100", "debit": amount, "dimensions": dimensions},
        {"account": "4000", "credit": amount, "dimensions": dimensions},
    ]
    said = {"key": key, "order": "webshop/1", "event": "invoice", "posted_on": DAY, "currency": "USD"}
    return JournalEntry.model_validate({**said, "lines": lines, "usage": "production", **more})


_WEBSHOP = {"channel": "webshop", "order": "webshop/1", "owed": "1100"}


def invoice(number: str, **more: Any) -> Invoice:
    """Two lines with tax, freight and an allowance, as the router hands it to an ERP."""
    price = {"currency": "USD"}
    lines = [
        {"number": "1", "items": {"sku": "CS-1"}, "quantity": {"value": "3"}, "price": price | {"amount": "12.50"}},
        {"number": "2", "items": {"sku": "CS-2"}, "description": "Screws", "quantity": {"value": "2400"},
         "price": price | {"amount": "2.50", "per": {"value": "100"}}},
    ]  # fmt: skip
    said = {"number": number, "invoiced_on": DAY, "order_number": "1", "currency": "USD", "total": "108.50"}
    parts = _parts(("freight", "4100", "5.00"), ("tax", "2200", "8.00"), ("allowances", "4050", "-2.00"))
    ours = {
        "channel": "webshop",
        "order": "webshop/1",
        "kind": "invoice",
        "sign": "1",
        "owed": "1100",
        "goods": "4000",
        "parts": parts,
    }
    return Invoice.model_validate({**said, "lines": lines, "extensions": {"crossdock": ours}, **more})


def credit_memo(number: str) -> CreditMemo:
    """The screws come back, for a fee."""
    given_back = invoice(number, total="54.00")
    parts = _parts(("tax", "2200", "4.00"), ("fee", "4160", "-10.00"))
    ours = {
        "channel": "webshop",
        "order": "webshop/1",
        "kind": "refund",
        "sign": "-1",
        "owed": "1100",
        "goods": "4060",
        "parts": parts,
    }
    said = {**dict(given_back), "lines": given_back.lines[1:], "extensions": {"crossdock": ours}}
    return CreditMemo.model_validate(said)


def order(number: str, channel: str = "northwind") -> PurchaseOrder:
    """Two lines, as the router tells an ERP of an order: own units, of which a case costs 450."""
    price = {"currency": "USD"}
    lines = [
        {"number": "1", "items": {"sku": "CS-1001"}, "description": "Enamel camp mug", "quantity": {"value": "48"},
         "price": price | {"amount": "450.00", "per": {"value": "24"}}},
        {"number": "2", "items": {"sku": "CS-1002"}, "quantity": {"value": "5"}, "price": price | {"amount": "42.50"}},
    ]  # fmt: skip
    said = {"number": number, "ordered_on": DAY, "currency": "USD", "lines": lines}
    return PurchaseOrder.model_validate({**said, "extensions": _ours(number, channel)})


def order_change(number: str, *quantities: str, channel: str = "northwind") -> OrderChange:
    """What stands of each of its lines now; a cancellation where none is given."""
    left = quantities or ("0", "0")
    lines = [
        {**line.model_dump(), "change": "replace", "quantity": {"value": quantity}}
        for line, quantity in zip(order(number).lines, left, strict=True)
    ]
    said = {"number": number, "changed_on": DAY, "currency": "USD", "lines": lines}
    purpose = "change" if quantities else "cancel"
    return OrderChange.model_validate({**said, "purpose": purpose, "extensions": _ours(number, channel)})


def shipment(number: str, of: str, *quantities: str, channel: str = "northwind") -> ShipmentNotice:
    """So much of each of its lines left."""
    lines = [
        {"line_number": str(count), "items": {"sku": f"CS-100{count}"}, "quantity": {"value": quantity}}
        for count, quantity in enumerate(quantities, 1)
        if quantity != "0"
    ]
    said = {"number": number, "shipped_on": DAY, "order_numbers": [of], "lines": lines}
    return ShipmentNotice.model_validate({**said, "extensions": _ours(of, channel, node="dc-reno")})


def _ours(number: str, channel: str, **more: str) -> dict[str, dict[str, str]]:
    return {"crossdock": {"channel": channel, "order": f"{channel}/{number}", **more}}


def _parts(*given: tuple[str, str, str]) -> list[dict[str, str]]:
    return [{"amount": amount, "account": account, "value": value} for amount, account, value in given]


def credit_check(customer: str) -> CreditCheck:
    """Whether a customer may owe us a hundred more."""
    asked_at = datetime(2026, 11, 22, tzinfo=UTC)
    amount = {"amount": "100", "currency": "USD"}
    said = {"number": f"credit-1-{customer}", "order": "o1", "asked_at": asked_at, "customer": customer}
    return CreditCheck.model_validate({**said, "amount": amount})


async def until_done(books: Books, document: Document, tries: int = 6) -> Handed:
    """Try as the outbox does: again after doubt and after trouble."""
    for _ in range(tries):
        try:
            return await books.hand_over(document)
        except Unavailable:
            await asyncio.sleep(0.05)
    raise AssertionError(f"not done after {tries} tries")
