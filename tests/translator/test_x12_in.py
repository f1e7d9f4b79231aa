"""A partner's X12 through the Translator: what takes effect, what is said back, and to whom."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from canonical import Acknowledgment, FulfilmentOrder, PurchaseOrder
from canonical.card_number import hidden_text, holds_card
from canonical.exchange import Reading, Reply
from connectors.partners import partners_of
from connectors.profile import Profile
from connectors.settings import InterchangeIdentity
from connectors.translator import Translator
from mappings.library import MapLibrary

Read = Callable[..., Reading]
AT = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


@pytest.fixture
def read(translator: Translator) -> Read:
    def read(content: bytes, source: str | None = "northwind", using: Translator = translator) -> Reading:
        return using.read(content, source, {}, AT)

    return read


def segments(reply: Reply) -> list[list[str]]:
    """The reply as it would go out, split with the partner's own delimiters."""
    text = reply.draft.render(dict.fromkeys(reply.draft.counters, 7), AT).content.decode()
    return [line.split(text[3]) for line in text.replace(text[105] + "\n", text[105]).split(text[105])[:-1]]


def tagged(reply: Reply, *tags: str) -> list[str]:
    return ["*".join(one) for one in segments(reply) if one[0] in tags]


def acknowledgments(reading: Reading) -> list[Acknowledgment]:
    found: Sequence[Any] = [one for reply in reading.replies for one in (reply.document, *reply.further)]
    return [one for one in found if isinstance(one, Acknowledgment)]


def codes(reading: Reading) -> list[str]:
    return [finding.code for finding in reading.findings]


def test_an_order_is_read_and_its_group_accepted(read: Read, sample: Any) -> None:
    reading = read(sample.content)
    [incoming] = reading.documents
    assert (incoming.kind, incoming.accepted, incoming.sender) == ("PurchaseOrder", True, "northwind")
    assert isinstance(incoming.document, PurchaseOrder)
    assert incoming.document.number == "PO-1"
    assert incoming.document.usage == "production"
    assert incoming.document.lines[0].quantity.value == Decimal(24)
    assert incoming.place["set"] == "0001"
    begin, end = incoming.place["span"]
    assert sample.content[begin:end].startswith(b"ST*850*0001~")
    assert sample.content[begin:end].endswith(b"SE*6*0001~")
    [reply] = reading.replies
    assert reply.to == "northwind"
    assert tagged(reply, "AK1", "AK2", "AK5", "AK9") == ["AK1*PO*101", "AK2*850*0001", "AK5*A", "AK9*A*1*1*1"]
    assert (reading.syntax, codes(reading)) == ("x12", [])


def test_the_answer_goes_back_to_where_the_order_came_from(read: Read, sample: Any) -> None:
    [reply] = read(sample.content).replies
    isa, gs = segments(reply)[:2]
    assert [isa[5], isa[6].strip(), isa[7], isa[8].strip()] == ["ZZ", "CEDARSLATE", "ZZ", "NORTHWIND"]
    assert gs[1:4] == ["FA", "CEDARSLATE", "NORTHWIND"]
    assert gs[8] == "004010"


def test_an_answer_is_the_same_bytes_for_the_same_numbers_and_time(read: Read, sample: Any) -> None:
    [reply] = read(sample.content).replies
    assert tuple(reply.draft.counters) == ("northwind/interchange", "northwind/group")
    numbers = {"northwind/interchange": 12, "northwind/group": 34}
    first, again = reply.draft.render(numbers, AT), reply.draft.render(numbers, AT)
    assert first == again
    assert first.filename == "northwind_997_000000012.edi"
    assert first.control == {
        "interchange": "000000012",
        "group": "34",
        "set": "0001",
        "sets": ["0001"],
        "set_id": "997",
        "functional_id": "FA",
    }


def test_a_resend_under_new_control_numbers_has_another_transport_key_and_the_same_identity(
    read: Read, sample: Any
) -> None:
    [first] = read(sample.content).documents
    [again] = read(sample.but(control=102).content).documents
    assert first.transport_key != again.transport_key
    assert first.document is not None
    assert again.document is not None
    assert first.document.identity == again.document.identity


def test_the_same_control_number_with_other_content_has_the_same_transport_key(
    read: Read, sample: Any, order: Callable[..., list[str]]
) -> None:
    [first] = read(sample.content).documents
    [other] = read(sample.but(sets=[order(quantity="25")]).content).documents
    assert first.transport_key == other.transport_key
    assert first.document != other.document


