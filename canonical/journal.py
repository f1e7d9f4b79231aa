"""The books: one balanced double-entry journal entry for each financial event."""

from decimal import Decimal
from typing import Self

from pydantic import Field, model_validator

from canonical.document import Document
from canonical.model import Amount, Currency, Model, Moment, Text


class JournalLine(Model):
    """One side of an entry: exactly one of debit and credit is above zero."""

    account: Text
    debit: Amount = Decimal(0)
    credit: Amount = Decimal(0)
    dimensions: dict[str, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.debit > 0) == (self.credit > 0) or self.debit < 0 or self.credit < 0:
            raise ValueError("a journal line has either a debit or a credit above zero")
        return self


class JournalEntry(Document):
    """A balanced entry, posted once for its `key`."""

    key: Text
    order: Text
    event: Text
    posted_on: Moment
    currency: Currency
    lines: tuple[JournalLine, ...] = Field(min_length=2)
    amounts: dict[str, Amount] = Field(default_factory=dict)
    """What the event was worth, by the names that posting rules use: `total`, `tax`, `cost`."""
    memo: Text | None = None

    @property
    def identity(self) -> str:
        """The posting key."""
        return self.key

    @model_validator(mode="after")
    def _balanced(self) -> Self:
        debit = sum((line.debit for line in self.lines), Decimal(0))
        credit = sum((line.credit for line in self.lines), Decimal(0))
        if debit != credit:
            raise ValueError(f"debits {debit} and credits {credit} differ")
        return self
