"""Writing JSON: wherever a path may be read from, it can be written to, and what finds no room there is told."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from canonical import Contact, OrderLine, Party, PurchaseOrder, Quantity, Reference, Tax
from mappings.context import Rendition
from mappings.library import MapLibrary

MAP = """map: own/order
document: PurchaseOrder
syntax: json
unread: ignore
fields:
  number: id
  ordered_on: placed
  currency: currency
  freight: {fields: {carrier: {fields: {service: shipping.address.level}}}}
  parties:
    each: shipping.address
    fields:
      role: {const: ship_to}
      name: name
      contacts: {each: ., fields: {channels: {fields: {phone: ../phone}}}}
  references: {each: ., fields: {kind: {const: customer_order}, value: customer}}
  lines:
    each: lines
    fields:
      number: number
      quantity: {fields: {value: count}}
      price: {fields: {amount: "charges[type=PRODUCT].amount", currency: {copy: currency}}}
      taxes: {each: charges.tax, fields: {code: name, amount: amount}}
"""


def written(folder: Path, **changes: Any) -> Rendition[Any]:
    (folder / "own").mkdir()
    (folder / "own" / "order.yaml").write_text(MAP)
    line = OrderLine.model_validate(
        {
            "number": "1",
            "quantity": Quantity(value=Decimal(2)),
            "price": {"amount": "5", "currency": "USD"},
            "taxes": [Tax(code="State", amount=Decimal("0.80"))],
        }
    )
    party = Party(role="ship_to", name="Ann", contacts=(Contact(channels={"phone": "555"}),))
    order = PurchaseOrder.model_validate(
        {
            "number": "1001",
            "ordered_on": "2026-09-15",
            "currency": "USD",
            "lines": [line],
            "parties": [party],
            **changes,
        }
    )
    return MapLibrary(folder).get("own/order").write(order)


def test_a_loop_over_the_node_itself_writes_into_it(tmp_path: Path) -> None:
    rendition = written(tmp_path, references=[Reference(kind="customer_order", value="5681")])
    assert (rendition.tree["customer"], rendition.findings) == ("5681", ())


def test_a_second_item_where_one_has_room_is_told(tmp_path: Path) -> None:
    two = [Reference(kind="customer_order", value=value) for value in ("5681", "5682")]
    findings = written(tmp_path, references=two).findings
    assert {one.code for one in findings} == {"lost-on-write"}
    assert {str(one.facts["path"]).partition(".")[0] for one in findings} == {"references"}


def test_a_loop_over_an_object_that_another_rule_has_begun_goes_on_with_it(tmp_path: Path) -> None:
    rendition = written(tmp_path, freight={"carrier": {"service": "Express"}})
    assert rendition.tree["shipping"]["address"] == [{"level": "Express", "name": "Ann", "phone": "555"}]


def test_a_path_through_a_list_writes_into_its_first_element(tmp_path: Path) -> None:
    [line] = written(tmp_path).tree["lines"]
    assert line["charges"] == [{"type": "PRODUCT", "amount": "5", "tax": [{"name": "State", "amount": "0.80"}]}]