def test_two_sets_of_one_interchange_have_different_transport_keys(
    read: Read, sample: Any, order: Callable[..., list[str]]
) -> None:
    documents = read(sample.but(sets=[order("A"), order("B")]).content).documents
    assert len({one.transport_key for one in documents}) == 2


# --- who sent it ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["harbor", None])
def test_a_forged_sender_takes_no_effect_and_gets_no_reply(read: Read, sample: Any, source: str | None) -> None:
    reading = read(sample.content, source)
    assert (reading.documents, reading.replies, codes(reading)) == ((), (), ["forged-sender"])
    assert reading.findings[0].where["interchange"] == "000000101"


def test_an_unknown_sender_takes_no_effect_and_gets_no_reply(read: Read, sample: Any) -> None:
    reading = read(sample.but(sender=("ZZ", "NOBODY"), wants="1").content)
    assert (reading.documents, reading.replies, codes(reading)) == ((), (), ["unknown-sender"])


def test_the_right_id_under_another_qualifier_is_an_unknown_sender(read: Read, sample: Any) -> None:
    assert codes(read(sample.but(sender=("01", "NORTHWIND")).content)) == ["unknown-sender"]


def test_what_is_addressed_to_somebody_else_is_refused_by_a_ta1(read: Read, sample: Any) -> None:
    reading = read(sample.but(receiver=("ZZ", "SOMEBODY")).content)
    assert codes(reading) == ["wrong-receiver"]
    assert [one.accepted for one in reading.documents] == [False]
    [reply] = reading.replies
    assert tagged(reply, "TA1", "AK1") == ["TA1*000000101*261120*0615*R*009"]


def test_a_forged_interchange_beside_a_true_one_takes_nothing_from_it(read: Read, sample: Any) -> None:
    forged = sample.but(sender=("01", "081234567"), control=9)
    reading = read(sample.content + forged.content)
    assert codes(reading) == ["forged-sender"]
    assert [one.accepted for one in reading.documents] == [True]
    assert [reply.to for reply in reading.replies] == ["northwind"]


# --- envelopes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code", "note"),
    [
        ({"iea_count": 2}, "interchange-count", "021"),
        ({"iea_control": 999}, "interchange-control-mismatch", "001"),
    ],
)
def test_a_bad_iea_lets_nothing_take_effect(
    read: Read, sample: Any, changes: dict[str, int], code: str, note: str
) -> None:
    reading = read(sample.but(**changes).content)
    assert codes(reading) == [code]
    assert [one.accepted for one in reading.documents] == [False]
    [reply] = reading.replies
    assert tagged(reply, "TA1", "AK1") == [f"TA1*000000101*261120*0615*R*{note}"]


def test_a_bad_iea_after_a_thousand_sets_lets_none_take_effect(
    read: Read, sample: Any, order: Callable[..., list[str]]
) -> None:
    reading = read(sample.but(sets=[order()] * 1000, iea_control=999).content)
    assert [one.accepted for one in reading.documents] == [False] * 1000
    [reply] = reading.replies
    assert tagged(reply, "TA1", "AK1") == ["TA1*000000101*261120*0615*R*001"]


@pytest.mark.parametrize(
    ("changes", "code", "ack"),
    [({"ge_count": 3}, "group-count", "5"), ({"ge_control": 999}, "group-control-mismatch", "4")],
)
def test_a_bad_ge_rejects_its_group(read: Read, sample: Any, changes: dict[str, int], code: str, ack: str) -> None:
    reading = read(sample.but(**changes).content)
    assert codes(reading) == [code]
    assert [one.accepted for one in reading.documents] == [False]
    [ak9] = tagged(reading.replies[0], "AK9")
    assert ak9.startswith("AK9*R*")
    assert ak9.endswith(f"*0*{ack}")


def test_a_bad_group_takes_nothing_from_the_next_interchange(read: Read, sample: Any) -> None:
    reading = read(sample.but(ge_count=3).content + sample.but(control=102).content)
    assert [one.accepted for one in reading.documents] == [False, True]


