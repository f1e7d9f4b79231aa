"""What is on its way to nodes, as facts of the world: how much of an item comes where on which day."""

from datetime import date
from typing import NamedTuple

from canonical import Amount, Text


class IncomingRow(NamedTuple):
    """So much of one SKU is to come to one node on one day."""

    sku: Text
    node: Text
    day: date
    units: Amount


class Ahead(NamedTuple):
    """What other orders wait for of one SKU that come before this one: of higher priority, or as high and older."""

    sku: Text
    units: Amount
