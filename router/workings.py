"""A decision while it is being made: the order's lines as they move, and what will be written and sent."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, NamedTuple

from canonical import Address, Document, Item, JournalEntry, Usage, made
from router.acceptance import fingerprint
from router.consignment import Consignment
from router.decision import (
    Decision,
    Event,
    Explanation,
    Outgoing,
    ReservationChange,
    StockChange,
    StockRow,
    Trouble,
    Wake,
    Withdrawal,
    World,
)
from router.haul import Hauls
from router.lifecycle import MOVES, TALLIES, Move, shift, tally
from router.load import Day, Load, LoadChange, Room, load_changes, loads_of
from router.order import Order
from router.order_line import ZERO, Allocation, LineState
from router.policy import Policy
from router.route import Route, Routes, routes_to
from router.routing import Channel
from router.sourcing_rule import Ruling
from router.transit import Lanes, Transit, learned_lanes


class ShownItems(NamedTuple):
    """A line's identifiers as documents show them (`router.line_view`)."""

    items: dict[str, str]
    added: tuple[str, ...]
    """The schemes that are ours, and not the order's."""


class Workings:
    """Collects one decision about `order`. A test order moves its ledgers, and touches neither stock nor books."""

    def __init__(self, order: Order, world: World, policy: Policy, *, explaining: bool = False) -> None:
        self.order = order
        self.before = order
        """The order as it stood."""
        self.explaining = explaining
        """Whether somebody reads every reason, or the decision waits to be written."""
        self.usage: Usage = order.document.usage
        """Every document of the order shares it."""
        self.world = world
        self.policy = policy
        self.lines: dict[str, LineState] = {line.number: line for line in order.lines}
        self.allocations: list[Allocation] = list(order.allocations)
        self.events: list[Event] = []
        self.send: list[Outgoing] = []
        self.postings: list[JournalEntry] = []
        self.troubles: list[Trouble] = []
        self.wakes: dict[str, Wake] = {}
        self.withdrawn: list[Withdrawal] = []
        self.came: list[Transit] = []
        """What was delivered by it."""
        self.weighed: list[Consignment] = []
        """The consignments whose service was chosen by it."""
        self.shown: dict[tuple[int, str | None, str | None], ShownItems] = {}
        """What lines show of their items, by position, SKU and the SKU they stand in for."""
        self._moving: dict[str, LineState] = {}
        """The lines whose ledgers were made in this decision: nobody else knows them, and what moves, moves in them."""
        self._items: dict[str, Item] = {}
        self._stock: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
        self._routes: dict[int, Routes] = {}
        self._claimed: Mapping[Day, Load] = {}
        self._sourcing_rules: dict[str, list[Ruling]] = {}
        self._reserved: dict[tuple[str, str, str], Decimal] = {}
        self._allocated_before = order.allocations

    @cached_property
    def terms(self) -> Channel:
        """The terms of the order's channel."""
        return self.policy.channel(self.order.channel)

    @cached_property
    def _rows(self) -> dict[tuple[str, str], StockRow]:
        return {(row.sku, row.node): row for row in self.world.stock}

    def item(self, sku: str) -> Item:
        """The catalogue's item; a bare one for a SKU that has since left the catalogue."""
        item = self._items.get(sku)
        if item is None:
            item = self._items[sku] = self.policy.catalogue.item(sku) or Item(sku=sku)
        return item

    def row(self, sku: str, node: str) -> StockRow | None:
        """The stock row as it was read."""
        return self._rows.get((sku, node))

    def available(self, sku: str, node: str) -> Decimal:
        """What the node can still promise, this decision's own changes counted."""
        row = self._rows.get((sku, node))
        if row is None:
            return ZERO
        on_hand, reserved = self._stock.get((sku, node), (ZERO, ZERO))
        return max(row.on_hand + on_hand - row.reserved - reserved - row.safety, ZERO)

    @property
    def touched(self) -> Iterable[tuple[str, str]]:
        """(SKU, node) of the stock that this decision changes."""
        return self._stock.keys()

    def routes(self, destination: int) -> Routes:
        """The routes to one of the order's destinations, as the order now stands."""
        if destination not in self._routes:
            room = self._room(destination) if self.policy.network.limited else None
            dates = self.order.document.dates
            self._routes[destination] = routes_to(self.hauls(destination), dates, self.world.now, room)
        return self._routes[destination]

    def reroute(self) -> None:
        """Goods are open again: whether nodes have room for them is to be seen anew."""
        self._routes.clear()

    def route(self, node: str, destination: int) -> Route:
        """The route from a node to one of the order's destinations."""
        return self.routes(destination).by_node[node]

    def sourcing_rules(self, region: str) -> list[Ruling]:
        """The sourcing rules that the order falls under where it goes to a region, each with its place."""
        if region not in self._sourcing_rules:
            service = self._service
            rules = enumerate(self.policy.routing.sourcing)
            taken = [Ruling(place, rule) for place, rule in rules if rule.takes(self.order.channel, service, region)]
            self._sourcing_rules[region] = taken
        return self._sourcing_rules[region]

    def hauls(self, destination: int) -> Hauls:
        """The hauls from every node to one of the order's destinations."""
        address = self.order.destinations[destination].address or Address()
        return self.policy.hauls(address, self._lanes(address) if self.world.transits else ())

    def _lanes(self, address: Address) -> Lanes:
        """What is learned of the lanes to where an address lies."""
        terms = self.policy.routing.carriers.learn
        return learned_lanes(self.world.transits, self.policy.region_of(address), self._service, terms)

    @property
    def _service(self) -> str:
        freight = self.order.document.freight
        return (freight.carrier.service if freight and freight.carrier else None) or ""

    def _room(self, destination: int) -> Room:
        """The room that nodes have for what is open for a destination."""
        wanted = [line for line in self.lines.values() if line.destination == destination and line.ledger.open]
        more = Load(1, len(wanted), sum((line.ledger.open for line in wanted), ZERO))
        own = [one for one in self.allocations if one.destination == destination and one.outstanding]
        kept = frozenset([(one.node, one.day) for one in own if one.day])
        loads = {(one.node, one.day): one.load for one in self.world.loads}
        for sign, allocations in ((-1, self._allocated_before), (1, self.allocations)):
            for place, load in loads_of(allocations).items():
                loads[place] = loads.get(place, Load()).plus(load, sign)
        for place, load in self._claimed.items():
            loads[place] = loads.get(place, Load()).plus(load)
        return Room(loads, more, kept)

    def claim(self, loads: Mapping[Day, Load]) -> None:
        """Leave room for what some destinations are about to take of nodes' days, while others are sourced."""
        self._claimed = loads
        self._routes.clear()

    @property
    def allocations_by_line(self) -> dict[str, list[Allocation]]:
        """The allocations as they now stand, by the line they are of."""
        by_line: dict[str, list[Allocation]] = {}
        for allocation in self.allocations:
            by_line.setdefault(allocation.line, []).append(allocation)
        return by_line

    def tell(self, kind: str, **facts: Any) -> None:
        """Something happened."""
        self.events.append(Event(kind, facts))

    def move(self, line: str, name: Move, quantity: Decimal, **facts: Any) -> None:
        """Move a quantity of a line between its buckets, and say so."""
        if quantity:
            state = self.lines[line]
            if self._moving.get(line) is not state:
                state = state.model_copy(update={"ledger": state.ledger.model_copy()})
                self.lines[line] = self._moving[line] = state
            shift(vars(state.ledger), name, quantity)
            self.events.append(Event(MOVES[name].event, {"line": line, "quantity": str(quantity), **facts}))

    def count(self, line: str, name: Literal["return", "credit"], quantity: Decimal, **facts: Any) -> None:
        """Count a quantity of a line as returned or credited, and say so."""
        if quantity:
            state = self.lines[line]
            self.lines[line] = state.model_copy(update={"ledger": tally(state.ledger, name, quantity)})
            self.tell(TALLIES[name].event, line=line, quantity=str(quantity), **facts)

    def reserve(self, allocation: Allocation, quantity: Decimal) -> None:
        """Hold more (or less) of a line's goods at its node."""
        if quantity and self.usage == "production":
            key = (allocation.line, allocation.node, allocation.sku)
            self._reserved[key] = self._reserved.get(key, ZERO) + quantity
            self._change(allocation.sku, allocation.node, ZERO, quantity)

    def goods_left(self, allocation: Allocation, shipped: Decimal, promised: Decimal) -> None:
        """Goods left the node: what was on hand falls, and what had been promised of it is no longer reserved."""
        self.reserve(allocation, -promised)
        if self.usage == "production":
            self._change(allocation.sku, allocation.node, -shipped, ZERO)

    def goods_came(self, sku: str, node: str, quantity: Decimal) -> None:
        """Goods came to a node, fit to be sold: what is on hand rises."""
        if quantity and self.usage == "production":
            self._change(sku, node, quantity, ZERO)

    def _change(self, sku: str, node: str, on_hand: Decimal, reserved: Decimal) -> None:
        key = (sku, node)
        before = self._stock.get(key, (ZERO, ZERO))
        self._stock[key] = (before[0] + on_hand, before[1] + reserved)

    def dispatch(self, document: Document, to: str, reasons: Mapping[str, str]) -> None:
        """Send a document; the reasons for its values are given along where somebody reads them."""
        whole = {"usage": "order:usage", "schema_version": "rule:canonical", **reasons} if self.explaining else {}
        self.send.append(made(Outgoing, document=document, to=to, reasons=whole))

    def worry(self, code: str, reason: str, **facts: Any) -> None:
        """Put something before a person."""
        self.troubles.append(Trouble(code=code, reason=reason, facts={"order": self.order.id, **facts}))

    def wake(self, name: str, at: datetime | None, cause: str) -> None:
        """Have the order look at itself again at an instant; without one, no more."""
        self.wakes[name] = Wake(name, at, cause)

    def amend(self, **fields: Any) -> None:
        """Change fields of the order itself."""
        if "document" in fields and not self.order.fingerprint:
            fields["fingerprint"] = fingerprint(self.order.document)
        self.order = self.order.model_copy(update=fields)
        if "document" in fields or "destinations" in fields:
            self._routes.clear()
            self._sourcing_rules.clear()
            self.shown.clear()

    @property
    def decided(self) -> Order:
        """The order as it now stands."""
        self._moving.clear()
        version = self.order.version + len(self.events)
        standing = {"lines": tuple(self.lines.values()), "allocations": tuple(self.allocations), "version": version}
        return self.order.model_copy(update=standing)

    def _load_changes(self) -> tuple[LoadChange, ...]:
        if self.usage == "test":
            return ()
        return load_changes(self._allocated_before, self.allocations, self.policy.network)

    def decision(self, explanation: Explanation) -> Decision:
        """The decision, with the order as it now stands; its parts are valid, so they are not judged again."""
        stock, reserved = sorted(self._stock.items()), sorted(self._reserved.items())
        return made(
            Decision,
            order=self.decided,
            events=tuple(self.events),
            stock=tuple([StockChange(*place, *more) for place, more in stock if any(more)]),
            reservations=tuple([ReservationChange(*place, more) for place, more in reserved if more]),
            loads=self._load_changes(),
            came=tuple(self.came),
            send=tuple(self.send),
            postings=tuple(self.postings),
            troubles=tuple(self.troubles),
            wake=tuple(self.wakes.values()),
            withdraw=tuple(self.withdrawn),
            explanation=explanation,
        )
