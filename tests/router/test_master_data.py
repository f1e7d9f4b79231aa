"""What documents tell of items, prices and customers, as a decision reads it from its world."""

from datetime import date
from decimal import Decimal

import pytest

from canonical import (
    AcknowledgedLine,
    Address,
    ChangedLine,
    Customer,
    Exemption,
    Invoice,
    Item,
    OrderAcknowledgment,
    OrderChange,
    Party,
    Price,
    PriceList,
    Quantity,
    TaxExemption,
    Terms,
)
from canonical.exchange import OWN_PEOPLE
from router.decide import decide
from router.decision import Decision, World
from router.effect import Nowhere, ToMasterData
from router.master_data import MasterData, asked_by
from router.needs import needs
from router.policy import Policy
from router.price_list import ListedPrice
from router.routing import Channel, Keeper
from router.taxes import Taxes
from router.upkeep import keep_item, keep_prices
from tests.router.documents import advice, line, purchase_order, ship_to

TODAY = date(2026, 11, 16)


def dollars(amount: str) -> Price:
    return Price(amount=Decimal(amount), currency="USD")


def listed(amount: str, sku: str = "CS-1001", **fields: object) -> ListedPrice:
    said = {"partner": "northwind", "sku": sku, "price": dollars(amount), "listed_in": f"list of {amount}"}
    return ListedPrice.model_validate(said | fields)


def told(world: World, **facts: object) -> World:
    return world.model_copy(update={"master_data": MasterData.model_validate(facts)})


def answered(decision: Decision) -> AcknowledgedLine:
    [answer] = [one.document for one in decision.send if isinstance(one.document, OrderAcknowledgment)]
    return answer.lines[0]


@pytest.mark.parametrize(
    ("prices", "words"),
    [
        ([listed("17")], "17 USD, list of 17"),
        ([listed("17"), listed("15", from_quantity="12")], "15 USD, list of 15"),
        ([listed("17"), listed("15", from_quantity="13")], "17 USD, list of 17"),
        ([listed("17"), listed("16", starts=TODAY)], "16 USD, list of 16"),
        ([listed("17"), listed("16", starts=date(2026, 11, 17))], "17 USD, list of 17"),
        ([listed("17", ends=date(2026, 11, 15))], "18.95 USD, everybody's in the items' file"),
        ([listed("17"), listed("16")], "17 USD, list of 17"),
        ([listed("17", partner="harbor-grocers")], "18.95 USD, everybody's in the items' file"),
    ],
    ids=["listed", "enough of it", "too few", "begins today", "begins later", "is over", "latest list first", "others"],
)
def test_a_line_is_priced_by_what_is_listed_for_its_channel_quantity_and_day(
    policy: Policy, world: World, prices: list[ListedPrice], words: str
) -> None:
    document = purchase_order(line("1", "CS-1001", "12"))
    explained = decide(None, document, told(world, prices=prices), policy, sender="northwind", explaining=True)
    assert explained.explanation.lines[0].our_price == words


def test_a_price_file_holds_where_no_list_does(policy: Policy, world: World) -> None:
    filed = policy.model_copy(update={"prices": policy.prices.model_copy(update={"listed": (listed("11"),)})})
    document = purchase_order(line("1", "CS-1001", "12"))
    over = told(world, prices=[listed("17", ends=date(2026, 11, 15))])
    for seen, price in ((world, "11"), (over, "11"), (told(world, prices=[listed("17")]), "17")):
        order = decide(None, document, seen, filed, sender="northwind").order
        assert order
        assert order.lines[0].price == dollars(price)


