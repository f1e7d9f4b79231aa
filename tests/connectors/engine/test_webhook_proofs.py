"""Other proofs than an HMAC of the body: templates with replay windows, keys fetched by id, log-ins, challenges."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

from canonical import Unavailable
from connectors.case_webhook import key_answer, sign_by_key
from connectors.catalogue import load_catalogue
from connectors.connection import Connection, host_of
from connectors.emulators.loopback import loopback
from connectors.engine.caller import Caller
from connectors.engine.wire import HttpWire
from connectors.manifest import Manifest
from connectors.manifest_webhooks import PublicKey
from connectors.secret import Secret
from connectors.webhooks import Webhooks

BODY = b'{"metadata": {"topic": "SHIPPED"}, "notification": {"id": "n-1"}}'
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEYED = {"kind": "public_key", "header": "X-Signature", "digest": "sha1", "path": "/keys/{key_id}"}
TEMPLATE = {
    "kind": "hmac",
    "header": "X-Signature",
    "encoding": "base64",
    "key": "{settings.secret}",
    "signed": "{method}\n{path}\n{timestamp}\n{body_sha256}",
    "timestamp": {"header": "X-Time", "reads": "epoch_ms", "window": "PT5M"},
}


class SteppingClock:
    at = NOW

    def now(self) -> datetime:
        return self.at


@dataclass
class KeyServer:
    keys: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    down: bool = False
    url: str = ""

    async def key(self, request: web.Request) -> web.Response:
        self.asked.append(request.match_info["id"])
        if self.down:
            return web.Response(status=503)
        if request.match_info["id"] not in self.keys:
            return web.json_response({"errors": [{"errorId": 195003}]}, status=404)
        return web.Response(
            body=key_answer(PublicKey.model_validate(KEYED), self.keys[request.match_info["id"]]).content
        )


@pytest.fixture
async def keys() -> AsyncIterator[KeyServer]:
    server, application = KeyServer({"k1": ec.generate_private_key(ec.SECP256R1())}), web.Application()
    application.router.add_get("/keys/{id}", server.key)
    async with loopback(application) as server.url:
        yield server


def webhooks(
    signature: dict[str, Any] | list[dict[str, Any]], wire: HttpWire, clock: SteppingClock, **more: Any
) -> Webhooks:
    head = {"connector": "x", "version": 1, "kind": "other", "title": "X", "docs": "d", "base_url": "https://x.example"}
    terms = {
        "signature": signature,
        "topic": {"body": "metadata.topic"},
        "delivery_id": {"body": "notification.id"},
        "topics": {"SHIPPED": {}},
        **{name: value for name, value in more.items() if name in ("challenge", "addresses")},
    }
    settings = {"secret": {"secret": True}, "endpoint": {"default": "https://hub.example/hooks/shop"}}
    manifest = Manifest.model_validate({**head, "settings": settings, "webhooks": terms})
    url = more.get("url", "")
    values = {"secret": Secret("canary"), "endpoint": "https://hub.example/hooks/shop"}
    connection = Connection("shop", "Shop", manifest, values, url, frozenset({host_of(url)} if url else ()))
    return Webhooks({"shop": connection}, {"shop": Caller(connection, wire, clock)}, clock)


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


def keyed(server: KeyServer, key_id: str = "k1", body: bytes = BODY) -> dict[str, str]:
    key = server.keys.get(key_id) or ec.generate_private_key(ec.SECP256R1())
    return {"X-Signature": sign_by_key(PublicKey.model_validate(KEYED), key, key_id, body)}


async def test_a_key_is_fetched_once_and_kept(keys: KeyServer, wire: HttpWire, clock: SteppingClock):
    door = webhooks(KEYED, wire, clock, url=keys.url)
    for _ in range(3):
        arrival = await door.verify("shop", keyed(keys), BODY)
        assert arrival is not None
        assert (arrival.transport_key, arrival.facts["topic"]) == ("n-1", "SHIPPED")
    assert keys.asked == ["k1"]
    clock.at += timedelta(hours=2)
    await door.verify("shop", keyed(keys), BODY)
    assert keys.asked == ["k1", "k1"]


@pytest.mark.parametrize("body", [BODY + b" ", BODY.replace(b"n-1", b"n-2"), b""])
async def test_a_body_the_key_did_not_sign_is_refused(
    keys: KeyServer, wire: HttpWire, clock: SteppingClock, body: bytes
):
    assert await webhooks(KEYED, wire, clock, url=keys.url).verify("shop", keyed(keys), body) is None


async def test_made_up_key_ids_are_asked_for_only_so_often(keys: KeyServer, wire: HttpWire, clock: SteppingClock):
    door = webhooks(KEYED, wire, clock, url=keys.url)
    for number in range(50):
        assert await door.verify("shop", keyed(keys, f"made-up-{number}"), BODY) is None
        assert await door.verify("shop", keyed(keys, f"made-up-{number}"), BODY) is None
    assert len(keys.asked) == 10
    clock.at += timedelta(minutes=2)
    assert await door.verify("shop", keyed(keys), BODY) is not None


@pytest.mark.parametrize("said", ["", "?", "e30=", base64.b64encode(b'{"kid":"../x","signature":"AA=="}').decode()])
async def test_a_header_that_names_no_key_asks_for_none(
    keys: KeyServer, wire: HttpWire, clock: SteppingClock, said: str
):
    assert await webhooks(KEYED, wire, clock, url=keys.url).verify("shop", {"X-Signature": said}, BODY) is None
    assert keys.asked == []


async def test_a_key_that_cannot_be_fetched_now_makes_them_come_again(
    keys: KeyServer, wire: HttpWire, clock: SteppingClock
):
    keys.down = True
    door = webhooks(KEYED, wire, clock, url=keys.url)
    with pytest.raises(Unavailable):
        await door.verify("shop", keyed(keys), BODY)
    keys.down = False
    assert await door.verify("shop", keyed(keys), BODY) is not None


def templated(at: datetime, path: str = "/hooks/shop", method: str = "POST") -> Mapping[str, str]:
    stamp = str(int(at.timestamp() * 1000))
    content = f"{method}\n{path}\n{stamp}\n{hashlib.sha256(BODY).hexdigest()}"
    made = hmac.new(b"canary", content.encode(), hashlib.sha256).digest()
    return {"X-Time": stamp, "X-Signature": base64.b64encode(made).decode()}


async def test_method_path_time_and_body_are_signed_together(wire: HttpWire, clock: SteppingClock):
    door = webhooks(TEMPLATE, wire, clock)
    assert await door.verify("shop", templated(NOW), BODY, "POST", "/hooks/shop") is not None
    assert await door.verify("shop", templated(NOW), BODY, "PUT", "/hooks/shop") is None
    assert await door.verify("shop", templated(NOW), BODY, "POST", "/hooks/other") is None
    assert await door.verify("shop", templated(NOW), BODY + b" ", "POST", "/hooks/shop") is None


@pytest.mark.parametrize(("ago", "taken"), [(0, True), (299, True), (301, False), (-299, True), (-301, False)])
async def test_an_event_is_taken_only_within_its_window(wire: HttpWire, clock: SteppingClock, ago: int, taken: bool):
    headers = templated(NOW - timedelta(seconds=ago))
    arrival = await webhooks(TEMPLATE, wire, clock).verify("shop", headers, BODY, "POST", "/hooks/shop")
    assert (arrival is not None) is taken


PARTED = {
    "kind": "hmac", "header": "Stripe-Signature", "encoding": "hex", "parts": {"timestamp": "t", "signature": "v1"},
    "key": "{settings.secret}", "signed": "{timestamp}.{body}", "timestamp": {"reads": "epoch"},
}  # fmt: skip


def parted(at: datetime, key: bytes = b"canary") -> tuple[str, str]:
    """(time, signature), as https://docs.stripe.com/webhooks#verify-manually has them."""
    stamp = str(int(at.timestamp()))
    return stamp, hmac.new(key, f"{stamp}.".encode() + BODY, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("t={0},v1={1}", True),
        ("t={0}, v0={2}, v1={1}", True),
        ("t={0},v1={2},v1={1}", True),          # two keys, while one takes the other's place
        ("v1={1},t={0}", True),
        ("t={0},v0={1}", False),
        ("t={0},v1={2}", False),
        ("t={0},v1=", False),
        ("v1={1}", False),
        ("t=1,v1={1}", False),
        ("{1}", False),
        ("", False),
    ],
)  # fmt: skip
async def test_a_signature_may_be_a_part_of_its_header(
    wire: HttpWire, clock: SteppingClock, header: str, taken: bool
) -> None:
    said = header.format(*parted(NOW), parted(NOW, b"another")[1])
    door = webhooks(PARTED, wire, clock)
    assert (await door.verify("shop", {"Stripe-Signature": said}, BODY) is not None) is taken
    assert await door.verify("shop", {"Stripe-Signature": said}, BODY + b" ") is None
    clock.at += timedelta(seconds=301)
    assert await door.verify("shop", {"Stripe-Signature": said}, BODY) is None


