"""Posting rules: which accounts an event debits and credits (config/posting.yaml), and the entries they make.

Each event offers named amounts. An amount that is defined by the others (`total`) is written out in terms of them, so
that a rule's debits less its credits is a sum of independent amounts: the rule balances for every order exactly when
all its coefficients are zero. That is proved when the configuration is checked, not hoped for when an entry is made.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from canonical import Currency, JournalEntry, JournalLine, Moment, Text
from router.destination import Destination, PostingEvent
from router.order_line import ZERO
from router.routing import PaymentTerms
from router.rule import Rule

_TOTAL = {"goods": 1, "freight": 1, "charges": 1, "tax": 1, "allowances": -1}

AMOUNTS: Mapping[PostingEvent, Mapping[str, Mapping[str, int]]] = {
    "deposit": {"amount": {"amount": 1}},
    "capture": {"settled": {"settled": 1}, "advance": {"advance": 1}, "amount": {"settled": 1, "advance": 1}},
    "shipment": {"cost": {"cost": 1}},
    "invoice": {
        "goods": {"goods": 1},
        "freight": {"freight": 1},
        "charges": {"charges": 1},
        "allowances": {"allowances": 1},
        "tax": {"tax": 1},
        "total": _TOTAL,
        "paid": {"paid": 1},
        "due": {**_TOTAL, "paid": -1},
    },
    "return": {
        "restocked": {"restocked": 1},
        "quarantined": {"quarantined": 1},
        "scrapped": {"scrapped": 1},
        "cost": {"restocked": 1, "quarantined": 1, "scrapped": 1},
    },
    "credit": {
        "goods": {"goods": 1},
        "freight": {"freight": 1},
        "charges": {"charges": 1},
        "allowances": {"allowances": 1},
        "tax": {"tax": 1},
        "fee": {"fee": 1},
        "total": {**_TOTAL, "fee": -1},
    },
    "settlement": {"paid": {"paid": 1}, "fees": {"fees": 1}, "amount": {"paid": 1, "fees": 1}},
    "tax_difference": {"difference": {"difference": 1}},
    "refund": {"credited": {"credited": 1}, "advance": {"advance": 1}, "amount": {"credited": 1, "advance": 1}},
}
"""event -> amount -> the independent amounts it is made of."""


PARTED: Mapping[str, Literal["items", "taxes", "fees"]] = {
    "goods": "items", "cost": "items", "restocked": "items", "quarantined": "items", "scrapped": "items",
    "tax": "taxes", "fees": "fees",
}  # fmt: skip
"""The amounts whose parts are known: by item, by the jurisdiction that takes the tax, by kind of fee."""
TAX_JURISDICTION, FEE = "tax_jurisdiction", "fee"
_BY_NAME = {TAX_JURISDICTION: "taxes", FEE: "fees"}

Parts = Mapping[str, Mapping[str, Decimal]]
"""Amount -> its parts by SKU or jurisdiction. What they leave of the amount has none."""


class Worth(NamedTuple):
    """What an event comes to."""

    amounts: Mapping[str, Decimal]
    parts: Parts
    classes: Callable[[str], Mapping[str, str]]
    """An item's classes, by its SKU."""


class PostingLine(Rule):
    """Debit or credit one account with one of the event's amounts.

    `by` divides the amount, each part a line of its own with that dimension: goods and costs by the name of one of the
    items' classes, tax by `tax_jurisdiction`, fees by `fee`. A part in `accounts` goes to an account of its own.
    """

    debit: Text | None = None
    credit: Text | None = None
    amount: Text
    by: Text | None = None
    accounts: dict[Text, Text] = Field(default_factory=dict)
    """Part (`US-CA`, `food`) -> account."""

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.debit is None) == (self.credit is None):
            raise ValueError("name either the account to debit or the one to credit")
        if self.accounts and not self.by:
            raise ValueError("accounts are those of the amount's parts; say what divides it: `by`")
        return self

    @property
    def account(self) -> str:
        """The account on either side."""
        return self.debit or self.credit or ""

    @property
    def divides(self) -> bool:
        """Whether the amount can be divided so."""
        return self.by is None or PARTED.get(self.amount) == _BY_NAME.get(self.by, "items")

    def parts(self, worth: Worth) -> dict[str, Decimal]:
        """The amount by its parts; what is of none stands under the empty one."""
        whole = worth.amounts.get(self.amount, ZERO)
        if self.by is None:
            return {"": whole}
        found: dict[str, Decimal] = {}
        for name, amount in worth.parts.get(self.amount, {}).items():
            part = name if self.by in _BY_NAME else worth.classes(name).get(self.by, "")
            found[part] = found.get(part, ZERO) + amount
        return {**found, "": found.get("", ZERO) + whole - sum(found.values(), ZERO)}


