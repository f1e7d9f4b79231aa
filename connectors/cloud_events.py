"""Events of orders as CloudEvents 1.0 in JSON, structured mode (CloudEvents JSON event format, section 3)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from canonical import Document, OrderEvent
from canonical.exchange import Draft, Reading
from connectors.syntax.json_text import write_json
from connectors.translator import Translator, WholeDraft

MEDIA_TYPE = "application/cloudevents+json"


def cloud_event(event: OrderEvent, hub: str) -> bytes:
    """One event. Its id is its hash; `sequence` orders the events of one `partitionkey`, which is the order."""
    return write_json(
        {
            "specversion": "1.0",
            "id": event.hash,
            "source": f"urn:crossdock:{hub}",
            "type": f"crossdock.{event.event}",
            "subject": event.order,
            "time": event.happened_at.isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "partitionkey": event.order,
            "sequence": f"{event.seq:010}",
            "data": event.as_json(),
        }
    )


@dataclass(frozen=True)
class WithEvents:
    """A translator that writes events for webhooks beside documents for partners and connections."""

    documents: Translator
    webhooks: Collection[str]
    hub: str

    def read(self, content: bytes, source: str | None, facts: Mapping[str, str], received_at: datetime) -> Reading:
        """What a transmission says; webhooks say nothing."""
        return self.documents.read(content, source, facts, received_at)

    def write(self, document: Document, to: str) -> Draft | None:
        """The draft for `to`; None when it does not take this kind of document."""
        if to not in self.webhooks:
            return self.documents.write(document, to)
        if not isinstance(document, OrderEvent):
            return None
        return WholeDraft(cloud_event(document, self.hub), MEDIA_TYPE, f"{document.hash[:12]}.json")
