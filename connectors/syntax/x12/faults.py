"""Every fault there is: its code, what an acknowledgment says of it, and its sentence.

Acknowledgment codes are those of X12 elements 720 (AK304), 723 (AK403), 718 (AK502), 716 (AK905) and I18 (TA105); the
999's IK3, IK4 and IK5 share them. They are the newest release's: what an older 997 says instead is known where it is
written.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from canonical.finding import Finding, Severity


@dataclass(frozen=True, slots=True)
class Fault:
    place: str
    code: str
    sentence: str
    severity: Severity = "error"


READING: Mapping[str, Fault] = {
    # elements
    "element-missing": Fault("AK403", "1", "{at} ({name}) is mandatory and missing"),
    "element-conditional": Fault("AK403", "2", "{at} ({name}) is missing: {note}"),
    "element-excess": Fault("AK403", "3", "{at}: the segment has {count} elements, its grammar knows {most}"),
    "element-short": Fault("AK403", "4", "{at} ({name}) {value!r} is shorter than {least}"),
    "element-long": Fault("AK403", "5", "{at} ({name}) {value!r} is longer than {most}"),
    "element-character": Fault("AK403", "6", "{at} ({name}) {value!r} has a character that type {type} does not allow"),
    "element-code": Fault("AK403", "7", "{at} ({name}) {value!r} is not in the element's code list"),
    "element-date": Fault("AK403", "8", "{at} ({name}) {value!r} is no date"),
    "element-time": Fault("AK403", "9", "{at} ({name}) {value!r} is no time"),
    "element-excluded": Fault("AK403", "10", "{at} ({name}) must not stand here: {note}"),
    "element-repeated": Fault("AK403", "12", "{at} ({name}) is repeated {count} times, {most} allowed"),
    "component-excess": Fault("AK403", "13", "{at} ({name}) has {count} components, {most} allowed"),
    # segments
    "segment-unknown": Fault("AK304", "1", "{tag} is no segment of release {release}"),
    "segment-unexpected": Fault("AK304", "2", "{tag} has no place here"),
    "segment-missing": Fault("AK304", "3", "{tag} is mandatory and missing{within}"),
    "loop-excess": Fault("AK304", "4", "the {tag} loop occurs more than {most} times"),
    "segment-excess": Fault("AK304", "5", "{tag} occurs more than {most} times"),
    "segment-undefined": Fault("AK304", "6", "{tag} is not in transaction set {set}"),
    "segment-misplaced": Fault("AK304", "7", "{tag} is out of order: it belongs before this point"),
    "segment-empty": Fault("AK304", "1", "an empty segment was skipped", "warning"),
    # transaction sets
    "set-unsupported": Fault("AK502", "1", "there is no grammar for transaction set {set} in {release}"),
    "set-trailer-missing": Fault("AK502", "2", "the set has no SE"),
    "set-control-mismatch": Fault("AK502", "3", "SE02 {trailer!r} is not ST02 {header!r}"),
    "set-count": Fault("AK502", "4", "SE01 says {said} segments, there are {count}"),
    "set-wrong-group": Fault("AK502", "18", "transaction set {set} belongs in a group of {own!r}, not {group!r}"),
    "set-identifier": Fault("AK502", "6", "ST01 {set!r} is no transaction set identifier"),
    "set-control-invalid": Fault("AK502", "7", "ST02 {value!r} is no control number (4 to 9 characters)"),
    "set-control-duplicate": Fault("AK502", "23", "ST02 {value!r} stands twice in its group"),
    # groups
    "group-identifier": Fault("AK905", "1", "GS01 {value!r} is no functional identifier (two capital letters)"),
    "group-version": Fault("AK905", "2", "GS08 {value!r} is no version"),
    "group-trailer-missing": Fault("AK905", "3", "the group has no GE"),
    "group-control-mismatch": Fault("AK905", "4", "GE02 {trailer!r} is not GS06 {header!r}"),
    "group-count": Fault("AK905", "5", "GE01 says {said} transaction sets, there are {count}"),
    "group-control-invalid": Fault("AK905", "6", "GS06 {value!r} is no control number (1 to 9 digits)"),
    "group-control-duplicate": Fault("AK905", "19", "GS06 {value!r} stands twice in its interchange"),
    "group-header-missing": Fault("TA105", "022", "{tag} stands outside any functional group"),
    "group-content": Fault("AK905", "5", "{tag} stands in the group outside any transaction set"),
    "interchange-content": Fault("TA105", "024", "{tag} stands outside any functional group"),
    "group-trailer-alone": Fault("TA105", "022", "GE without GS"),
    # interchanges
    "interchange-control-mismatch": Fault("TA105", "001", "IEA02 {trailer!r} is not ISA13 {header!r}"),
    "interchange-control-format": Fault(
        "TA105", "001", "IEA02 {trailer!r} is ISA13 {header!r} written otherwise", "warning"
    ),
    "interchange-authorization": Fault("TA105", "010", "ISA01 {value!r} is no authorization qualifier", "warning"),
    "interchange-authorization-value": Fault("TA105", "011", "ISA02 is empty, though ISA01 is {value!r}", "warning"),
    "interchange-security": Fault("TA105", "012", "ISA03 {value!r} is no security qualifier", "warning"),
    "interchange-security-value": Fault("TA105", "013", "ISA04 is empty, though ISA03 is {value!r}", "warning"),
    "interchange-standard": Fault("TA105", "016", "ISA11 {value!r} is not U (before 004020)", "warning"),
    "interchange-version": Fault("TA105", "017", "ISA12 {value!r} is no interchange version"),
    "interchange-version-unsupported": Fault("TA105", "003", "ISA12 {value!r} is a version that nobody here reads"),
    "interchange-control-invalid": Fault("TA105", "018", "ISA13 {value!r} is no control number (9 digits)"),
    "interchange-usage": Fault("TA105", "020", "ISA15 {value!r} is neither P nor T (I)"),
    "interchange-request": Fault("TA105", "019", "ISA14 {value!r} is neither 0 nor 1", "warning"),
    "interchange-count": Fault("TA105", "021", "IEA01 says {said} functional groups, there are {count}"),
    "interchange-qualifier": Fault("TA105", "{ack}", "{at} ({name}) {value!r} is no interchange qualifier"),
    "interchange-id": Fault("TA105", "{ack}", "{at} ({name}) is empty"),
    "interchange-date": Fault("TA105", "014", "ISA09 {value!r} is no date (YYMMDD)"),
    "interchange-time": Fault("TA105", "015", "ISA10 {value!r} is no time (HHMM)"),
    "interchange-width": Fault("TA105", "022", "{at} ({name}) is {count} characters wide, not {most}", "warning"),
    "interchange-header": Fault("TA105", "022", "ISA has {count} elements, not 16"),
    "interchange-trailer-missing": Fault("TA105", "023", "the interchange has no IEA"),
    "interchange-header-missing": Fault("TA105", "022", "{tag} without ISA: delimiters are guessed"),
    "interchange-terminator": Fault("TA105", "004", "the last segment has no terminator", "warning"),
    "interchange-delimiters": Fault("TA105", "026", "two delimiters are the same character: {value}"),
    "interchange-component": Fault("TA105", "027", "ISA16 {value!r} can separate no components", "warning"),
    "interchange-delivery-date": Fault("TA105", "028", "ISE01 {value!r} is no date (YYMMDD)", "warning"),
    "interchange-delivery-time": Fault("TA105", "029", "ISE02 {value!r} is no time (HHMM)", "warning"),
    "interchange-delivery-zone": Fault("TA105", "030", "ISE03 {value!r} is no time code", "warning"),
    "interchange-grade": Fault("TA105", "031", "ISB01 {value!r} is no grade of service", "warning"),
    "interchange-duplicate": Fault(
        "TA105", "025", "ISA13 {value!r} of this sender stands twice in the file", "warning"
    ),
    # the file
    "not-x12": Fault("", "", "this is not X12: no ISA, GS or ST was found"),
    "text-outside": Fault("", "", "{count} characters outside any interchange were skipped: {value!r}", "warning"),
    "release-nearest": Fault("", "", "{value} is read by the grammar of {release}", "info"),
}
"""What reading finds."""

WRITING: Mapping[str, Fault] = {
    "value-replaced": Fault("", "", "{at}: {value!r} holds a delimiter; it was replaced", "warning"),
    "value-truncated": Fault("", "", "{at}: {value!r} was cut to {most} characters", "warning"),
    "segment-unplaced": Fault("", "", "{tag} has no place in the grammar; it was written last", "warning"),
}
"""What writing had to change."""

_FAULTS = {**READING, **WRITING}


def fault(code: str, where: Mapping[str, int | str], **facts: Any) -> Finding:
    """The finding for a fault of the catalogue. `facts` fill its sentence and go with it."""
    known = _FAULTS[code]
    message = _SENTENCES[code] % {"at": _at(where), "tag": where.get("tag", ""), **facts}
    ack = {known.place: facts.pop("ack")} if "ack" in facts else _ACKS[code]
    facts.pop("note", None)
    return Finding(code, known.severity, where, message, ack, facts)


_SENTENCES = {
    code: re.sub(r"\{(\w+)(?:!(r))?\}", lambda place: f"%({place[1]}){place[2] or 's'}", known.sentence)
    for code, known in _FAULTS.items()
}
"""The sentences in the form that is filled in fastest."""
_ACKS = {code: {known.place: known.code} if known.place else None for code, known in _FAULTS.items()}


def _at(where: Mapping[str, int | str]) -> str:
    """BEG05, or REF04-2 for a component."""
    tag, element = where.get("tag", ""), where.get("element")
    if element is None:
        return str(tag)
    component = where.get("component")
    return f"{tag}{element:02}-{component}" if component else f"{tag}{element:02}"
