"""The files that decide (nodes, items, stock, prices, routing, taxes, posting), read into one policy."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from pydantic import BaseModel

from canonical import Finding
from router.catalogue import StockLevel, read_items, read_stock
from router.network import Company, Network
from router.policy import Policy
from router.posting import Posting
from router.price_list import read_prices
from router.routing import Routing
from router.taxes import Taxes

M = TypeVar("M", bound=BaseModel)

RULES: Mapping[str, type[BaseModel]] = {"nodes": Network, "routing": Routing, "posting": Posting, "taxes": Taxes}
"""The YAML files' models, by kind of file."""


class Folder(Protocol):
    """A configuration folder, in which what is found wrong gathers."""

    findings: list[Finding]
    origins: dict[str, str]

    def model(self, name: str, model: type[M], prefix: str) -> M | None: ...

    def rows(self, name: str) -> Sequence[Mapping[str, str]]: ...


class Names(Protocol):
    """What the files are called, relative to the folder."""

    @property
    def nodes(self) -> str: ...

    @property
    def items(self) -> str: ...

    @property
    def stock(self) -> str: ...

    @property
    def routing(self) -> str: ...

    @property
    def posting(self) -> str: ...

    @property
    def prices(self) -> str | None: ...

    @property
    def taxes(self) -> str | None: ...


class Others(NamedTuple):
    """Who there is outside."""

    partners: frozenset[str]
    takes: Mapping[str, frozenset[str]]
    """connection -> the kinds of documents it takes."""


def read_policy(
    folder: Folder, names: Names, company: Company, others: Others
) -> tuple[Policy, Sequence[StockLevel]] | None:
    """The policy, and the stock to begin with; None where a file is no such file. Findings gather in the folder."""
    network = folder.model(names.nodes, Network, "network")
    routing = folder.model(names.routing, Routing, "routing")
    posting = folder.model(names.posting, Posting, "posting")
    taxes = folder.model(names.taxes, Taxes, "taxes") if names.taxes else Taxes()
    catalogue, found = read_items(folder.rows(names.items), company.currency, names.items)
    stock, more = read_stock(folder.rows(names.stock), names.stock)
    rows = folder.rows(names.prices) if names.prices else ()
    known = others.partners | others.takes.keys()
    prices, faulty = read_prices(rows, catalogue, company.currency, names.prices or "", known)
    folder.findings += [*found, *more, *faulty]
    if network is None or routing is None or posting is None or taxes is None:
        return None
    policy = Policy(
        company=company, network=network, routing=routing, posting=posting, catalogue=catalogue, prices=prices,
        taxes=taxes, origins=folder.origins,
    )  # fmt: skip
    folder.findings += policy.check(others.partners, frozenset(others.takes), others.takes)
    return policy, stock
