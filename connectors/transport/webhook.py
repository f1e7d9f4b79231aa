"""Webhooks out: events posted with a signature over the raw body, as Standard Webhooks has it."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from canonical import Misconfigured, Rejected, Unavailable
from canonical.exchange import Handed, Parcel
from connectors.connection import host_of
from connectors.engine.judgement import retry_after
from connectors.engine.wire import Answer, Request, Wire
from connectors.secret import Secret
from connectors.settings import EventWebhook

_PREFIX = "whsec_"


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class WebhookCourier:
    """Posts to one address. Every attempt has the same id and a timestamp of its own, both of them signed."""

    webhook: EventWebhook
    secret: Secret | None
    wire: Wire
    clock: Clock

    async def deliver(self, parcel: Parcel) -> Handed:
        """Post it. Any 2xx is a receipt, 410 is final, everything else is tried again.

        Raises `Unavailable`, `Rejected` when they want no more, `Misconfigured` without a secret.
        """
        host = frozenset({host_of(self.webhook.url)})
        headers = {"content-type": parcel.media_type, **self._signed(parcel.content)}
        answer = await self.wire.send(Request("POST", self.webhook.url, headers, parcel.content), host, host)
        return _receipt(answer)

    def _signed(self, body: bytes) -> Mapping[str, str]:
        if self.secret is None:
            raise Misconfigured(f"the webhook {self.webhook.id} has no secret; set {self.webhook.secret}")
        event, at = str(json.loads(body)["id"]), str(int(self.clock.now().timestamp()))
        signature = sign(key_of(self.secret), event, at, body)
        return {"webhook-id": event, "webhook-timestamp": at, "webhook-signature": signature}


def key_of(secret: Secret) -> bytes:
    """The key: what `whsec_` stands before is base64, any other text is taken as it is."""
    text = secret.reveal()
    try:
        return (
            base64.b64decode(text.removeprefix(_PREFIX), validate=True) if text.startswith(_PREFIX) else text.encode()
        )
    except binascii.Error:
        raise Misconfigured(f"a webhook's secret begins with {_PREFIX}, but no base64 follows") from None


def sign(key: bytes, event: str, at: str, body: bytes) -> str:
    """HMAC-SHA256 over id, timestamp and body, in base64 behind its version."""
    digest = hmac.new(key, b".".join((event.encode(), at.encode(), body)), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _receipt(answer: Answer) -> Handed:
    if 200 <= answer.status < 300:
        return Handed({"status": answer.status})
    if answer.status == 410:
        raise Rejected("HTTP 410: they want no more events")
    raise Unavailable(f"HTTP {answer.status}", retry_after=retry_after(answer.headers), ambiguous=answer.status >= 500)