class Selector(Rule):
    """When a rule applies. An empty list takes any."""

    channels: tuple[Text, ...] = ()
    nodes: tuple[Text, ...] = ()
    countries: tuple[Text, ...] = ()
    jurisdictions: tuple[Text, ...] = ()
    """Where goods go, by country and region: `US-CA`, or the country alone where an address has no region."""
    currencies: tuple[Text, ...] = ()
    payment: PaymentTerms | None = None
    """`captured` where the channel takes the buyer's money, `authorized` where we do by an authorization in the order,
    `owed` where the buyer will pay us."""

    def takes(self, facts: Mapping[str, str]) -> bool:
        """Whether an event with these facts (`channel`, `node`, `country`, `jurisdiction`, `currency`, `payment`) falls
        under the rule."""
        wanted = (
            ("channel", self.channels),
            ("node", self.nodes),
            ("country", self.countries),
            ("jurisdiction", self.jurisdictions),
            ("currency", self.currencies),
        )
        named = all(not names or facts.get(fact) in names for fact, names in wanted)
        return named and self.payment in (None, facts.get("payment"))


class PostingRule(Rule):
    """What one event posts, where `when` applies."""

    name: Text
    event: PostingEvent
    when: Selector = Selector()
    lines: tuple[PostingLine, ...] = Field(min_length=2)

    def imbalance(self) -> dict[str, int]:
        """The amounts by which debits exceed credits, by independent amount: empty when it balances always."""
        sums: Counter[str] = Counter()
        for line in self.lines:
            sign = 1 if line.debit else -1
            for amount, times in AMOUNTS[self.event].get(line.amount, {line.amount: 1}).items():
                sums[amount] += sign * times
        return {amount: times for amount, times in sums.items() if times}

    @property
    def accounts(self) -> dict[str, str]:
        """The account of each amount."""
        return {line.amount: line.account for line in self.lines}

    def booked(self, amounts: Mapping[str, Decimal], extended: Decimal) -> dict[str, Any]:
        """How an ERP books an invoice or credit memo whose lines extend to `extended`: the accounts of what is `owed`
        and of the `goods`, and the further `parts` of the total, each `{amount, account, value}`. Where an ERP has no
        memos of their own `kind`, all is times `sign`."""
        accounts = self.accounts
        rest = {**amounts, "goods": amounts.get("goods", ZERO) - extended}
        values = {name: rest.get(name, ZERO) * times for name, times in AMOUNTS[self.event]["total"].items()}
        return {
            "kind": "refund" if self.event == "credit" else "invoice",
            "sign": "-1" if self.event == "credit" else "1",
            "owed": accounts.get("due") or accounts.get("total", ""),
            "goods": accounts.get("goods", ""),
            "parts": [
                {"amount": name, "account": accounts.get(name, ""), "value": str(value)}
                for name, value in values.items()
                if value
            ],
        }


class Posting(Rule):
    """The whole of `config/posting.yaml`."""

    accounts: dict[str, Text]
    """number -> name."""
    rules: tuple[PostingRule, ...]
    """The first rule that takes an event posts it."""
    destinations: tuple[Destination, ...] = ()
    """The ERPs that are told."""
    freight_codes: tuple[Text, ...] = ("D240", "freight", "shipping")
    """Charge codes that are freight."""

    @cached_property
    def keep_orders(self) -> tuple[str, ...]:
        """The ERPs that are told of orders, as sales."""
        return tuple(one.connection for one in self.destinations if one.mode_of("order") == "documents")

    def rule_for(self, event: PostingEvent, facts: Mapping[str, str]) -> PostingRule | None:
        """The first rule that takes the event."""
        return next((rule for rule in self.rules if rule.event == event and rule.when.takes(facts)), None)


def journal_entry(
    rule: PostingRule,
    worth: Worth,
    *,
    key: str,
    order: str,
    on: Moment,
    currency: Currency,
    facts: Mapping[str, str],
) -> JournalEntry | None:
    """The entry a rule makes of an event's amounts; None when there is nothing to post.

    A negative amount goes to the other side. `facts` become the lines' dimensions.
    """
    lines = tuple(
        _journal_line(line, part, amount, facts)
        for line in rule.lines
        for part, amount in line.parts(worth).items()
        if amount
    )
    if not lines:
        return None
    return JournalEntry(
        key=key, order=order, event=rule.event, posted_on=on, currency=currency, lines=lines, memo=rule.name,
        amounts={name: amount for name, amount in worth.amounts.items() if amount},
    )  # fmt: skip


def _journal_line(line: PostingLine, part: str, amount: Decimal, facts: Mapping[str, str]) -> JournalLine:
    account = line.accounts.get(part, line.account)
    dimensions = {**facts, line.by: part} if line.by and part else dict(facts)
    if (line.debit is not None) == (amount > 0):
        return JournalLine(account=account, debit=abs(amount), dimensions=dimensions)
    return JournalLine(account=account, credit=abs(amount), dimensions=dimensions)


def advance_entry(rule: PostingRule, entry: JournalEntry, number: str) -> JournalEntry | None:
    """What an invoice is paid with that an ERP books from the document: it then stands there as owed in all, of which
    this entry takes what was paid before. It has the document's number for its key, since both make up the event."""
    paid, accounts = entry.amounts.get("paid", ZERO), rule.accounts
    if not paid or not {"paid", "due"} <= accounts.keys():
        return None
    dimensions = entry.lines[0].dimensions
    lines = (
        JournalLine(account=accounts["paid"], debit=paid, dimensions=dimensions),
        JournalLine(account=accounts["due"], credit=paid, dimensions=dimensions),
    )
    return entry.changed(key=number, lines=lines, amounts={"paid": paid})
