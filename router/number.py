"""The numbers we give: lanes, fulfilment orders, shipments, invoices, returns, credits, SSCCs. None is counted."""

import hashlib
from typing import Literal

from canonical import OrderChange, PurchaseOrder, Usage
from router.catalogue import check_digit
from router.order import Order
from router.policy import Policy

LONGEST = 22
"""What X12 gives a depositor's order number (W0502), an invoice number (BIG02) and a purchase order number (BEG03)."""


def order_id(document: PurchaseOrder | OrderChange, sender: str) -> str:
    """The lane key of the order a document is about: `channel/number[/release]`, with `#test` for a test."""
    return lane_of(sender, document.number, document.release, document.usage)


def lane_of(channel: str, number: str, release: str | None, usage: Usage) -> str:
    """The lane key of a channel's order."""
    return "/".join([channel, number, *([release] if release else [])]) + ("#test" if usage == "test" else "")


def derived_number(order: Order, policy: Policy, kind: Literal["F", "S", "I", "R", "C"], count: int) -> str:
    """`<channel code>-<order number>-<kind><count>`, at most 22 characters, unique in the hub.

    The code has no dash and the count follows the last one, so no two orders share a number; where it would grow too
    long, a digest of the order's id (60 bits) stands for the order's number.
    """
    code = policy.channel(order.channel).code or order.channel
    number = "/".join(filter(None, (order.document.number, order.document.release)))
    tail = f"{kind}{count}" + ("T" if order.document.usage == "test" else "")
    plain = f"{code}-{number}-{tail}"
    if len(plain) <= LONGEST and "-" not in code:
        return plain
    digest = hashlib.sha256(order.id.encode()).digest()
    return f"{_base32(digest, 12)}-{tail}"


def sscc(prefix: str, serial: int) -> str:
    """An SSCC-18: extension digit, company prefix, serial reference and check digit (GS1 General Specifications 3.3.1).

    The extension digit is the serial's leading digit, so the serial has 17 less the prefix's digits.
    """
    room = 17 - len(prefix)
    digits = str(serial % 10**room).zfill(room)
    body = digits[0] + prefix + digits[1:]
    return body + check_digit(body)


def derived_serial(shipment: str, package: int) -> int:
    """A serial for a shipment's package where the store gives out none: 63 bits of a digest, cut to fit by `sscc`."""
    return int.from_bytes(hashlib.sha256(f"{shipment}/{package}".encode()).digest()[:8], "big") >> 1


def _base32(digest: bytes, length: int) -> str:
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    number = int.from_bytes(digest, "big")
    return "".join(alphabet[number >> 5 * place & 31] for place in range(length))