@pytest.mark.parametrize("changes", [{"iea_count": 2}, {"ge_count": 3}, {"se_count": 99}])
def test_a_tolerant_profile_lets_wrong_counts_pass_and_says_so(
    translator_of: Callable[..., Translator], read: Read, sample: Any, changes: dict[str, int]
) -> None:
    reading = read(sample.but(**changes).content, using=translator_of(envelope="tolerant"))
    [incoming] = reading.documents
    assert incoming.accepted
    assert incoming.document is not None
    assert [*reading.findings, *incoming.findings]
    [acknowledgment] = [one for one in acknowledgments(reading) if one.level == "group"]
    assert acknowledgment.verdict in ("accepted", "accepted_with_errors")


def test_what_is_tolerated_in_a_group_is_accepted_with_its_error_noted(
    translator_of: Callable[..., Translator], read: Read, sample: Any
) -> None:
    [reply] = read(sample.but(ge_count=3).content, using=translator_of(envelope="tolerant")).replies
    assert tagged(reply, "AK5", "AK9") == ["AK5*A", "AK9*E*3*1*1*5"]


@pytest.mark.parametrize("envelope", ["strict", "tolerant"])
@pytest.mark.parametrize("lost", [b"IEA*", b"GE*", b"SE*"])
def test_a_truncated_interchange_takes_no_effect_however_tolerant_the_profile(
    translator_of: Callable[..., Translator], read: Read, sample: Any, lost: bytes, envelope: str
) -> None:
    content = sample.content[: sample.content.index(lost)]
    reading = read(content, using=translator_of(envelope=envelope))
    assert [one.accepted for one in reading.documents] == [False]
    assert "interchange-trailer-missing" in codes(reading)
    [acknowledgment] = acknowledgments(reading)
    assert (acknowledgment.type, acknowledgment.verdict, acknowledgment.codes) == ("TA1", "rejected", ("023",))


@pytest.mark.parametrize("content", [b"", b"hello", b"{}", b"UNB+UNOA:1+A+B+260101:1200+1'", b"\x00" * 500])
def test_what_is_no_x12_is_a_finding_and_nothing_else(read: Read, content: bytes) -> None:
    reading = read(content)
    assert (reading.documents, reading.replies, codes(reading)) == ((), (), ["not-x12"])


def test_a_group_without_an_isa_has_no_sender(read: Read, sample: Any) -> None:
    content = sample.content[sample.content.index(b"GS*") :]
    reading = read(content)
    assert (reading.documents, reading.replies) == ((), ())
    assert "unknown-sender" in codes(reading)


# --- syntax and business faults ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"date": "20261320"}, ["AK3*BEG*2**8", "AK4*5*373*8*20261320", "AK5*R*5"]),
        ({"quantity": "many"}, ["AK3*PO1*4**8", "AK4*2*330*6*many", "AK5*R*5"]),
        ({"number": ""}, ["AK3*BEG*2**8", "AK4*3*324*1", "AK5*R*5"]),
    ],
)
def test_a_bad_element_rejects_its_set_and_says_where(
    read: Read, sample: Any, order: Callable[..., list[str]], changes: Any, expected: list[str]
) -> None:
    reading = read(sample.but(sets=[order(**changes), order("GOOD")]).content)
    assert [one.accepted for one in reading.documents] == [False, True]
    assert reading.documents[0].document is None
    [reply] = reading.replies
    said = tagged(reply, "AK3", "AK4", "AK5")
    assert said == [*expected, "AK5*A"]
    assert tagged(reply, "AK9") == ["AK9*P*2*2*1"]


def test_a_wrong_segment_count_rejects_the_set(read: Read, sample: Any) -> None:
    reading = read(sample.but(se_count=99).content)
    assert [one.accepted for one in reading.documents] == [False]
    assert tagged(reading.replies[0], "AK5", "AK9") == ["AK5*R*4", "AK9*R*1*1*0"]


def test_a_set_this_partner_does_not_send_is_rejected_as_unsupported(read: Read, sample: Any) -> None:
    reading = read(sample.but(set_id="856", functional_id="SH", sets=[["BSN*00*1*20261120*0615"]]).content)
    [incoming] = reading.documents
    assert (incoming.accepted, incoming.document) == (False, None)
    assert tagged(reading.replies[0], "AK2", "AK5") == ["AK2*856*0001", "AK5*R*1"]


