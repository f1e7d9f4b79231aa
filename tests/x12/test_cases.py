"""Every sample and its answer, byte for byte; every faulty twin and the fault it is named for."""

from datetime import datetime
from pathlib import Path

import pytest

from connectors.syntax.x12 import (
    AcknowledgmentPolicy,
    ControlNumbers,
    GroupEnd,
    InterchangeEnd,
    Stray,
    TransactionSet,
    acknowledge,
    read,
    render,
)
from connectors.syntax.x12.faults import READING

REPEATED = {
    "set-control-invalid",
    "set-identifier",
    "group-identifier",
    "group-control-invalid",
    "group-version",
    "interchange-id",
    "interchange-qualifier",
}
CASES = Path(__file__).parent / "cases"
LINES = AcknowledgmentPolicy(line_ends="\n")


def findings_of(content: bytes) -> list[str]:
    found = []
    for event in read(content):
        if isinstance(event, TransactionSet | GroupEnd | InterchangeEnd):
            found += [finding.code for finding in event.findings]
        elif isinstance(event, Stray):
            found.append(event.finding.code)
    return found


def answers_to(content: bytes, at: datetime) -> bytes:
    ends = [event for event in read(content) if isinstance(event, InterchangeEnd)]
    answers = [answer for end in ends if (answer := acknowledge(end, LINES))]
    numbered = enumerate(answers, 501)
    return b"".join(render(answer, at=at, control=ControlNumbers(n, n)).content for n, answer in numbered)


def test_the_answer_is_exactly_the_expected_one(case: Path, at: datetime) -> None:
    assert answers_to(case.read_bytes(), at) == case.with_suffix(".ack.edi").read_bytes()


def test_our_answer_is_itself_without_fault(case: Path, at: datetime) -> None:
    if case.stem.partition(".")[2] in REPEATED:
        pytest.skip("the answer must repeat the bad value as it was, which is bad there too")
    answers = answers_to(case.read_bytes(), at)
    assert set(findings_of(answers)) <= {"release-nearest"} or answers == b""


def test_a_faulty_twin_has_the_fault_it_is_named_for_and_no_other(faulty: Path) -> None:
    named = faulty.stem.partition(".")[2]
    assert set(findings_of(faulty.read_bytes())) == {named}


def test_every_fault_there_is_has_a_case() -> None:
    named = {path.stem.partition(".")[2] for path in CASES.glob("*.*.edi") if not path.name.endswith(".ack.edi")}
    assert named == set(READING)


def test_a_sample_without_a_fault_in_its_name_has_none(case: Path) -> None:
    if "." not in case.stem and case.stem != "850-partly-accepted":
        assert findings_of(case.read_bytes()) == []