def pushed_by_easypost(secret: bytes = b"canary", at: str = "Sat, 21 Nov 2026 12:00:00 -0000") -> dict[str, str]:
    """As https://support.easypost.com/hc/en-us/articles/39826034964237-Webhook-HMAC-Validation says."""
    second = hmac.new(secret, f"{at}POST/hooks/easypost".encode() + BODY, hashlib.sha256).hexdigest()
    first = hmac.new(secret, BODY, hashlib.sha256).hexdigest()
    return {
        "X-Timestamp": at,
        "X-Path": "/hooks/easypost",
        "X-Hmac-Signature": f"hmac-sha256-hex={first}",
        "X-Hmac-Signature-V2": f"hmac-sha256-hex={second}",
    }


LATE = "Sat, 21 Nov 2026 11:54:59 -0000"


@pytest.mark.parametrize(
    ("sent", "v1", "taken"),
    [
        (pushed_by_easypost(), "", True),
        (pushed_by_easypost(at="Sat, 21 Nov 2026 14:00:30 +0200"), "", True),
        (pushed_by_easypost(at=LATE), "", False),
        (pushed_by_easypost(at="noon"), "", False),
        (pushed_by_easypost() | {"X-Timestamp": "Sat, 21 Nov 2026 12:00:01 -0000"}, "", False),
        (pushed_by_easypost() | {"X-Path": "/hooks/other"}, "", False),
        (pushed_by_easypost(b"another"), "", False),
        ({"X-Hmac-Signature": pushed_by_easypost()["X-Hmac-Signature"]}, "", False),
        ({"X-Hmac-Signature": pushed_by_easypost()["X-Hmac-Signature"]}, "canary", True),
    ],
)
async def test_easypost_signs_when_and_where_it_sent_an_event(
    wire: HttpWire, clock: SteppingClock, sent: dict[str, str], v1: str, taken: bool
):
    manifest = load_catalogue().manifests["easypost"]
    values = {"webhook_secret": Secret("canary"), "webhook_secret_v1": Secret(v1), "api_key": Secret("k")}
    connection = Connection("easypost", "EasyPost", manifest, values, "", frozenset())
    door = Webhooks({"easypost": connection}, {"easypost": Caller(connection, wire, clock)}, clock)
    assert (await door.verify("easypost", sent, BODY) is not None) is taken
    assert await door.verify("easypost", sent, BODY + b" ") is None


