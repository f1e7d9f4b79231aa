"""A manifest that means ill: it reaches no address, file or variable that it was not given, and it ends."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from canonical import CrossdockError, Misconfigured, Rejected
from connectors.connection import Connection, host_of, load_connections
from connectors.emulators.loopback import loopback
from connectors.engine import network
from connectors.engine.caller import Caller
from connectors.engine.cursor import MemoryCursors
from connectors.engine.operation import run
from connectors.engine.template import expand
from connectors.engine.wire import HttpWire
from connectors.manifest import Manifest
from connectors.pickup import ConnectionPickup
from connectors.secret import Secret
from mappings.yaml_model import load_model

HEAD: dict[str, Any] = {
    "connector": "rogue",
    "version": 1,
    "kind": "other",
    "title": "R",
    "docs": "d",
    "base_url": "https://rogue.example",
    "settings": {"token": {"secret": True}},
    "auth": {"kind": "bearer", "token": "{settings.token}"},
}
TEXT = "connector: rogue\nversion: 1\nkind: other\ntitle: R\ndocs: d\nbase_url: 'https://rogue.example'\n"


class SteppingClock:
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@dataclass
class Inside:
    """A server in the private network: what got through to it."""

    hits: list[str] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.hits.append(request.path)
        return web.json_response({"secret": "of the house", "access_token": "t"})


@dataclass
class Accomplice:
    """The rogue's own server, which the configuration allows: it says whatever helps."""

    say: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    asked: int = 0
    clock: SteppingClock | None = None
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.clock:
            self.clock.at += timedelta(minutes=10)
        body = self.say(self.asked) if callable(self.say) else self.say
        return web.json_response(body, status=self.status, headers=self.headers)


@pytest.fixture
async def inside() -> AsyncIterator[Inside]:
    async for server in served(Inside()):
        yield server


@pytest.fixture
async def accomplice() -> AsyncIterator[Accomplice]:
    async for server in served(Accomplice()):
        yield server


async def served(server: Any) -> AsyncIterator[Any]:
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", server.answer)
    async with loopback(application) as server.url:
        yield server


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


def caller(said: dict[str, Any], wire: HttpWire, clock: SteppingClock, url: str = "") -> Caller:
    manifest = Manifest.model_validate({**HEAD, **said})
    granted = frozenset({host_of(url)} if url else ())
    base_url = url or str(manifest.base_url)
    return Caller(Connection("r", "R", manifest, {"token": Secret("canary-77")}, base_url, granted), wire, clock)


def getting(**call: Any) -> dict[str, Any]:
    return {"operations": {"go": {"steps": [{"name": "get", "call": call}]}}}


async def go(one: Caller) -> None:
    await run(one, one.connection.manifest.operations["go"], {}, "k")


async def swept(one: Caller) -> int:
    pickup = ConnectionPickup(one, "go", MemoryCursors())
    return len([arrival async for arrival in pickup.collect()])


def listing(**pages: Any) -> dict[str, Any]:
    pull = {"items": "rows", "kind": "PurchaseOrder", "map": "x/y", "key": "{item.id}", "pages": pages}
    return {"operations": {"go": {"steps": [{"name": "list", "call": {"path": "/list"}}], "pull": pull}}}


@pytest.mark.parametrize(
    "at",
    ["base_url", "url", "token_url", "url-listed"],
)
async def test_no_word_of_a_manifest_leads_into_the_private_network(
    inside: Inside, wire: HttpWire, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch, at: str
):
    host = inside.url.removeprefix("http://").partition(":")[0]
    said: dict[str, dict[str, Any]] = {
        "base_url": {"base_url": inside.url.replace("http:", "https:"), **getting(path="/")},
        "url": getting(url=inside.url),
        "url-listed": {"hosts": [host], **getting(url=f"https://{host}/")},
        "token_url": {
            "auth": {
                "kind": "oauth2",
                "grant": "client_credentials",
                "token_url": inside.url,
                "client_id": "i",
                "client_secret": "{settings.token}",
            },
            **getting(path="/"),
        },
    }
    with pytest.raises(Misconfigured):
        await go(caller(said[at], wire, clock))
    assert inside.hits == []


async def test_a_name_that_resolves_into_the_private_network_is_refused(
    wire: HttpWire, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
):
    async def metadata(host: str, port: int) -> list[str]:
        return ["169.254.169.254"]

    monkeypatch.setattr(network, "_resolve", metadata)
    with pytest.raises(Misconfigured, match="private network"):
        await go(caller(getting(path="/latest/meta-data"), wire, clock))


async def test_a_redirect_is_not_followed(inside: Inside, accomplice: Accomplice, wire: HttpWire, clock: SteppingClock):
    accomplice.status, accomplice.headers = 302, {"Location": inside.url}
    with pytest.raises(Misconfigured):
        await go(caller(getting(path="/"), wire, clock, accomplice.url))
    assert inside.hits == []


@pytest.mark.parametrize("kind", ["link", "header"])
async def test_a_next_page_elsewhere_is_not_followed(
    inside: Inside, accomplice: Accomplice, wire: HttpWire, clock: SteppingClock, kind: str
):
    accomplice.say = {"rows": [{"id": 1}], "next": inside.url}
    accomplice.headers = {"Link": f'<{inside.url}>; rel="next"'} if kind == "header" else {}
    pages = {"kind": "link"} if kind == "header" else {"kind": "link", "token": "next"}
    with pytest.raises(Misconfigured):
        await swept(caller(listing(**pages), wire, clock, accomplice.url))
    assert inside.hits == []


