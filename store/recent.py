"""What was lately written, for whoever works on it next: reading it back costs more than writing it."""

from collections import OrderedDict
from typing import Generic, TypeVar

from canonical import Document
from router.order import Order

_LARGEST = 64_000
"""Characters of JSON: what is larger is read back, so that memory stays bounded."""
_DOCUMENTS, _ORDERS = 1_000, 200

T = TypeVar("T")


class _Latest(Generic[T]):
    """The latest few values, each by its key and with the JSON it was written as."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[str, tuple[str, T]] = OrderedDict()

    def keep(self, key: str, value: T, text: str) -> None:
        """Keep a value whose JSON is `text`."""
        if len(text) <= _LARGEST:
            self._values.pop(key, None)
            self._values[key] = (text, value)
            if len(self._values) > self._most:
                self._values.popitem(last=False)

    def look(self, key: str, text: str | None) -> T | None:
        """The value, if it was written as this."""
        known = self._values.get(key)
        return known[1] if known and known[0] == text else None

    def take(self, key: str, text: str | None) -> T | None:
        """The same; it is then forgotten."""
        found = self.look(key, text)
        self._values.pop(key, None)
        return found


class Recent:
    """Documents and orders by id, the latest of them; none is given where the store now holds another."""

    def __init__(self) -> None:
        self.documents: _Latest[Document] = _Latest(_DOCUMENTS)
        self.orders: _Latest[Order] = _Latest(_ORDERS)
