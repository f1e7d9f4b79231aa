"""Exceptions: what a person must look at, with its reason and what it is about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update

from store.database import Transaction
from store.tables import exception


@dataclass(frozen=True, slots=True)
class About:
    """What an exception is about; any of these."""

    order_id: str | None = None
    document: str | None = None
    transmission: str | None = None
    subject: str | None = None
    """Anything else, by its name: `sku@node`."""
    owner: str = "order desk"
    facts: dict[str, Any] = field(default_factory=dict)


def open_exception(transaction: Transaction, code: str, reason: str, about: About) -> str:
    """Put something on the list of what a person must look at; its id."""
    opened = transaction.new_id()
    transaction.insert(
        exception,
        {
            "id": opened,
            "code": code,
            "reason": reason,
            "owner": about.owner,
            "facts": about.facts,
            "status": "open",
            "at": transaction.now,
            "order_id": about.order_id,
            "document": about.document,
            "transmission": about.transmission,
            "subject": about.subject,
        },
    )
    return opened


def resolve(transaction: Transaction, ids: Sequence[str], by: str) -> None:
    """Close those of these exceptions that are open still, as settled by what happened since."""
    if ids:
        here = update(exception).where(exception.c.id.in_(ids), exception.c.status == "open")
        transaction.execute(here.values(status="resolved", settled_by=by, settled_at=transaction.now))
