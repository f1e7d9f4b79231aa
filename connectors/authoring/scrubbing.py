"""Taking out of a recording what must not be kept: secrets, and what tells of a person.

The same value has the same stand-in everywhere, so that what belonged together still does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.secret import Redaction

TOLD_BY_NAME: Mapping[str, str] = {
    r"e_?mail": "person{}@example.com",
    r"phone|mobile|fax": "+1 555 0100 {}",
    r"(first|last|full|given|family|middle|buyer|recipient|contact|customer|receiver|person)_?name|^name$": "Name {}",
    r"company(_?name)?": "Company {}",
    r"address_?(line)?_?\d*$|street|address_?lines?": "{} Main Street",
    r"ip(_?address)?$|user_?agent|latitude|longitude|date_?of_?birth|tax_?id|vat_?(id|number)": "withheld {}",
    r"note|comment|message_?to|gift_?message|instructions": "Note {}",
}
"""What the name of a member says of its text: the text that stands for it, numbered."""
SECRET_NAME = re.compile(r"token|secret|password|api_?key|authorization|signature|cookie|credential", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NAMES = [(re.compile(name, re.IGNORECASE), stand_in) for name, stand_in in TOLD_BY_NAME.items()]
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[-.]")


@dataclass
class Scrubber:
    """One recording's stand-ins."""

    redaction: Redaction
    known: dict[str, str] = field(default_factory=dict)

    def tree(self, tree: Any, name: str = "") -> Any:
        """The tree without secrets and persons; numbers and the shape stay."""
        if isinstance(tree, Mapping):
            return {key: self.tree(value, str(key)) for key, value in tree.items()}
        if isinstance(tree, list):
            return [self.tree(value, name) for value in tree]
        return self.text(tree, name) if isinstance(tree, str) else tree

    def text(self, text: str, name: str = "") -> str:
        """A text, by the name of its member."""
        if SECRET_NAME.search(name):
            return "withheld"
        said = _WORDS.sub("_", name).lower()
        for pattern, stand_in in _NAMES:
            if text and pattern.search(said):
                return self._same(text, stand_in)
        return _EMAIL.sub(lambda found: self._same(found[0], "person{}@example.com"), self.redaction(text))

    def _same(self, text: str, stand_in: str) -> str:
        return self.known.setdefault(text, stand_in.format(len(self.known) + 1))


def shown_headers(headers: Mapping[str, str], redaction: Redaction) -> dict[str, str]:
    """Headers for people to read, those that prove something starred."""
    return {name: "***" if SECRET_NAME.search(name) else redaction(value) for name, value in headers.items()}
