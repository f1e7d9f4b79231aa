"""What a decision makes without having it judged is what a judge would have made of it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from canonical import Address, OrderLine, document_of
from router.decide import decide
from router.decision import World
from router.order import Order
from router.policy import Policy
from tests.router.documents import FONTANA, PORTLAND, line, purchase_order, ship_to

SKUS = ("CS-1001", "CS-1002", "CS-1003", "NOBODY-KNOWS")
LINES = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(0, 400), st.sampled_from(("EA", "CA"))), min_size=1)


def lines_of(wanted: list[tuple[str, int, str]]) -> list[OrderLine]:
    return [line(str(number), sku, str(units), unit) for number, (sku, units, unit) in enumerate(wanted, 1)]


@settings(max_examples=60, deadline=None)
@given(wanted=LINES, address=st.sampled_from((FONTANA, PORTLAND)))
def test_every_part_of_a_decision_reads_back_as_it_was_made(
    policy: Policy, world: World, wanted: list[tuple[str, int, str]], address: Address
) -> None:
    document = purchase_order(*lines_of(wanted), parties=(ship_to(address),))
    made = decide(None, document, world, policy, sender="northwind")
    assert made.order
    read = Order.model_validate_json(made.texts.order or "")
    assert read == made.order
    assert read.model_dump_json() == made.texts.order
    for outgoing in made.send:
        sent = document_of(outgoing.document.kind, outgoing.text)
        assert sent == outgoing.document
        assert sent.model_dump_json(exclude_none=True) == outgoing.text
