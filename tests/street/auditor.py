"""An auditor from outside: works from an export's files alone and shares no code with the product."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

BUCKETS = ("cancelled", "open", "backordered", "allocated", "released", "shipped")
FILES = ("documents", "orders", "events", "reservations", "stock", "deliveries", "journal", "erasures")


def read_export(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Every file of the export, which must all be there."""
    return {name: [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()] for name in FILES}


def violations(books: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Everything in an export that must not be so."""
    yield from _quantities(books["orders"])
    yield from _stock(books)
    yield from _journal(books["journal"])
    yield from _identities(books)
    yield from _chains(books["events"])
    yield from _erasures(books["erasures"])


def _quantities(orders: list[dict[str, Any]]) -> Iterator[str]:
    for order in orders:
        for line in order["lines"]:
            ledger = {name: Decimal(amount) for name, amount in line["ledger"].items()}
            if sum(ledger[name] for name in BUCKETS) != ledger["ordered"] + ledger["over_shipped"]:
                yield f"{order['number']}/{line['number']} does not add up: {ledger}"
            if min(ledger.values()) < 0:
                yield f"{order['number']}/{line['number']} has less than nothing: {ledger}"


def _stock(books: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    reserved: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in books["reservations"]:
        reserved[row["sku"], row["node"]] += Decimal(row["quantity"])
    for row in books["stock"]:
        promised = reserved.pop((row["sku"], row["node"]), Decimal(0))
        if promised != Decimal(row["reserved"]):
            yield f"{row['sku']} at {row['node']}: {row['reserved']} reserved, reservations say {promised}"
        if Decimal(row["on_hand"]) < Decimal(row["reserved"]):
            yield f"{row['sku']} at {row['node']} is oversold: {row}"
    yield from (f"reserved where there is no stock: {place}" for place, amount in reserved.items() if amount)


def _journal(entries: list[dict[str, Any]]) -> Iterator[str]:
    for key, times in Counter(entry["key"] for entry in entries).items():
        if times > 1:
            yield f"posted {times} times: {key}"
    for entry in entries:
        debit = sum(Decimal(line["debit"]) for line in entry["lines"])
        credit = sum(Decimal(line["credit"]) for line in entry["lines"])
        if debit != credit or not debit:
            yield f"{entry['key']}: debit {debit}, credit {credit}"


def _identities(books: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    came = Counter(
        (row["partner"], row["kind"], row["identity"])
        for row in books["documents"]
        if row["direction"] == "in" and row["status"] not in ("duplicate", "conflict", "rejected")
    )
    yield from (f"took effect {times} times: {identity}" for identity, times in came.items() if times > 1)
    keys = Counter((row["destination"], row["key"]) for row in books["deliveries"])
    yield from (f"delivered under one key {times} times: {key}" for key, times in keys.items() if times > 1)
    for number, times in Counter((row["channel"], row["number"]) for row in books["orders"]).items():
        if times > 1:
            yield f"{times} orders {number}"


def _chains(events: list[dict[str, Any]]) -> Iterator[str]:
    last: dict[str, tuple[int, str]] = {}
    for row in sorted(events, key=lambda row: (row["order"], row["seq"])):
        seq, head = last.get(row["order"], (0, None))
        if row["seq"] != seq + 1 or (head is not None and row["previous"] != head):
            yield f"the chain of {row['order']} breaks at {row['seq']}"
        said = {name: row[name] for name in ("at", "facts", "kind", "order", "seq")}
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if row["hash"] != hashlib.sha256((row["previous"] + text).encode()).hexdigest():
            yield f"{row['order']}/{row['seq']} was changed"
        last[row["order"]] = (row["seq"], row["hash"])


def _erasures(records: list[dict[str, Any]]) -> Iterator[str]:
    previous = "0" * 64
    for number, row in enumerate(records, start=1):
        said = {name: row[name] for name in ("seq", "subject", "digest", "at", "by")}
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if (row["seq"], row["previous"]) != (number, previous):
            yield f"the chain of erasures breaks at {row['seq']}"
        if row["hash"] != hashlib.sha256((previous + text).encode()).hexdigest():
            yield f"the record of erasure {row['seq']} was changed"
        previous = row["hash"]