@pytest.mark.parametrize("stamp", ["", "yesterday", "9" * 30])
async def test_an_unreadable_time_is_refused(wire: HttpWire, clock: SteppingClock, stamp: str):
    headers = {**templated(NOW), "X-Time": stamp}
    assert await webhooks(TEMPLATE, wire, clock).verify("shop", headers, BODY, "POST", "/hooks/shop") is None


@pytest.mark.parametrize(("password", "taken"), [("canary", True), ("other", False)])
async def test_a_sender_may_log_in(wire: HttpWire, clock: SteppingClock, password: str, taken: bool):
    door = webhooks({"kind": "basic", "username": "them", "password": "{settings.secret}"}, wire, clock)
    login = base64.b64encode(f"them:{password}".encode()).decode()
    assert (await door.verify("shop", {"Authorization": f"Basic {login}"}, BODY) is not None) is taken


def test_a_challenge_is_answered_by_its_hash(wire: HttpWire, clock: SteppingClock):
    terms = {
        "kind": "hash",
        "query": "challenge_code",
        "of": "{challenge}{settings.secret}{settings.endpoint}",
        "answer": {"challengeResponse": "{hash}"},
    }
    answer = webhooks(TEMPLATE, wire, clock, challenge=terms).challenge("shop", {"challenge_code": "c1"})
    assert answer is not None
    wanted = hashlib.sha256(b"c1canaryhttps://hub.example/hooks/shop").hexdigest()
    assert (json.loads(answer[0]), answer[1]) == ({"challengeResponse": wanted}, "application/json")


