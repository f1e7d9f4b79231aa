"""Everything configured that decides, with one digest and its own proof."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import chain

from pydantic import Field

from canonical import Address, Finding, Item, Model, PurchaseOrder, Quantity, Severity, Text
from router.catalogue import Catalogue, units_in
from router.destination import Destination
from router.haul import HaulsTo, hauls_from
from router.hold_rule import CHECKS
from router.master_data import MasterData
from router.network import Company, Network
from router.posting import AMOUNTS, FEE, TAX_JURISDICTION, Posting, PostingRule
from router.price_list import ListedPrice, PriceLists
from router.promise import day_of
from router.routing import Channel, Routing
from router.rule import Rule
from router.taxes import Taxes

_BY_NAME = f"by {TAX_JURISDICTION}, fees by {FEE}"


class Policy(Rule):
    """The configuration a decision is made by. Everything in it is data, so equal digests mean equal decisions.

    `origins` maps a value's path, such as `routing.costs.split`, to where it is written: `config/routing.yaml:12`.
    """

    company: Company
    network: Network
    routing: Routing
    posting: Posting
    catalogue: Catalogue
    prices: PriceLists = PriceLists()
    taxes: Taxes = Taxes()
    origins: dict[str, Text] = Field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the values, in a stable order; where they are written does not count."""
        return hashlib.sha256(self.model_dump_json(exclude={"origins"}).encode()).hexdigest()

    @cached_property
    def hauls(self) -> HaulsTo:
        """The hauls from every node to an address."""
        return hauls_from(self.network.nodes, self.routing, self.company.country)

    def region_of(self, address: Address) -> str:
        """The country and region an address lies in, such as `US-CA`."""
        return f"{address.country or self.company.country}-{address.region}"

    def channel(self, name: str) -> Channel:
        """The terms of a channel."""
        return self.routing.channel(name)

    def item_for(self, channel: str, item: Item, quantity: Quantity, document: PurchaseOrder) -> Item:
        """The item as a channel buys such a quantity of it on its order's day: at its own price, or everybody's."""
        listed = self.listed_price(channel, item, quantity, document)
        return item.model_copy(update={"price": listed.price}) if listed else item

    def listed_price(self, channel: str, item: Item, quantity: Quantity, document: PurchaseOrder) -> ListedPrice | None:
        """What a channel pays of its own for such a quantity of an item on the day of its order."""
        if not self.prices.listed_for(channel, item.sku):
            return None
        units = quantity.value * (units_in(item, quantity.unit) or 1)
        day = day_of(document.ordered_on, self.company.time_zone)
        return self.prices.price_for(channel, item.sku, units, day)

    def told(self, facts: MasterData | None, channel: str) -> "Policy":
        """The policy as documents have changed what is configured of items, prices and a channel's customer.

        Its digest stays the configuration's own: a decision keeps what it was told beside it.
        """
        if not facts:
            return self
        changed = {
            "catalogue": self.catalogue.told(facts.items),
            "prices": self.prices.told(facts.prices),
            "taxes": self.taxes.told(facts.customer, channel),
        }
        return Model.model_copy(self, update=changed)  # what was derived does not depend on these

    def rule(self, path: str) -> str:
        """A rule's name for an explanation: its path, and the file's name and line where it is written, if known.

        The file's folder is left out: equal decisions are equal wherever the configuration lies.
        """
        place = self._origin(path)
        return f"{path} ({place.rpartition('/')[2]})" if place else path

    def check(
        self,
        partners: frozenset[str] | None = None,
        connections: frozenset[str] | None = None,
        takes: Mapping[str, frozenset[str]] | None = None,
    ) -> list[Finding]:
        """What is wrong between the files: names nobody has, rules that do not balance, zones that leave a gap.

        `partners` and `connections` are the ids that exist, `takes` the kinds of documents that can be sent to each
        connection; None leaves them unchecked.
        """
        known = None if partners is None and connections is None else (partners or frozenset()) | (
            connections or frozenset()
        )  # fmt: skip
        found = (
            self._check_network(known),
            self._check_routing(known),
            self._check_posting(known, takes),
            self._check_taxes(known),
            self._check_asked(connections, takes or {}),
        )
        return list(chain.from_iterable(found))

    def _check_network(self, known: frozenset[str] | None) -> Iterator[Finding]:
        seen: set[str] = set()
        for index, node in enumerate(self.network.nodes):
            path = f"network.nodes.{index}"
            if node.id in seen:
                yield self._finding("node-twice", f"{path}.id", f"node {node.id} is listed twice; rename one")
            seen.add(node.id)
            if known is not None and node.operator and node.operator not in known:
                message = f"node {node.id} is operated by {node.operator!r}, whom no partner file describes"
                yield self._finding("partner-unknown", f"{path}.operator", message)
            if node.ships == "hub" and self.routing.shipping is None:
                message = f"nothing says of whom carriage for {node.id} is bought; add `shipping: {{ask: CONNECTION}}`"
                yield self._finding("shipping-missing", f"{path}.ships", message)

    def _check_routing(self, known: frozenset[str] | None) -> Iterator[Finding]:
        codes: dict[str, str] = {}
        for name, terms in self.routing.channels.items():
            path = f"routing.channels.{name}"
            if known is not None and name not in known:
                yield self._finding("channel-unknown", path, f"no partner or connection is called {name!r}")
            if terms.returns.node and terms.returns.node not in self.network.by_id:
                message = f"goods come back to {terms.returns.node!r}, which no node is called"
                yield self._finding("node-unknown", f"{path}.returns.node", message)
            if terms.payment == "authorized" and terms.charging is None:
                message = "it says nothing of who charges what buyers authorized; add `charging: {ask: CONNECTION}`"
                yield self._finding("charging-missing", path, message)
            code = terms.code or name
            if code in codes:
                yield self._finding("channel-code-twice", f"{path}.code", f"{code} is also the code of {codes[code]}")
            codes[code] = name
        yield from self._check_substitutes()
        for name, terms in self.routing.channels.items():
            for node in terms.stock.nodes:
                if node not in self.network.by_id:
                    message = f"no node is called {node!r}"
                    yield self._finding("node-unknown", f"routing.channels.{name}.stock.nodes", message)
        yield from self._check_sourcing()
        yield from self._check_master_data(known)
        bands = self.routing.freight
        reach = [band.miles for band in bands]
        bounded = [miles for miles in reach[:-1] if miles is not None]
        if reach[-1] is not None or len(bounded) != len(reach) - 1 or bounded != sorted(set(bounded)):
            message = "bands must rise in miles, and only the last may leave miles out, so that every distance has one"
            yield self._finding("freight-bands", "routing.freight", message)

    def _check_master_data(self, known: frozenset[str] | None) -> Iterator[Finding]:
        for name, keeper in self.routing.master_data.items():
            for other in (name, *keeper.prices_for):
                if known is not None and other not in known:
                    path = f"routing.master_data.{name}"
                    yield self._finding("channel-unknown", path, f"no partner or connection is called {other!r}")

    def _check_sourcing(self) -> Iterator[Finding]:
        kinds = {node.kind for node in self.network.nodes}
        for index, rule in enumerate(self.routing.sourcing):
            path = f"routing.sourcing.{index}"
            for name in rule.nodes:
                if name not in self.network.by_id:
                    yield self._finding("node-unknown", f"{path}.nodes", f"no node is called {name!r}")
            for kind in rule.kinds:
                if kind not in kinds:
                    message = f"no node is of kind {kind!r}; there are {', '.join(sorted(kinds))}"
                    yield self._finding("node-kind-unknown", f"{path}.kinds", message, "warning")

    def _check_substitutes(self) -> Iterator[Finding]:
        for sku, others in self.routing.substitutes.items():
            for name in (sku, *others):
                if name not in self.catalogue.by_sku:
                    message = f"no item of ours is called {name!r}; rename it, or list it in the items' file"
                    yield self._finding("item-unknown", f"routing.substitutes.{sku}", message)

    def _check_posting(
        self, known: frozenset[str] | None, takes: Mapping[str, frozenset[str]] | None
    ) -> Iterator[Finding]:
        for index, rule in enumerate(self.posting.rules):
            yield from self._check_rule(f"posting.rules.{index}", rule)
        for event in AMOUNTS:
            whole = [r for r in self.posting.rules if r.event == event and not r.when.model_dump(exclude_defaults=True)]
            if not whole:
                message = f"no rule posts every {event}; add one without `when` as the last"
                yield self._finding("posting-gap", "posting.rules", message, "warning")
        told: set[str] = set()
        for index, one in enumerate(self.posting.destinations):
            path, name = f"posting.destinations.{index}", one.connection
            if known is not None and name not in known:
                message = f"entries go to {name!r}, which no connection file describes"
                yield self._finding("connection-unknown", path, message)
            if name in told:
                message = f"{name!r} is told twice and would book twice; list it once, its modes under `events`"
                yield self._finding("destination-twice", path, message)
            told.add(name)
            if missing := one.kinds - (takes or {}).get(name, one.kinds):
                message = f"{name!r} takes no {', '.join(sorted(missing))}; change its `mode` or its `events`"
                yield self._finding("document-untaken", path, message)
            yield from self._check_telling(path, one)

    def _check_telling(self, path: str, one: Destination) -> Iterator[Finding]:
        for clash in one.clashes:
            place = f"{path}.events.{clash.event}" if clash.event in one.events else path
            yield self._finding(clash.code, place, clash.message)
        for rule in self.posting.rules:
            if one.mode_of(rule.event) == "documents" and any(line.accounts for line in rule.lines):
                why = f"{one.connection!r} books by each amount's own account"
                yield self._finding("parts-untold", path, f"{why}, not by those of its parts in {rule.name!r}")

    def _check_rule(self, path: str, rule: PostingRule) -> Iterator[Finding]:
        for index, line in enumerate(rule.lines):
            if line.account not in self.posting.accounts:
                message = f"account {line.account} is not in the list of accounts"
                yield self._finding("account-unknown", f"{path}.lines.{index}", message)
            for part, account in line.accounts.items():
                if account not in self.posting.accounts:
                    message = f"account {account} of {part} is not in the list of accounts"
                    yield self._finding("account-unknown", f"{path}.lines.{index}.accounts", message)
            if not line.divides:
                message = f"{line.amount} has no parts by {line.by}; goods and costs have by a class, tax {_BY_NAME}"
                yield self._finding("part-unknown", f"{path}.lines.{index}.by", message)
            if line.amount not in AMOUNTS[rule.event]:
                message = f"a {rule.event} has no amount {line.amount!r}; it has {', '.join(AMOUNTS[rule.event])}"
                yield self._finding("amount-unknown", f"{path}.lines.{index}.amount", message)
        if off := rule.imbalance():
            excess = ", ".join(f"{times:+d} x {amount}" for amount, times in off.items())
            message = f"rule {rule.name!r} does not balance: debits less credits leave {excess}"
            yield self._finding("posting-unbalanced", path, message)
        for node in rule.when.nodes:
            if node not in self.network.by_id:
                yield self._finding("node-unknown", f"{path}.when.nodes", f"no node is called {node!r}")

    def _check_taxes(self, known: frozenset[str] | None) -> Iterator[Finding]:
        for index, rule in enumerate(self.taxes.taxed):
            path = f"taxes.taxed.{index}"
            for name in rule.channels:
                if known is not None and name not in known:
                    yield self._finding("channel-unknown", f"{path}.channels", f"no partner or connection is {name!r}")
            if not self.taxes.rates and (rule.provider is None or rule.provider.silence == "proceed"):
                message = "taxes are worked out from the table, which is empty; list rates, or ask a provider and wait"
                yield self._finding("tax-rates-missing", path, message)

    def _check_asked(
        self, connections: frozenset[str] | None, takes: Mapping[str, frozenset[str]]
    ) -> Iterator[Finding]:
        """Whether each connection that is asked something is there, and can be asked it."""
        for path, name, kinds in self._asked():
            missing = kinds - takes.get(name, kinds)
            if connections is not None and name not in connections:
                message = f"{name!r} is asked for a {min(kinds)}, which no connection file describes"
                yield self._finding("connection-unknown", path, message)
            elif missing:
                message = f"{name!r} takes no {', '.join(sorted(missing))}; ask a connection whose connector does"
                yield self._finding("document-untaken", path, message)

    def _asked(self) -> Iterator[tuple[str, str, frozenset[str]]]:
        """(path, connection, kinds of questions) of everybody who is asked."""
        for index, taxed in enumerate(self.taxes.taxed):
            if taxed.provider:
                yield f"taxes.taxed.{index}.provider.ask", taxed.provider.ask, frozenset({"TaxRequest"})
        for index, held in enumerate(self.routing.holds):
            if held.check:
                yield f"routing.holds.{index}.check.ask", held.check.ask, frozenset({CHECKS[held.kind]})
        for channel, terms in self.routing.channels.items():
            if terms.charging:
                yield f"routing.channels.{channel}.charging.ask", terms.charging.ask, frozenset({"PaymentCapture"})
        if self.routing.shipping:
            yield "routing.shipping.ask", self.routing.shipping.ask, self.routing.shipping.questions

    def _finding(self, code: str, path: str, message: str, severity: Severity = "error") -> Finding:
        return Finding(code, severity, self._where(path), message, facts={"path": path})

    def _where(self, path: str) -> Mapping[str, int | str]:
        file, _, line = (self._origin(path) or f"{path.partition('.')[0]}:1").rpartition(":")
        return {"file": file, "line": int(line), "column": 1}

    def _origin(self, path: str) -> str | None:
        """Where the value at `path`, or the nearest that holds it, is written."""
        while path:
            if path in self.origins:
                return self.origins[path]
            path = path.rpartition(".")[0]
        return None
