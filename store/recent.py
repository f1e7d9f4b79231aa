"""Documents lately written, for whoever works on them next: reading one back costs more than writing it."""

from collections import OrderedDict

from canonical import Document

_MOST = 1_000
_LARGEST = 64_000
"""Characters of JSON: a larger document is read back, so that memory stays bounded."""


class Recent:
    """Documents by id, the latest of them. An id is never used twice, so none can be out of date."""

    def __init__(self) -> None:
        self._documents: OrderedDict[str, Document] = OrderedDict()

    def keep(self, document_id: str, document: Document, text: str) -> None:
        """Keep a document whose JSON is `text`."""
        if len(text) <= _LARGEST:
            self._documents[document_id] = document
            if len(self._documents) > _MOST:
                self._documents.popitem(last=False)

    def take(self, document_id: str) -> Document | None:
        """The document, which is then forgotten."""
        return self._documents.pop(document_id, None)
