"""A canonical document through the Translator as a partner takes it, and read again as that partner would."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from canonical import (
    AcknowledgedLine,
    Address,
    Carrier,
    Contact,
    Document,
    Freight,
    FulfilmentLine,
    FulfilmentOrder,
    InventoryReport,
    Invoice,
    InvoiceLine,
    LineOutcome,
    Note,
    OrderAcknowledgment,
    Package,
    PackageLine,
    Party,
    Price,
    Quantity,
    ShipmentNotice,
)
from canonical.exchange import Draft
from connectors.emulators.counterpart import HUB, counterpart
from connectors.partners import partners_of
from connectors.profile import Profile
from connectors.settings import InterchangeIdentity
from connectors.translator import Translator
from mappings.library import MapLibrary

AT = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)
OURS = InterchangeIdentity(qualifier="ZZ", id="CEDARSLATE", group="CEDARSLATE")
EACH = Quantity(value=Decimal(24), unit="EA")
PRICE = Price(amount=Decimal("18.95"), currency="USD")
ITEMS = {"sku": "CS-1001", "upc": "850012010012"}
STORE = Party(
    role="ship_to",
    name="Store 42",
    identifiers={"buyer_assigned": "0042"},
    address=Address(lines=("880 Lake Street",), city="Evanston", region="IL", postal_code="60201", country="US"),
)


def answer(**changes: Any) -> OrderAcknowledgment:
    outcome = LineOutcome(outcome="accepted", quantity=EACH, ship_on=date(2026, 11, 23))
    line = AcknowledgedLine(number="1", items=ITEMS, quantity=EACH, price=PRICE, outcomes=(outcome,))
    fields: dict[str, Any] = {
        "number": "PO-1",
        "decision": "accepted",
        "acknowledged_on": date(2026, 11, 21),
        "ordered_on": date(2026, 11, 20),
        "currency": "USD",
        "lines": (line,),
    }
    return OrderAcknowledgment(**{**fields, **changes})


def notice() -> ShipmentNotice:
    inside = PackageLine(order_number="PO-1", line_number="1", items=ITEMS, quantity=EACH)
    return ShipmentNotice(
        number="S-1",
        shipped_on=date(2026, 11, 23),
        created_at=AT,
        order_numbers=("PO-1",),
        parties=(STORE,),
        packages=(Package(id="1", sscc="008500120000000011", lines=(inside,)),),
    )


def invoice() -> Invoice:
    line = InvoiceLine(number="1", items=ITEMS, quantity=EACH, price=PRICE)
    return Invoice(
        number="I-1",
        invoiced_on=date(2026, 11, 23),
        order_number="PO-1",
        currency="USD",
        lines=(line,),
        total=Decimal("454.80"),
    )


def request() -> FulfilmentOrder:
    """As the router makes it of an order that asks for a carrier but not who pays it, has notes, and came of a shop."""
    contact = Contact(name="Ann Lee", channels={"email": "ann@example.com"})
    return FulfilmentOrder(
        number="F-1",
        order_number="PO-1",
        node="dc-reno",
        ordered_on=AT,
        parties=(STORE.model_copy(update={"contacts": (contact,)}),),
        freight=Freight(carrier=Carrier(scac="ODFL", routing="LTL")),
        notes=(Note(text="Deliver to the rear dock.", kind="Delivery"),),
        lines=(FulfilmentLine(number="1", order_line="1", items=ITEMS, quantity=EACH),),
    )


def drafted(translator: Translator, document: Document, to: str = "northwind") -> Draft:
    draft = translator.write(document, to)
    assert draft is not None
    return draft


def rendered(draft: Draft, number: int = 12) -> str:
    return draft.render(dict.fromkeys(draft.counters, number), AT).content.decode()


@pytest.mark.parametrize("to", ["northwind", "harbor"])
@pytest.mark.parametrize("document", [answer(), notice(), invoice(), request()], ids=lambda one: str(one.kind))
def test_what_goes_out_passes_the_partners_own_validation_and_says_the_same(
    translator: Translator, document: Document, to: str
) -> None:
    draft = drafted(translator, document, to)
    assert [finding for finding in draft.findings if finding.severity == "error"] == []
    profile = translator.partners.by_id[to]
    partner = Translator(counterpart(profile, translator.partners, translator.library), translator.library)
    reading = partner.read(rendered(draft).encode(), HUB, {}, AT)
    assert reading.findings == ()
    [incoming] = reading.documents
    assert incoming.accepted
    assert incoming.document is not None
    assert incoming.document.kind == document.kind
    assert incoming.document.identity.split("/")[0] == document.identity.split("/")[0]


def test_the_envelope_names_both_sides_as_the_profile_does(translator: Translator) -> None:
    lines = [line.split("*") for line in rendered(drafted(translator, answer())).split("~")]
    isa, gs = lines[0], lines[1]
    assert [isa[5], isa[6].strip(), isa[7], isa[8].strip()] == ["ZZ", "CEDARSLATE", "ZZ", "NORTHWIND"]
    assert isa[9:] == ["261121", "1430", "U", "00401", "000000012", "0", "P", ">"]
    assert gs[1:] == ["PR", "CEDARSLATE", "NORTHWIND", "20261121", "1430", "12", "X", "004010"]
    assert lines[2] == ["ST", "855", "0001"]


def test_separators_and_version_are_the_partners(translator: Translator) -> None:
    text = rendered(drafted(translator, answer(), "harbor"))
    isa = text.split("\n")[0].split("|")
    assert (isa[11], isa[12], isa[16]) == ("^", "00501", ":")
    assert text.split("\n")[1].endswith("|X|005010")


def test_a_document_names_one_counter_a_level_of_the_pair(translator: Translator) -> None:
    draft = drafted(translator, answer())
    assert tuple(draft.counters) == ("northwind/interchange", "northwind/group")
    made = draft.render({"northwind/interchange": 7, "northwind/group": 9}, AT)
    assert made == draft.render({"northwind/interchange": 7, "northwind/group": 9}, AT)
    assert (made.filename, made.media_type) == ("northwind_855_000000007.edi", "application/edi-x12")
    assert (made.control["interchange"], made.control["group"], made.control["set"]) == ("000000007", "9", "0001")


def test_a_test_document_goes_out_as_a_test(translator: Translator) -> None:
    assert rendered(drafted(translator, answer(usage="test"))).split("~")[0].split("*")[15] == "T"


def test_a_partner_being_set_up_gets_everything_as_a_test(translator_of: Callable[..., Translator]) -> None:
    assert rendered(drafted(translator_of(usage="test"), answer())).split("~")[0].split("*")[15] == "T"


@pytest.mark.parametrize("to", ["harbor", "nobody"])
def test_what_nobody_takes_has_no_draft(translator: Translator, to: str) -> None:
    assert translator.write(InventoryReport(number="1", as_of=date(2026, 11, 21)), to) is None


def test_what_goes_out_is_held_against_the_partners_own_grammar(
    library: MapLibrary, profiles: dict[str, dict[str, Any]]
) -> None:
    takes = profiles["northwind"]["takes"]
    own = {**takes["OrderAcknowledgment"], "grammar": {"elements": {"BAK01": {"codes": ["04"]}}}}
    profile = Profile.model_validate({**profiles["northwind"], "takes": {**takes, "OrderAcknowledgment": own}})
    errors = drafted(Translator(partners_of([profile], OURS), library), answer()).findings
    assert [(one.code, one.where["tag"], one.where["element"]) for one in errors] == [("element-code", "BAK", 1)]


def test_what_the_partner_would_reject_is_a_finding_before_it_is_sent(translator: Translator) -> None:
    long = answer(number="P" * 40)
    errors = [finding.code for finding in drafted(translator, long).findings if finding.severity == "error"]
    assert "element-long" in errors