def test_a_challenge_may_be_an_echo(wire: HttpWire, clock: SteppingClock):
    door = webhooks(TEMPLATE, wire, clock, challenge={"kind": "echo", "query": "validationToken"})
    assert door.challenge("shop", {"validationToken": "<b>1</b>"}) == (b"<b>1</b>", "text/plain")
    assert door.challenge("shop", {}) is None


@pytest.mark.parametrize(
    ("remote", "taken"),
    [
        ("203.0.113.9", True),
        ("::ffff:203.0.113.9", True),
        ("2001:db8::7", True),
        ("203.0.114.9", False),
        ("2001:db9::7", False),
        ("not an address", False),
        (None, False),
    ],
)
async def test_events_are_taken_from_their_sender_s_networks_alone(
    wire: HttpWire, clock: SteppingClock, remote: str | None, taken: bool
):
    door = webhooks({"kind": "none"}, wire, clock, addresses=["203.0.113.0/24", "2001:db8::/32"])
    assert (await door.verify("shop", {}, BODY, remote=remote) is not None) is taken


async def test_a_good_proof_from_elsewhere_is_refused(wire: HttpWire, clock: SteppingClock):
    shared = {"kind": "shared_secret", "header": "X-Secret", "value": "{settings.secret}"}
    door = webhooks(shared, wire, clock, addresses=["203.0.113.0/24"])
    assert await door.verify("shop", {"X-Secret": "canary"}, BODY, remote="203.0.113.1") is not None
    assert await door.verify("shop", {"X-Secret": "canary"}, BODY, remote="198.51.100.1") is None


def test_a_sender_that_proves_nothing_needs_its_addresses(wire: HttpWire, clock: SteppingClock):
    with pytest.raises(ValueError, match="known by its addresses alone"):
        webhooks({"kind": "none"}, wire, clock)


async def test_one_of_several_proofs_is_enough(wire: HttpWire, clock: SteppingClock):
    shared = {"kind": "shared_secret", "header": "X-Secret", "value": "{settings.secret}"}
    door = webhooks([TEMPLATE, shared], wire, clock)
    assert await door.verify("shop", {"X-Secret": "canary"}, BODY) is not None
    assert await door.verify("shop", templated(NOW), BODY, "POST", "/hooks/shop") is not None
    assert await door.verify("shop", {"X-Secret": "wrong"}, BODY) is None
