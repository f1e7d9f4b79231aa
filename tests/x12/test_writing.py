"""Trees out as bytes: order, counts, levels, and values that must not break what is written."""

from datetime import datetime
from pathlib import Path

import pytest

from connectors.syntax.x12 import (
    ControlNumbers,
    Delimiters,
    InterchangeEnd,
    Node,
    OutgoingGroup,
    OutgoingInterchange,
    OutgoingSet,
    Rendered,
    Replacement,
    TransactionSet,
    read,
    render,
)


def write(root: Node, at: datetime, set_id: str = "850", version: str = "004010", **how: object) -> Rendered:
    replacement = how.pop("replacement", Replacement())
    group = OutgoingGroup("PO", "US", "THEM", version, [OutgoingSet(set_id, root)])
    interchange = OutgoingInterchange(("ZZ", "US"), ("01", "123456789"), [group], **how)  # type: ignore[arg-type]
    return render(interchange, at=at, control=ControlNumbers(1, 1), replacement=replacement)  # type: ignore[arg-type]


def body(rendered: Rendered, segment: str = "~") -> list[str]:
    return rendered.content.decode().split(segment)[2:-3]


def order_tree(*, description: str = "BLUE WIDGET") -> Node:
    line = Node(
        ["PO1", "1", "24", "EA", "9.95", "", "UP", "614141007349"],
        {"PID": [Node(["PID", "F", "", "", "", description])]},
    )
    return Node(
        ["ST"], {"CTT": [Node(["CTT", "1"])], "PO1": [line], "BEG": [Node(["BEG", "00", "SA", "PO-1", "", "20261121"])]}
    )


def test_segments_stand_in_the_order_of_the_grammar(at: datetime) -> None:
    tags = [one.split("*")[0] for one in body(write(order_tree(), at))]
    assert tags == ["ST", "BEG", "PO1", "PID", "CTT", "SE"]


def test_counts_and_control_numbers_are_made(at: datetime) -> None:
    text = write(order_tree(), at).content.decode()
    assert "SE*6*0001~GE*1*1~IEA*1*000000001~" in text
    assert text.startswith("ISA*00*          *00*          *ZZ*US             *01*123456789      *261121*1600*U*00401*")
    assert text.index("GS*") == 106


def test_what_is_written_reads_without_fault(at: datetime) -> None:
    events = list(read(write(order_tree(), at).content))
    assert [event.verdict for event in events if isinstance(event, TransactionSet)] == ["A"]
    assert [event.accepted for event in events if isinstance(event, InterchangeEnd)] == [True]


@pytest.mark.parametrize("value", ["1~2", "A*B", "X>Y:Z", "two\r\nlines", "~~**"])
def test_a_value_that_holds_a_delimiter_is_replaced_and_told(at: datetime, value: str) -> None:
    rendered = write(order_tree(description=value), at, delimiters=Delimiters("*", "~", ">"))
    assert [finding.code for finding in rendered.findings] == (["value-replaced"] if value else [])
    assert [event.verdict for event in read(rendered.content) if isinstance(event, TransactionSet)] == ["A"]


def test_a_value_that_is_too_long_is_cut_when_the_policy_says_so(at: datetime) -> None:
    rendered = write(order_tree(description="X" * 100), at, replacement=Replacement(truncate=True))
    assert [finding.code for finding in rendered.findings] == ["value-truncated"]
    assert "*" + "X" * 80 + "~" in rendered.content.decode()


def test_trailing_empty_elements_are_left_away(at: datetime) -> None:
    root = order_tree()
    root.children["CTT"] = [Node(["CTT", "1", "", ""])]  # type: ignore[index]
    assert "~CTT*1~" in write(root, at).content.decode()


def test_nested_levels_are_flattened_and_numbered(at: datetime) -> None:
    item = Node(
        ["HL", "", "", "I"], {"LIN": [Node(["LIN", "", "UP", "614141007349"])], "SN1": [Node(["SN1", "", "24", "EA"])]}
    )
    pack = Node(["HL", "", "", "P"], {"HL": [item]})
    orders = Node(["HL", "", "", "O"], {"PRF": [Node(["PRF", "4500098123"])], "HL": [pack]})
    shipment = Node(["HL", "", "", "S"], {"HL": [orders]})
    root = Node(["ST"], {"BSN": [Node(["BSN", "00", "1", "20261121", "1600"])], "HL": [shipment]})
    lines = [one for one in body(write(root, at, "856")) if one.startswith(("HL", "PRF", "LIN"))]
    assert lines == ["HL*1**S*1", "HL*2*1*O*1", "PRF*4500098123", "HL*3*2*P*1", "HL*4*3*I*0", "LIN**UP*614141007349"]


def test_composites_take_the_separator_of_the_interchange(at: datetime) -> None:
    root = order_tree()
    root.children["PO1"][0].children["MEA"] = [Node(["MEA", "PD", "LN", "5", "IN:1:2"])]  # type: ignore[index]
    assert "MEA*PD*LN*5*IN<1<2~" in write(root, at, delimiters=Delimiters("*", "~", "<")).content.decode()


def test_every_sample_writes_back_as_it_was_read(case: Path, at: datetime) -> None:
    """But for what the writer makes itself: envelope, line ends, ST and SE."""
    for event in read(case.read_bytes()):
        if isinstance(event, TransactionSet) and event.verdict == "A":
            one = OutgoingSet(event.set_id, event.root, component=event.delimiters.component)
            group = OutgoingGroup(event.group.functional_id, "A", "B", event.version, [one])
            out = OutgoingInterchange(("ZZ", "A"), ("ZZ", "B"), [group], delimiters=event.delimiters)
            again = render(out, at=at, control=ControlNumbers(1, 1, int(event.control)))
            (back,) = [one for one in read(again.content) if isinstance(one, TransactionSet)]
            assert back.segments == event.segments
            assert back.root == event.root
