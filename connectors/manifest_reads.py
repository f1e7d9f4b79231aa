"""What a manifest says of reading a system's own books."""

from typing import Self

from pydantic import model_validator

from connectors.manifest_calls import Name
from connectors.manifest_limits import TextTemplate
from connectors.manifest_lists import Listing
from mappings.yaml_model import ConfigModel


class LedgerLine(ConfigModel):
    """Where each `{item...}` of the list says what. Lines of one key and account are summed, so totals do as well."""

    key: TextTemplate
    """Our posting key, or the number of the document that the ERP booked."""
    account: TextTemplate
    debit: TextTemplate
    credit: TextTemplate
    """An amount that is empty or not there is zero."""


class LedgerReading(Listing):
    """How the entries that an ERP holds of ours are read, for `crossdock reconcile`.

    Of an operation over HTTP the last step asks for the list, page after page, after those that make it ready. Of one
    that puts files, the rows of the `files` that lie there are the list.
    """

    operation: Name
    items: str = ""
    files: TextTemplate | None = None
    """Which files, such as `journal-*.csv`; the end of the name says their syntax."""
    line: LedgerLine

    @model_validator(mode="after")
    def _files_or_items(self) -> Self:
        if (self.files is None) == (self.items == ""):
            raise ValueError("a ledger is read from a list at `items`, or from `files`")
        return self


class ShippedLine(ConfigModel):
    """Where each `{item...}` of the list says what. Lines of one key and item are summed."""

    key: TextTemplate
    """The number of our shipment."""
    item: TextTemplate
    """Our SKU."""
    quantity: TextTemplate
    """In the item's own unit."""


class ShipmentReading(Listing):
    """How the goods are read that left an ERP's stock for ours, page after page, by the operation's last step."""

    operation: Name
    line: ShippedLine


class Reads(ConfigModel):
    """What is read only when somebody asks."""

    ledger: LedgerReading | None = None
    shipments: ShipmentReading | None = None

    @property
    def operations(self) -> frozenset[str]:
        """The operations that only read."""
        return frozenset(one.operation for one in (self.ledger, self.shipments) if one)
