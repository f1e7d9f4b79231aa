"""Personal data taken out of canonical documents: who and where, never what, how many or how much."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from canonical.party import Party

ERASED = "[erased]"
TOMBSTONE = b"[erased]"
"""What stands in the place of native bytes."""


class Recipient(NamedTuple):
    """Who holds a copy of what was erased: the document, and to whom it was handed over, when."""

    document: str
    kind: str
    to: str
    at: datetime


class ErasureReport(NamedTuple):
    """How many rows and files were erased, and who was handed copies that nobody here can reach."""

    erased: int
    recipients: Sequence[Recipient]


_PARTY = frozenset(Party.model_fields)
_FREE: dict[str, Any] = {"notes": [], "extensions": {}, "contacts": [], "additional_names": []}
"""Fields of free content, wherever they stand, and what is left of each."""


def without_personal_data(content: Any) -> Any:
    """A document's JSON without names, addresses, contacts, parties' identifiers, notes and what no field holds.

    Region and country stay, so that figures by region do; the result is a valid document of its kind.
    """
    if isinstance(content, list):
        return [without_personal_data(part) for part in content]
    if not isinstance(content, dict):
        return content
    if "role" in content and content.keys() <= _PARTY:
        return _nobody(content)
    return {key: _FREE.get(key, without_personal_data(value)) for key, value in content.items()}


def _nobody(party: dict[str, Any]) -> dict[str, Any]:
    address = party.get("address")
    kept: dict[str, Any] = {"role": party["role"], "name": ERASED}
    if address:
        where = {key: address[key] for key in ("region", "country") if address.get(key)}
        kept["address"] = {"lines": [ERASED], **where}
    return kept