@pytest.mark.parametrize(
    ("grammar", "expected"),
    [
        ({"elements": {"BEG02": {"codes": ["NE"]}}}, ["AK3*BEG*2**8", "AK4*2*92*7*SA", "AK5*R*5"]),
        ({"elements": {"PO105": {"required": True}}}, ["AK3*PO1*4**8", "AK4*5*639*1", "AK5*R*5"]),
        ({"elements": {"PO111": {"required": True}}}, ["AK3*PO1*4**8", "AK4*10*235*1", "AK4*11*234*1", "AK5*R*5"]),
        (
            {"elements": {"BEG02": {"codes": ["SA"]}, "PO107": {"required": True}, "PO104": {"required": True}}},
            ["AK5*A"],
        ),
    ],
)
def test_what_a_partner_promised_beyond_the_standard_is_held_against_it(
    translator_of: Callable[..., Translator], read: Read, sample: Any, grammar: Any, expected: list[str]
) -> None:
    [reply] = read(sample.content, using=translator_of(grammar=grammar)).replies
    assert tagged(reply, "AK3", "AK4", "AK5") == expected


@pytest.mark.parametrize("changes", [{"quantity": "-5"}, {"quantity": "0"}, {"unit": "ZZ"}])
def test_a_business_fault_is_never_told_by_the_997(
    read: Read, sample: Any, order: Callable[..., list[str]], changes: dict[str, str]
) -> None:
    reading = read(sample.but(sets=[order(**changes)]).content)
    assert reading.documents[0].accepted
    assert tagged(reading.replies[0], "AK5", "AK9") == ["AK5*A", "AK9*A*1*1*1"]


# --- usage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("usage", "expected"), [("P", "production"), ("T", "test"), ("I", "test")])
def test_only_isa15_p_is_production(read: Read, sample: Any, usage: str, expected: str) -> None:
    reading = read(sample.but(usage=usage).content)
    assert reading.documents[0].document is not None
    assert reading.documents[0].document.usage == expected
    assert segments(reading.replies[0])[0][15] == usage


def test_a_partner_being_set_up_sends_tests_whatever_its_isa_says(
    translator_of: Callable[..., Translator], read: Read, sample: Any
) -> None:
    [incoming] = read(sample.content, using=translator_of(usage="test")).documents
    assert incoming.document is not None
    assert incoming.document.usage == "test"


# --- what is answered -------------------------------------------------------------------------------------------------


def test_several_groups_and_interchanges_of_a_sender_are_answered_in_one_interchange(read: Read, sample: Any) -> None:
    reading = read(sample.content + sample.but(control=102).content)
    [reply] = reading.replies
    assert tagged(reply, "AK1") == ["AK1*PO*101", "AK1*PO*102"]
    assert tagged(reply, "ST", "GE", "IEA") == ["ST*997*0001", "ST*997*0002", "GE*2*7", "IEA*1*000000007"]
    assert [one.number for one in acknowledgments(reading)] == ["101", "102"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (({}, "0"), ["997"]),
        (({}, "1"), ["TA1", "997"]),
        (({"interchange": "always"}, "0"), ["TA1", "997"]),
        (({"interchange": "never"}, "1"), ["997"]),
        (({"functional": "999"}, "0"), ["999"]),
        (({"functional": "none"}, "0"), []),
        (({"functional": "none"}, "1"), ["TA1"]),
    ],
)
def test_the_profile_says_how_a_partner_is_answered(
    translator_of: Callable[..., Translator], read: Read, sample: Any, asked: tuple[Any, str], expected: list[str]
) -> None:
    policy, wants = asked
    reading = read(sample.but(wants=wants).content, using=translator_of(acknowledge=policy))
    assert [one.type for one in acknowledgments(reading)] == expected
    assert len(reading.replies) == min(len(expected), 1)


def test_an_acknowledgment_is_read_and_never_answered(read: Read, sample: Any) -> None:
    ack = ["AK1*PR*12", "AK2*855*0001", "AK3*BAK*2**8", "AK4*2*587*7*XX", "AK5*R*5", "AK9*R*1*1*0"]
    reading = read(sample.but(set_id="997", functional_id="FA", sets=[ack], wants="1").content)
    assert reading.replies == ()
    [incoming] = reading.documents
    document = incoming.document
    assert isinstance(document, Acknowledgment)
    assert (document.level, document.functional_id, document.number) == ("group", "PR", "12")
    assert document.verdict == "rejected"
    assert document.sets[0].control_number == "0001"
    assert document.sets[0].faults[0].segment == 2


