"""The webhooks that are told of events: their secrets, fetched from where they lie, and their couriers."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from canonical import Finding, Misconfigured
from connectors.secret import Secret
from connectors.settings import EventWebhook
from connectors.transport.webhook import key_of

Located = tuple[tuple[str | int, ...], str]
"""Where in the hub's file, and what is wrong there."""


def event_secrets(webhooks: Sequence[EventWebhook], environment: Mapping[str, str]) -> Mapping[str, Secret]:
    """The secrets that are there, by webhook."""
    found = {webhook.id: webhook.secret.resolve(environment) for webhook in webhooks}
    return {name: secret for name, secret in found.items() if secret}


def event_faults(
    webhooks: Sequence[EventWebhook],
    secrets: Mapping[str, Secret],
    taken: Collection[str],
    kinds: Collection[str],
    origins: Mapping[str, str],
) -> Iterator[Finding]:
    """Ids that somebody else has, kinds of events that never happen, and secrets that are not there or no use."""
    for place, webhook in enumerate(webhooks):
        here = f"hub.events.{place}"
        if webhook.id in taken:
            message = f"{webhook.id!r} is a partner or connection; a webhook needs an id of its own"
            yield _finding("duplicate-id", f"{here}.id", message, origins)
        for number, kind in enumerate(webhook.kinds):
            if kind not in kinds:
                message = f"no event is called {kind!r}; there are {', '.join(sorted(kinds))}"
                yield _finding("unknown-event", f"{here}.kinds.{number}", message, origins)
        yield from _secret_faults(webhook, secrets, here, origins)


def _secret_faults(
    webhook: EventWebhook, secrets: Mapping[str, Secret], here: str, origins: Mapping[str, str]
) -> Iterator[Finding]:
    secret, place = secrets.get(webhook.id), f"{here}.id"
    if secret is None:
        message = f"the secret of {webhook.id} has no value yet; set {webhook.secret}"
        yield _finding("secret-missing", place, message, origins, warning=True)
        return
    try:
        key_of(secret)
    except Misconfigured as error:
        yield _finding("secret-unusable", place, error.message, origins, warning=True)


def _finding(code: str, trail: str, message: str, origins: Mapping[str, str], *, warning: bool = False) -> Finding:
    file, _, line = origins.get(trail, ":1").rpartition(":")
    where: dict[str, int | str] = {"file": file, "line": int(line), "column": 1}
    return Finding(code, "warning" if warning else "error", where, message, facts={"path": trail})
