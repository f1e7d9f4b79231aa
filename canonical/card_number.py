"""Card numbers that should never have come: found, and hidden but for the first six and last four digits.

PCI DSS 4.0, requirement 3.4.1: no more than the issuer's number and the last four digits may be shown.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from canonical.exchange import Incoming, Reading
from canonical.finding import Finding

_REST = (
    r"(?<=4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6011|6[2-5]\d\d|35[2-8]\d)(?:[ -]?\d{4}){3}",  # sixteen digits
    r"(?<=3[47]\d\d)[ -]?\d{6}[ -]?\d{5}",  # fifteen: American Express
    r"(?<=3(?:0[0-5]|[68]\d)\d)[ -]?\d{6}[ -]?\d{4}",  # fourteen: Diners Club
)
"""What follows on the first four digits, by what those are. A pattern that begins with characters is looked for five
times as fast as one that looks back at each character."""
_PATTERN = rf"[2-6]\d{{3}}(?<!\d.{{4}})(?:{'|'.join(_REST)})(?!\d)".replace(r"\d", "[0-9]")
_TEXT = re.compile(_PATTERN, re.DOTALL)
_BYTES = re.compile(_PATTERN.encode(), re.DOTALL)
_NEVER_CARDS = frozenset(
    ("gtin", "upc", "ean", "upc_case", "sscc", "gln", "duns", "tracking_number", "tracking_numbers")
)
"""Fields whose numbers have check digits or lengths of their own."""


def holds_card(content: bytes) -> bool:
    """Whether bytes hold what looks like a card number and passes its check digit."""
    return any(_passes_luhn(found.group().decode()) for found in _BYTES.finditer(content))


def hide_cards(reading: Reading) -> Reading:
    """The reading with every card number hidden and told, and its bytes marked as not to be kept."""
    documents = tuple(_hidden(incoming) for incoming in reading.documents)
    return replace(reading, documents=documents, findings=_told(reading.findings), keeps_bytes=False)


def hidden_text(text: str, mark: str = "*") -> str:
    """The text with a mark for each of the middle digits of its card numbers."""
    return _TEXT.sub(lambda found: _marked(found.group(), mark) if _passes_luhn(found.group()) else found.group(), text)


def _hidden(incoming: Incoming) -> Incoming:
    findings = list(_told(incoming.findings))
    document = incoming.document
    if document is not None:
        tree = document.model_dump(mode="json")
        pointers = list(_hide(tree, ""))
        findings += [_finding(pointer) for pointer in pointers]
        document = type(document).model_validate(tree) if pointers else document
    return replace(incoming, document=document, findings=tuple(findings), lineage=None)


def _hide(tree: Any, trail: str) -> Iterator[str]:
    """Hide them in place; the pointers of where they were."""
    items = list(tree.items() if isinstance(tree, dict) else enumerate(tree))
    for key, value in items:
        if key in _NEVER_CARDS:
            continue
        if isinstance(value, dict | list):
            yield from _hide(value, f"{trail}/{key}")
        elif isinstance(value, str) and (shown := hidden_text(value)) != value:
            tree[key] = shown
            yield f"{trail}/{key}"


def _told(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings quote what they found."""
    return tuple(
        replace(one, message=hidden_text(one.message), facts={}) if _TEXT.search(str(one)) else one for one in findings
    )


def _finding(pointer: str) -> Finding:
    message = "a card number stood here; it was hidden, and the bytes it came in were not kept: send tokens only"
    return Finding("card-number", "warning", {"pointer": pointer}, message)


def _marked(number: str, mark: str) -> str:
    digits = sum(character.isdigit() for character in number)
    shown, seen = [], 0
    for character in number:
        seen += character.isdigit()
        shown.append(mark if character.isdigit() and 6 < seen <= digits - 4 else character)
    return "".join(shown)


def _passes_luhn(number: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    digits = [int(character) for character in reversed(number) if character.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
