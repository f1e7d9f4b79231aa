"""The interchange header: finding it, and the delimiters it declares, even where its widths are wrong."""

import re
from collections.abc import Iterator, Sequence

from canonical.finding import Finding
from connectors.syntax.x12.delimiters import Delimiters
from connectors.syntax.x12.faults import fault

HEADER = re.compile(rb"I[\r\n]*S[\r\n]*A(?=[\r\n]*[^A-Za-z0-9\r\n ])")
BARE = re.compile(rb"(?:GS|ST)(?=[^A-Za-z0-9\r\n ])")
WINDOW = 600
"""Bytes in which a header must end; a right one has 106."""

_NAMES = (
    "",
    "Authorization Information Qualifier",
    "Authorization Information",
    "Security Information Qualifier",
    "Security Information",
    "Sender ID Qualifier",
    "Sender ID",
    "Receiver ID Qualifier",
    "Receiver ID",
    "Date",
    "Time",
    "Repetition Separator or Standards Identifier",
    "Version Number",
    "Control Number",
    "Acknowledgment Requested",
    "Usage Indicator",
    "Component Element Separator",
)
_WIDTHS = (3, 2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
_QUALIFIERS = {f"{number:02}" for number in range(1, 39)} - {"05", "06"} | {"AM", "NR", "SA", "SN", "ZZ"}
_MONTH_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_CONTENTS = (
    (1, r"0[0-6]", "interchange-authorization"),
    (3, r"0[01]", "interchange-security"),
    (9, rf"\d\d{_MONTH_DAY}", "interchange-date"),
    (10, r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?", "interchange-time"),
    (12, r"\d{5}", "interchange-version"),
    (12, r"(?!\d{5}$).*|00[2-8]\d\d", "interchange-version-unsupported"),
    (13, r"\d{1,9}", "interchange-control-invalid"),
    (14, "[01]", "interchange-request"),
    (15, "[PTI]", "interchange-usage"),
)
"""What may stand in elements of an ISA, and the fault of all else (X12.5)."""
_SERVICES = {
    "ISB": ((1, r"[0-9A-Z]", "interchange-grade"),),
    "ISE": (
        (1, rf"\d\d{_MONTH_DAY}", "interchange-delivery-date"),
        (2, r"(?:[01]\d|2[0-3])[0-5]\d", "interchange-delivery-time"),
        (3, r"[0-9A-Z]{2}", "interchange-delivery-zone"),
    ),
}
"""What a network is asked for after an ISA: a grade of service, a later delivery."""


def read_header(window: bytes) -> tuple[list[str], Delimiters, int] | None:
    """Elements, delimiters and length of the header `window` begins with; None when it cannot be one.

    The sixteenth separator is followed by the component separator and the terminator. Where there are not sixteen, the
    next segment's tag says where the header ends.
    """
    joined = HEADER.match(window)
    assert joined is not None
    start = joined.end()
    while window[start : start + 1] in (b"\r", b"\n"):
        start += 1
    separator = window[start : start + 1]
    end = _end(window, separator)
    if end is None:
        return None
    terminator = window[end : end + 1]
    lead = _lead(window, end)
    end -= len(lead)
    drop = bytes(char for char in b"\r\n" if bytes([char]) != terminator)
    text = window[:end].translate(None, drop)
    elements = text.decode("latin-1").split(separator.decode("latin-1"))
    last = elements[16].strip() if len(elements) > 16 else ""
    component = last[:1] if not last[:1].isalnum() and last[:1] != chr(terminator[0]) else ""
    repetition = elements[11].strip() if len(elements) > 11 else ""
    if len(repetition) != 1 or repetition.isalnum() or repetition in (component, chr(separator[0])):
        repetition = ""
    return elements, Delimiters(chr(separator[0]), chr(terminator[0]), component, repetition, lead), end + len(lead) + 1


def _lead(window: bytes, end: int) -> bytes:
    """The bytes before `end` that belong to the terminator, when it is one UTF-8 character of several bytes."""
    for length in (1, 2, 3):
        whole = window[end - length : end + 1]
        if whole[0] >= 0xC2 and len(whole.decode("utf-8", "ignore")) == 1 and not whole[1:].isascii():
            return whole[:-1]
    return b""


def _end(window: bytes, separator: bytes) -> int | None:
    """Where the terminator stands."""
    at = -1
    for _ in range(16):
        at = window.find(separator, at + 1)
        if at < 0:
            return None
    after = at + 1
    while window[after : after + 1] in (b"\r", b"\n") and _leads_on(window, after + 1, separator) is False:
        after += 1
    for candidate in (after + 1, after):
        if candidate < len(window) and _leads_on(window, candidate + 1, separator):
            return candidate
    follower = re.search(rb"(?:GS|TA1|IEA)(?=" + re.escape(separator) + rb")", window)
    if follower:
        head = window[: follower.start()].rstrip(b" \t\r\n")
        return len(head) - 1 if not head[-1:].isalnum() and head[-1:] != separator else len(head)
    return after + 1 if after + 1 < len(window) else None


def _leads_on(window: bytes, at: int, separator: bytes) -> bool:
    """Whether a segment that may follow a header stands here."""
    rest = window[at : at + 24].lstrip(b" \t\r\n")
    return rest.startswith((b"GS" + separator, b"TA1" + separator, b"IEA" + separator, b"IS"))


def guess_delimiters(window: bytes) -> Delimiters | None:
    """Delimiters of a text that begins with GS or ST; None when it is neither."""
    separator = re.escape(window[2:3])
    gs = rb"GS(?:" + separator + rb"[^\r\n]*?){7}" + separator + rb"[0-9A-Z]{1,12}([^0-9A-Z])"
    st = rb"ST" + separator + rb"[0-9]{3}" + separator + rb"[0-9A-Za-z]{1,9}([^0-9A-Za-z])"
    match = re.match(gs, window) or re.match(st, window)
    if not match:
        return None
    terminator = "\n" if match[1] == b"\r" else match[1].decode("latin-1")
    return Delimiters(window[2:3].decode("latin-1"), terminator, "", "")


def header_findings(elements: Sequence[str], delimiters: Delimiters) -> Iterator[Finding]:
    """What is wrong with an ISA, in the order of its elements (X12.5)."""
    control = elements[13].strip() if len(elements) > 13 else ""
    where: dict[str, int | str] = {"interchange": control, "segment": 1, "tag": "ISA"}
    if len(elements) != len(_WIDTHS):
        yield fault("interchange-header", where, count=len(elements) - 1)
        return
    for number, width in enumerate(_WIDTHS[1:], 1):
        if len(elements[number]) != width:
            at = {**where, "element": number}
            yield fault("interchange-width", at, name=_NAMES[number], count=len(elements[number]), most=width)
    yield from _addresses([one.strip() for one in elements], where)
    yield from _contents([one.strip() for one in elements], where)
    if elements[16].strip()[:1] in (delimiters.segment, delimiters.repetition) and elements[16].strip():
        yield fault("interchange-delimiters", {**where, "element": 16}, value=elements[16].strip())


def _addresses(values: Sequence[str], where: dict[str, int | str]) -> Iterator[Finding]:
    for number, ack in ((5, "005"), (7, "007")):
        if values[number] not in _QUALIFIERS:
            at = {**where, "element": number}
            yield fault("interchange-qualifier", at, name=_NAMES[number], value=values[number], ack=ack)
    for number, ack in ((6, "006"), (8, "008")):
        if not values[number]:
            yield fault("interchange-id", {**where, "element": number}, name=_NAMES[number], ack=ack)


def _contents(values: Sequence[str], where: dict[str, int | str]) -> Iterator[Finding]:
    yield from _unmatched(values, _CONTENTS, where)
    for number, code in ((1, "interchange-authorization-value"), (3, "interchange-security-value")):
        if values[number] not in ("", "00") and not values[number + 1]:
            yield fault(code, {**where, "element": number + 1}, value=values[number])
    if values[12] < "00402" and values[11] != "U":
        yield fault("interchange-standard", {**where, "element": 11}, value=values[11])
    if len(values[16]) != 1 or values[16].isalnum():
        yield fault("interchange-component", {**where, "element": 16}, value=values[16])


def service_findings(elements: Sequence[str], where: dict[str, int | str]) -> Iterator[Finding]:
    """What is wrong with an ISB or ISE."""
    values = [*(one.strip() for one in elements), "", "", ""]
    yield from _unmatched(values, _SERVICES[values[0]], where)


def _unmatched(
    values: Sequence[str], rules: Sequence[tuple[int, str, str]], where: dict[str, int | str]
) -> Iterator[Finding]:
    for number, pattern, code in rules:
        if not re.fullmatch(pattern, values[number]):
            yield fault(code, {**where, "element": number}, value=values[number])
