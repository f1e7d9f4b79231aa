"""Their names for our things."""

from datetime import date
from decimal import Decimal

from canonical import FulfilmentLine, FulfilmentOrder, OrderLine, Party, PurchaseOrder, Quantity
from connectors.cross_reference import with_our_names, with_their_names
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