def test_a_discontinued_item_takes_no_new_order_and_ships_what_was_promised(policy: Policy, world: World) -> None:
    document = purchase_order(line("1", "CS-1001", "2"))
    taken = decide(None, document, world, policy, sender="northwind")
    gone = told(world, items=[Item(sku="CS-1001", discontinued=True)])
    refused = decide(None, document, gone, policy, sender="northwind")
    assert [outcome.outcome for outcome in answered(refused).outcomes] == ["cancelled"]
    [asked] = [one.document for one in taken.send if one.document.kind == "FulfilmentOrder"]
    shipped = decide(taken.order, advice(asked), gone, policy, sender="swiftline")  # type: ignore[arg-type]  # by its kind
    assert "ShipmentNotice" in {one.document.kind for one in shipped.send}


def test_an_order_of_an_item_discontinued_since_can_still_be_lowered(policy: Policy, world: World) -> None:
    empty = world.model_copy(update={"stock": ()})
    waiting = decide(None, purchase_order(line("1", "CS-1001", "2")), empty, policy, sender="northwind")
    fewer = ChangedLine(number="1", change="quantity_decrease", quantity=Quantity(value=Decimal(1)))
    asked = OrderChange(number="4471", changed_on=TODAY, currency="USD", lines=(fewer,))
    gone = told(empty, items=[Item(sku="CS-1001", discontinued=True)])
    changed = decide(waiting.order, asked, gone, policy, sender="northwind")
    assert [outcome.outcome for outcome in answered(changed).outcomes] == ["backordered"]


def test_an_item_is_known_by_what_documents_tell_and_by_its_file_where_they_are_silent(policy: Policy) -> None:
    changed = policy.catalogue.told([Item(sku="CS-1001", items={"upc": "012345678905"}, weight=None)])
    known = changed.item("CS-1001")
    assert known
    assert (known.description, known.items) == ("Enamel camp mug, slate", {"upc": "012345678905"})
    assert changed.match({"upc": "012345678905"}).item == known
    assert changed.match({"upc": "850012010012"}).item is None, "a number that it has lost"
    assert changed.match({"upc": "850012010029"}).item == policy.catalogue.item("CS-1002")


def test_what_a_decision_asks_is_named_before_it_is_made(policy: Policy) -> None:
    buyer = Party(role="buyer", identifiers={"seller_assigned": "C-7", "buyer_assigned": "0042"})
    document = purchase_order(line("1", "CS-1001", "2"), parties=(ship_to(), buyer))
    asked = asked_by(None, document, "northwind", policy)
    assert ("sku", "CS-1001") in asked.items
    assert (asked.channel, [*asked.customers]) == ("northwind", [("number", "C-7")])
    sold = policy.told(MasterData(items=(Item(sku="NEW", items={"upc": "012345678905"}),)), "northwind")
    by_upc = purchase_order(line("1", "x", "1").model_copy(update={"items": {"upc": "012345678905"}}))
    assert (needs(None, by_upc, policy).skus, needs(None, by_upc, sold).skus) == ((), ("NEW",))


def test_a_blocked_customers_order_waits_for_a_person(policy: Policy, world: World) -> None:
    blocked = told(world, customer=Customer(number="C-7", blocked=True, as_of=TODAY))
    document = purchase_order(line("1", "CS-1001", "2"))
    order = decide(None, document, blocked, policy, sender="northwind").order
    assert order
    assert [(hold.kind, hold.owner) for hold in order.holds] == [("customer", "credit desk")]
    test = decide(None, document.changed(usage="test"), blocked, policy, sender="northwind").order
    assert test
    assert not test.holds


def test_an_invoice_has_the_customers_terms_where_the_order_names_none(policy: Policy, world: World) -> None:
    terms = Terms(net_days=45)
    known = told(world, customer=Customer(number="C-7", terms=(terms,), as_of=TODAY))
    for own, expected in (((), (terms,)), ((Terms(net_days=10),), (Terms(net_days=10),))):
        document = purchase_order(line("1", "CS-1001", "2", price="18.95"), terms=own)
        taken = decide(None, document, known, policy, sender="northwind")
        [asked] = [one.document for one in taken.send if one.document.kind == "FulfilmentOrder"]
        gone = advice(asked)  # type: ignore[arg-type]  # by its kind
        shipped = decide(taken.order, gone, known, policy, sender="swiftline", explaining=True)
        [sent] = [one for one in shipped.send if isinstance(one.document, Invoice)]
        assert isinstance(sent.document, Invoice)
        assert sent.document.terms == expected
        assert sent.reason("terms") == ("order:terms" if own else "rule:customer-terms")


