"""Their names for our things."""

from datetime import date
from decimal import Decimal

from canonical import FulfilmentLine, FulfilmentOrder, OrderLine, Party, PurchaseOrder, Quantity
from connectors.cross_reference import looked_up_in_vain, with_our_names, with_their_names
from connectors.profile import CrossReferences

REFERENCES = CrossReferences.model_validate(
    {
        "items": {"buyer": {"NW-1": "CS-1001"}},
        "locations": {
            "buyer_assigned": {
                "0042": {"name": "Store 42", "address": {"city": "Evanston"}, "identifiers": {"gln": "9"}}
            }
        },
    }
)
EACH = Quantity(value=Decimal(1), unit="EA")


def order(items: dict[str, str], party: Party) -> PurchaseOrder:
    line = OrderLine(number="1", items=items, quantity=EACH)
    return PurchaseOrder(number="1", ordered_on=date(2026, 1, 2), currency="USD", parties=(party,), lines=(line,))


def test_their_item_number_gains_our_sku_and_their_store_its_address() -> None:
    store = Party(role="ship_to", identifiers={"buyer_assigned": "0042"})
    read = with_our_names(order({"buyer": "NW-1"}, store), REFERENCES)
    assert read.lines[0].items == {"buyer": "NW-1", "sku": "CS-1001"}
    assert read.parties[0].name == "Store 42"
    assert read.parties[0].address is not None
    assert read.parties[0].identifiers == {"buyer_assigned": "0042", "gln": "9"}


def test_what_the_partner_said_itself_stands() -> None:
    store = Party(role="ship_to", name="Pop-up", identifiers={"buyer_assigned": "0042", "gln": "1"})
    read = with_our_names(order({"buyer": "NW-1", "sku": "CS-2"}, store), REFERENCES)
    assert read.lines[0].items["sku"] == "CS-2"
    assert read.parties[0].name == "Pop-up"
    assert read.parties[0].identifiers["gln"] == "1"


def test_what_nobody_knows_stays_as_it_came() -> None:
    unknown = order({"buyer": "NW-2"}, Party(role="ship_to", identifiers={"buyer_assigned": "7"}))
    assert with_our_names(unknown, REFERENCES) == unknown


def test_on_the_way_out_our_sku_gains_their_item_number() -> None:
    asked = FulfilmentOrder(
        number="F1",
        order_number="1",
        node="reno",
        ordered_on=date(2026, 1, 2),
        lines=(FulfilmentLine(number="1", items={"sku": "CS-1001"}, quantity=EACH),),
    )
    assert with_their_names(asked, REFERENCES).lines[0].items == {"sku": "CS-1001", "buyer": "NW-1"}


def test_what_the_references_lack_is_told_once_a_value_with_its_count() -> None:
    store = Party(role="ship_to", identifiers={"buyer_assigned": "0099"})
    asked = order({"buyer": "NW-9"}, store)
    [line] = asked.lines
    asked = asked.changed(lines=(line, line, line.model_copy(update={"items": {"upc": "1"}})))
    told = [(one.code, dict(one.facts)) for one in looked_up_in_vain(with_our_names(asked, REFERENCES), REFERENCES)]
    item = {"path": "lines.0.items.buyer", "table": "items/buyer", "value": "NW-9", "count": 2}
    place = "parties.0.identifiers.buyer_assigned"
    where = {"path": place, "table": "locations/buyer_assigned", "value": "0099", "count": 1}
    assert told == [("cross-reference-missing", item), ("cross-reference-missing", where)]


def test_what_is_found_or_was_never_asked_for_is_not_missed() -> None:
    store = Party(role="ship_to", identifiers={"buyer_assigned": "0042"})
    read = with_our_names(order({"buyer": "NW-1"}, store), REFERENCES)
    assert looked_up_in_vain(read, REFERENCES) == ()
    assert looked_up_in_vain(order({"buyer": "NW-9"}, store), CrossReferences()) == ()