async def test_an_address_in_an_answer_is_not_followed_where_it_likes(
    inside: Inside, accomplice: Accomplice, wire: HttpWire, clock: SteppingClock
):
    accomplice.say = {"url": inside.url}
    steps = [{"name": "ask", "call": {"path": "/"}}, {"name": "fetch", "call": {"url": "{ask.url}"}}]
    with pytest.raises(Misconfigured):
        await go(caller({"operations": {"go": {"steps": steps}}}, wire, clock, accomplice.url))
    assert inside.hits == []


@pytest.mark.parametrize("host", ["*", "*.com*", "localhost", "10.0.0.1:80", "a b.example", "[::1]"])
def test_a_manifest_lists_whole_names_of_hosts(host: str):
    with pytest.raises(ValueError, match="hosts"):
        Manifest.model_validate({**HEAD, "hosts": [host]})


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://rogue.example/", "ftp://rogue.example/x"])
async def test_nothing_but_http_is_spoken(wire: HttpWire, clock: SteppingClock, url: str):
    with pytest.raises(Misconfigured):
        await go(caller(getting(url=url), wire, clock))


@pytest.mark.parametrize(
    "text",
    [
        "operations: {put: {place: {directory: /etc/cron.d}}}\n",
        "settings: {d: {type: directory}}\noperations: {put: {place: {directory: '{settings.d}/../../etc'}}}\n",
        "settings: {d: {default: /etc}}\noperations: {put: {place: {directory: '{settings.d}'}}}\n",
        "settings: {d: {type: directory, default: /etc}}\n",
        "settings: {d: {type: directory, default: ../../etc}}\n",
    ],
)
def test_files_are_put_nowhere_but_where_the_connection_says(text: str):
    manifest, findings = load_model(TEXT + text, Manifest)
    assert manifest is None
    assert "director" in findings[0].message


@pytest.mark.parametrize("path", ["env.HOME", "environment.HOME", "os.environ", "settings.__class__", "__builtins__"])
async def test_the_environment_and_the_program_have_no_names(
    accomplice: Accomplice, wire: HttpWire, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch, path: str
):
    monkeypatch.setenv("HOME", "/home/canary")
    said = getting(path="/", query={"stolen": f"{{{path}}}"})
    with pytest.raises((CrossdockError, ValueError)):
        await go(caller(said, wire, clock, accomplice.url))
    assert accomplice.asked == 0


def test_a_default_that_looks_like_a_reference_is_a_mere_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CANARY", "stolen")
    manifest = Manifest.model_validate(
        {**HEAD, "settings": {"a": {"default": "{env: CANARY}"}}, "auth": {"kind": "none"}}
    )
    (tmp_path / "r.yaml").write_text("connection: r\nconnector: rogue\n")
    loaded = load_connections(tmp_path, {"rogue": manifest}, {"CANARY": "stolen"}, tmp_path)
    assert loaded.by_id["r"].settings["a"] == "{env: CANARY}"


async def test_an_answer_in_xml_reads_no_file(accomplice: Accomplice, wire: HttpWire, clock: SteppingClock):
    accomplice.say = None
    evil = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=evil, content_type="application/xml")

    application = web.Application()
    application.router.add_get("/", answer)
    async with loopback(application) as url:
        with pytest.raises(CrossdockError) as caught:
            await go(caller(getting(path="/", answer="xml"), wire, clock, url))
    assert "root:" not in str(caught.value)


async def test_pages_without_end_end(accomplice: Accomplice, wire: HttpWire, clock: SteppingClock):
    accomplice.say = lambda asked: {"rows": [{"id": asked}], "next": f"t{asked}"}
    with pytest.raises(Rejected, match="more than 7 pages"):
        await swept(caller(listing(kind="cursor", token="next", most=7), wire, clock, accomplice.url))
    assert accomplice.asked == 7


async def test_pages_that_take_for_ever_end(accomplice: Accomplice, wire: HttpWire, clock: SteppingClock):
    accomplice.say = lambda asked: {"rows": [{"id": asked}], "next": f"t{asked}"}
    accomplice.clock = clock
    with pytest.raises(Rejected, match="not at its end"):
        await swept(caller(listing(kind="cursor", token="next", most=100_000), wire, clock, accomplice.url))
    assert accomplice.asked < 20


def test_a_request_of_lists_within_lists_is_cut_off():
    template: Any = "x"
    for level in range(8):
        template = {"each": "rows[]", "as": f"r{level}", "of": [template]}
    with pytest.raises(Rejected, match="items in one request"):
        expand(template, {"rows": list(range(1000))})


@pytest.mark.parametrize(
    "said",
    [
        {"defaults": {"timeout": "P1D"}},
        listing(kind="page", most=10**9),
        {"operations": {"go": {"steps": [{"name": "s", "call": {}, "until": {"when": {"a": "b"}, "most": 10**9}}]}}},
    ],
)
def test_what_would_run_without_end_is_no_manifest(said: dict[str, Any]):
    with pytest.raises(ValueError, match="less than or equal"):
        Manifest.model_validate({**HEAD, **said})


async def test_no_error_shows_the_secret(accomplice: Accomplice, wire: HttpWire, clock: SteppingClock):
    accomplice.status, accomplice.say = 400, {"echo": "you sent canary-77"}
    with pytest.raises(Rejected) as caught:
        await go(caller(getting(path="/"), wire, clock, accomplice.url))
    assert "canary" not in json.dumps([caught.value.message, *(one.message for one in caught.value.findings)])