def test_a_ta1_is_read_and_never_answered(read: Read, sample: Any) -> None:
    content = sample.content
    isa, iea = content[: content.index(b"GS*")], b"IEA*0*000000101~"
    reading = read(isa + b"TA1*000000012*261119*1200*R*020~" + iea)
    assert reading.replies == ()
    [incoming] = reading.documents
    assert isinstance(incoming.document, Acknowledgment)
    assert (incoming.document.type, incoming.document.number) == ("TA1", "000000012")
    assert (incoming.document.verdict, incoming.document.codes) == ("rejected", ("020",))


def test_two_senders_in_one_file_get_each_their_own_answer(
    translator_of: Callable[..., Translator], read: Read, sample: Any
) -> None:
    harbor = sample.but(sender=("01", "081234567"), control=55, element="|", terminator="\n")
    reading = read(sample.content + harbor.content, "harbor", translator_of(brought_by=["harbor"]))
    assert [(one.sender, one.accepted) for one in reading.documents] == [("northwind", True), ("harbor", True)]
    assert [reply.to for reply in reading.replies] == ["northwind", "harbor"]
    for reply, receiver, group, form in zip(
        reading.replies, ("NORTHWIND", "081234567"), ("101", "55"), ("997", "999"), strict=True
    ):
        assert segments(reply)[0][8].strip() == receiver
        assert [one[2] for one in segments(reply) if one[0] == "AK1"] == [group]
        assert [one[1] for one in segments(reply) if one[0] == "ST"] == [form]
        assert tuple(reply.draft.counters) == (f"{reply.to}/interchange", f"{reply.to}/group")


def test_a_warehouse_order_that_names_no_node_is_for_its_receiver(
    library: MapLibrary, profiles: dict[str, dict[str, Any]], sample: Any
) -> None:
    sender = Profile.model_validate({**profiles["northwind"], "sends": {"940": "x12/940"}})
    body = ["W05*N*35131*PO-7", "LX*1", "W01*1*EA*000100022220*VC*110220", "W76*1"]
    content = sample.but(set_id="940", functional_id="OW", sets=[body]).content
    ours = InterchangeIdentity(qualifier="ZZ", id="CEDARSLATE", group="CEDARSLATE")
    reading = Translator(partners_of([sender], ours), library).read(content, "northwind", {}, AT)
    [incoming] = reading.documents
    assert isinstance(incoming.document, FulfilmentOrder)
    assert incoming.document.node == "CEDARSLATE"


def test_an_interchange_without_a_component_separator_is_read_whole(read: Read, sample: Any) -> None:
    segments = [*sample.sets[0][:-1], "SLN*1**I*2*EA*5", "CTT*1"]
    content = sample.but(sets=[segments]).content.replace(b"*P*>~", b"*P*A~")
    [incoming] = read(content).documents
    assert isinstance(incoming.document, PurchaseOrder)
    assert incoming.document.lines[0].components[0].quantity.unit == "EA"


@pytest.mark.parametrize(("functional", "tag"), [("997", "AK4"), ("999", "IK4")])
@pytest.mark.parametrize("said", ["4111111111111111", "card 4111 1111 1111 1111"])
def test_a_card_number_in_a_bad_element_is_not_said_back(
    sample: Any, translator_of: Callable[..., Translator], functional: str, tag: str, said: str
) -> None:
    translator = translator_of(acknowledge={"functional": functional})
    bad = [f"PO1*1*24*{said}*18.95**VN*CS-1001" if one.startswith("PO1") else one for one in sample.sets[0]]
    reading = translator.read(sample.but(sets=[bad]).content, "northwind", {}, AT)
    [reply] = reading.replies
    [note] = tagged(reply, tag)
    shown = hidden_text(said, "X")
    assert note.endswith(f"*{shown}")
    assert "XX" in shown
    [fault] = acknowledgments(reading)[0].sets[0].faults
    assert fault.value == hidden_text(said)
    assert not holds_card((fault.message or "").encode())


def test_an_order_for_a_purpose_nobody_knows_is_no_order_to_fill(read: Read, sample: Any) -> None:
    draft = ["BEG*24*SA*PO-1**20261120", *sample.sets[0][1:]]
    [incoming] = read(sample.but(sets=[draft]).content).documents
    [finding] = [one for one in incoming.findings if one.severity == "error"]
    assert (finding.code, finding.where["tag"], finding.where["element"]) == ("code-unmapped", "BEG", 1)