def test_a_customer_is_exempt_where_their_certificate_says() -> None:
    customer = Customer(number="C-7", as_of=TODAY, exemptions=(TaxExemption(regions=("US-CA",), certificate="R-1"),))
    taxes = Taxes().told(customer, "northwind")
    california, texas = (Address(country="US", region=region) for region in ("CA", "TX"))
    assert taxes.exemption(frozenset({"northwind"}), california) == Exemption(certificate="R-1")
    assert taxes.exemption(frozenset({"northwind"}), texas) is None
    assert taxes.exemption(frozenset({"harbor-grocers"}), california) is None


# --- who may say what -----------------------------------------------------------------------------------------------


@pytest.fixture
def kept(policy: Policy) -> Policy:
    """`books` keeps items and the prices of northwind, whom it calls C-7."""
    keepers = {"books": Keeper(items=True, prices_for=("northwind",))}
    channels = policy.routing.channels | {"northwind": Channel(customer="C-7")}
    routing = policy.routing.model_copy(update={"master_data": keepers, "channels": channels})
    return policy.model_copy(update={"routing": routing})


def price_list(customer: str | None) -> PriceList:
    price = {"price": {"amount": "17", "currency": "USD"}}
    lines = [{"items": {"sku": "CS-1001"}, "prices": [price]}]
    said = {"number": "L1", "as_of": TODAY, "currency": "USD", "customer": customer, "lines": lines}
    return PriceList.model_validate(said)


@pytest.mark.parametrize(
    ("sender", "customer", "payers"),
    [
        ("books", "C-7", ["northwind"]),
        ("books", "northwind", ["northwind"]),
        ("books", None, ["northwind"]),
        ("books", "harbor-grocers", None),
        ("northwind", "northwind", None),
        (OWN_PEOPLE, "harbor-grocers", ["harbor-grocers"]),
        (OWN_PEOPLE, "C-8", None),
    ],
)
def test_prices_are_those_of_whom_the_sender_may_list_them_for(
    kept: Policy, sender: str, customer: str | None, payers: list[str] | None
) -> None:
    effect = keep_prices(price_list(customer), sender, kept)
    if payers is None:
        assert isinstance(effect, Nowhere)
    else:
        assert isinstance(effect, ToMasterData)
        assert [change.partner for change in effect.lists] == payers


@pytest.mark.parametrize(
    ("item", "place"),
    [
        (Item(sku="CS-1001", unit="CA", as_of=TODAY), "/unit"),
        (Item(sku="NEW", items={"upc": "850012010012"}, as_of=TODAY), "/items"),
        (Item(sku="NEW", items={"upc": "012345678901"}, as_of=TODAY), "/items/upc"),
        (Item(sku="NEW", packs={"CA": Decimal(0)}, as_of=TODAY), "/packs/CA"),
        (Item(sku="NEW", price=dollars("-1"), as_of=TODAY), "/price/amount"),
        (Item(sku="NEW"), "/as_of"),
    ],
    ids=["another unit", "another's number", "no number", "an empty pack", "a price below zero", "of no time"],
)
def test_an_item_that_does_not_hold_is_refused_at_its_place(kept: Policy, item: Item, place: str) -> None:
    effect = keep_item(item, "books", kept)
    assert isinstance(effect, ToMasterData)
    assert not effect.records
    assert [finding.where["pointer"] for finding in effect.refused] == [place]


def test_a_keeper_whom_nobody_knows_is_found(kept: Policy) -> None:
    codes = [finding.code for finding in kept.check(frozenset({"northwind"}), frozenset())]
    assert "channel-unknown" in codes
