"""Secrets: values that print as stars, and the redaction of texts that might hold them."""

import base64
from collections.abc import Iterable
from urllib.parse import quote

SHOWN = "***"
_SHORTEST = 4


class Secret:
    """A value that never shows itself; `reveal()` is called only where it leaves for its owner."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself."""
        return self._value

    def __repr__(self) -> str:
        return SHOWN

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return SHOWN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not stored")


class Redaction:
    """Replaces every known secret in a text, as it is, as URLs write it and in base64."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._forms: set[str] = set()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: Secret) -> None:
        """Learn one more, such as a token just fetched."""
        value = secret.reveal()
        if len(value) >= _SHORTEST:
            self._forms |= {value, quote(value, safe=""), base64.b64encode(value.encode()).decode()}

    def __call__(self, text: str) -> str:
        """The text with stars in the place of secrets."""
        for form in sorted(self._forms, key=len, reverse=True):
            text = text.replace(form, SHOWN)
        return text
