"""Who is answered, how, and when nobody is."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from connectors.syntax.x12 import (
    AcknowledgmentPolicy,
    ControlNumbers,
    Delimiters,
    InterchangeEnd,
    OutgoingInterchange,
    Profile,
    TransactionSet,
    acknowledge,
    read,
    reader,
    render,
)


def answers(
    content: bytes, policy: AcknowledgmentPolicy | None = None, profile: Profile | None = None
) -> list[OutgoingInterchange]:
    def found() -> Iterator[OutgoingInterchange]:
        for event in read(content, profile or Profile()):
            if isinstance(event, InterchangeEnd):
                answer = acknowledge(event, policy or AcknowledgmentPolicy())
                if answer:
                    yield answer

    return list(found())


def written(answer: OutgoingInterchange, at: datetime) -> str:
    return render(answer, at=at, control=ControlNumbers(7, 7)).content.decode()


def test_each_sender_gets_its_own_answer_addressed_back(order: bytes) -> None:
    other = order.replace(b"14*0123456789012", b"ZZ*GLOBEX       ").replace(b"ACME*CROSSDOCK", b"GLX*CROSSDOCK")
    first, second = answers(order + other)
    assert (first.sender, first.receiver) == (("ZZ", "CROSSDOCK"), ("14", "0123456789012"))
    assert (second.sender, second.receiver) == (("ZZ", "CROSSDOCK"), ("ZZ", "GLOBEX"))
    assert [(group.sender, group.receiver) for group in second.groups] == [("CROSSDOCK", "GLX")]


def test_each_group_gets_one_set(order: bytes) -> None:
    start, end = order.index(b"GS*"), order.index(b"IEA*")
    two = order[:end] + order[start:end].replace(b"*1001*X", b"*1002*X").replace(b"GE*1*1001", b"GE*1*1002")
    (answer,) = answers(two + order[end:].replace(b"IEA*1", b"IEA*2"))
    assert len(answer.groups) == 2
    assert [group.sets[0].root.children["AK1"][0][2] for group in answer.groups] == ["1001", "1002"]


@pytest.mark.parametrize("kind", ["997", "999"])
def test_an_acknowledgment_is_never_answered(order: bytes, at: datetime, kind: str) -> None:
    policy = AcknowledgmentPolicy(kind=kind)  # type: ignore[arg-type]
    (answer,) = answers(order, policy)
    assert answers(written(answer, at).encode(), policy) == []


def test_999_follows_its_own_version(order: bytes, at: datetime) -> None:
    (answer,) = answers(order.replace(b"CUR*BY*USD", b"CUR*BY*US"), AcknowledgmentPolicy(kind="999"))
    text = written(answer, at)
    assert (
        "*005010X231A1~ST*999*0001*005010X231A1~AK1*PO*1001*004010~AK2*850*0001~IK3*CUR*3**8~IK4*2*100*4*US~IK5*R*5~"
        in text
    )


def test_a_rejected_envelope_is_answered_by_a_ta1_alone(order: bytes, at: datetime) -> None:
    (answer,) = answers(order.replace(b"IEA*1*000001001", b"IEA*1*000009999"))
    assert "TA1*000001001*261121*0830*R*001~IEA*0*" in written(answer, at)
    assert answer.groups == []


@pytest.mark.parametrize(("version", "note"), [(b"00901", "003"), (b"0040X", "017")])
def test_a_version_nobody_reads_is_told_from_one_that_is_none(
    order: bytes, at: datetime, version: bytes, note: str
) -> None:
    (answer,) = answers(order.replace(b"*U*00401*", b"*U*" + version + b"*"))
    assert f"TA1*000001001*261121*0830*R*{note}~" in written(answer, at)


def test_a_ta1_is_sent_when_it_is_asked_for(order: bytes, at: datetime) -> None:
    (answer,) = answers(order.replace(b"*0*P*>", b"*1*P*>"))
    assert "TA1*000001001*261121*0830*A*000~GS*FA*" in written(answer, at)


def test_a_tolerated_fault_is_accepted_with_errors(order: bytes, at: datetime) -> None:
    profile = Profile(tolerated=frozenset({"element-short"}))
    (answer,) = answers(order.replace(b"CUR*BY*USD", b"CUR*BY*US"), profile=profile)
    text = written(answer, at)
    assert "AK4*2*100*4*US~AK5*E*5~AK9*E*1*1*1~" in text


def test_the_answer_follows_the_inbound_delimiters_unless_told_otherwise(order: bytes, at: datetime) -> None:
    other = order.replace(b"*", b"|").replace(b"~\n", b"\x1c").replace(b">", b"<")
    (followed,) = answers(other)
    assert written(followed, at).startswith("ISA|00|")
    (fixed,) = answers(other, AcknowledgmentPolicy(delimiters=Delimiters("+", "'", ":", "")))
    assert written(fixed, at).startswith("ISA+00+")


def test_the_same_time_and_numbers_give_the_same_bytes(order: bytes, at: datetime) -> None:
    (answer,) = answers(order)
    assert written(answer, at) == written(answer, at)


def test_accepted_sets_may_be_left_out(order: bytes) -> None:
    (answer,) = answers(order, AcknowledgmentPolicy(detail=False))
    assert len(answer.groups[0].sets[0].root.children["AK2"]) == 0


def test_a_partners_997_is_read_into_a_tree(at: datetime) -> None:
    content = (Path(__file__).parent / "cases" / "850.element-date.ack.edi").read_bytes()
    (one,) = [event for event in read(content) if isinstance(event, TransactionSet)]
    response = one.root.children["AK2"][0]
    note = response.children["AK3"][0]
    assert (note[1], note[2], note.children["AK4"][0][3]) == ("DTM", "10", "8")
    assert one.root.children["AK9"][0][1] == "R"


def test_of_a_very_bad_interchange_each_further_set_keeps_its_first_fault(
    order: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_MOST_KEPT", 2)
    start, end = order.index(b"ST*"), order.index(b"GE*")
    bad = order[start:end].replace(b"CUR*BY*USD", b"CUR*BY*US").replace(b"REF*DP", b"REF*??")
    second = bad.replace(b"*0001~", b"*0002~")
    (answer,) = answers(order[:start] + bad + second + order[end:].replace(b"GE*1", b"GE*2"))
    sets = answer.groups[0].sets[0].root.children["AK2"]
    assert [len(one.children["AK3"]) for one in sets] == [2, 1]
    assert [one.children["AK5"][0].elements for one in sets] == [["AK5", "R", "5"]] * 2


def test_the_repetition_of_a_bad_element_is_told_where_the_release_knows_it(at: datetime) -> None:
    content = (Path(__file__).parent / "cases" / "850-005010.edi").read_bytes()
    (answer,) = answers(content.replace(b"REF*IA*112233", b"REF*IA*1\x01^2"))
    notes = answer.groups[0].sets[0].root.children["AK2"][0].children["AK3"][0].children["AK4"]
    assert [note.elements for note in notes] == [["AK4", "2", "127", "12", ""], ["AK4", "2::1", "127", "6", ""]]
