"""The HTTP API through a real server on loopback."""

import gzip
import json
from datetime import date
from typing import Any

import pytest

from canonical import Unavailable

ORDER: dict[str, Any] = {
    "number": "A-1",
    "ordered_on": "2026-03-01",
    "currency": "USD",
    "lines": [
        {
            "number": "1",
            "items": {"sku": "LAMP"},
            "quantity": {"value": "2"},
            "price": {"amount": "10", "currency": "USD"},
        }
    ],
}


def order(**changes: Any) -> bytes:
    return json.dumps(ORDER | changes).encode()


def keyed(key: str = "k1", **more: str) -> dict[str, str]:
    return {"Idempotency-Key": key, **more}


# --- who may ask ----------------------------------------------------------------------------------------------------

GUARDED = [
    ("POST", "/v1/documents?partner=northwind"),
    ("POST", "/v1/orders"),
    ("GET", "/v1/orders"),
    ("GET", "/v1/orders/NW-1"),
    ("GET", "/v1/orders/NW-1/timeline"),
    ("GET", "/v1/orders/NW-1/explanation"),
    ("GET", "/v1/availability?sku=LAMP"),
    ("POST", "/v1/inventory"),
    ("GET", "/v1/documents/d1"),
    ("GET", "/v1/documents/d1/raw"),
    ("GET", "/v1/exceptions"),
]


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_no_token_and_an_unknown_token_are_401(client, method, path):
    problem = await client.problem(401, method, path)
    assert problem["type"].endswith("unauthorized")
    response = await client(method, path, "made-up")
    assert response.status == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


FORBIDDEN = [
    ("viewer", "POST", "/v1/documents?partner=northwind"),
    ("viewer", "POST", "/v1/orders"),
    ("viewer", "POST", "/v1/inventory"),
    ("northwind", "POST", "/v1/inventory"),
    ("northwind", "GET", "/v1/exceptions"),
    ("northwind", "GET", "/v1/orders/NW-1/explanation"),
    ("erp", "GET", "/v1/orders"),
    ("erp", "GET", "/v1/documents/d1"),
]


@pytest.mark.parametrize(("token", "method", "path"), FORBIDDEN)
async def test_a_caller_without_the_right_is_403(client, hub, token, method, path):
    await client.problem(403, method, path, token)
    assert not hub.received


async def test_a_partner_sees_its_own_orders_and_documents_alone(client):
    listed = await (await client("GET", "/v1/orders", "northwind")).json()
    assert [row["channel"] for row in listed["orders"]] == ["northwind"]
    await client.problem(404, "GET", "/v1/orders/harbor%2FH-1", "northwind")
    await client.problem(404, "GET", "/v1/orders/harbor%2FH-1/timeline", "northwind")
    await client.problem(404, "GET", "/v1/documents/d2", "northwind")
    await client.problem(404, "GET", "/v1/documents/d2/raw", "northwind")


async def test_two_partners_that_number_alike_each_find_their_own_order(client, hub):
    rows = hub.archive.rows
    hub.archive.rows = {"harbor/NW-1": rows["harbor/H-1"] | {"id": "harbor/NW-1", "number": "NW-1"}, **rows}
    for partner in ("harbor", "northwind"):
        shown = await (await client("GET", "/v1/orders/NW-1", partner)).json()
        assert shown["channel"] == partner


async def test_a_partner_is_not_told_of_nodes_costs_and_other_partners_documents(client):
    text = await (await client("GET", "/v1/orders/NW-1", "northwind")).text()
    assert "explanations" not in text
    assert "reno" not in text
    assert "rule:secret" not in await (await client("GET", "/v1/documents/d1", "northwind")).text()
    timeline = await (await client("GET", "/v1/orders/NW-1/timeline", "northwind")).json()
    assert [row["id"] for row in timeline["documents"]] == ["d1"]
    assert [entry["kind"] for entry in timeline["timeline"]] == ["PurchaseOrder", "order_accepted"]
    assert "detail" not in timeline["timeline"][1]


# --- documents ------------------------------------------------------------------------------------------------------


async def test_a_document_is_kept_byte_for_byte_and_gets_a_receipt(client, hub):
    body = b"ISA*not really\xff\x00"
    response = await client("POST", "/v1/documents?partner=northwind", "northwind", data=body)
    receipt = await response.json()
    assert response.status == 202
    assert receipt["status"] == "accepted"
    assert receipt["id"] == "t1"
    [arrival] = hub.received
    assert (arrival.source, arrival.transport, arrival.content) == ("northwind", "http", body)


async def test_the_same_document_again_gets_the_first_answer_again(client, hub):
    first, second = [await client("POST", "/v1/documents", "northwind", data=b"once") for _ in range(2)]
    assert await first.json() == await second.json()
    assert second.status == 202
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(hub.received) == 1


async def test_the_same_key_with_other_content_is_a_conflict(client, hub):
    await client("POST", "/v1/documents", "northwind", data=b"one", headers=keyed())
    problem = await client.problem(409, "POST", "/v1/documents", "northwind", data=b"two", headers=keyed())
    assert problem["type"].endswith("conflict")
    assert len(hub.received) == 1


async def test_a_partner_cannot_send_as_another(client, hub):
    await client.problem(403, "POST", "/v1/documents?partner=harbor", "northwind", data=b"forged")
    assert not hub.received


async def test_an_operator_says_whose_document_it_is(client, hub):
    await client.problem(400, "POST", "/v1/documents", "operator", data=b"x")
    await client.problem(422, "POST", "/v1/documents?partner=nobody", "operator", data=b"x")
    assert (await client("POST", "/v1/documents?partner=harbor", "operator", data=b"x")).status == 202
    assert hub.received[0].source == "harbor"


async def test_an_empty_document_is_refused(client):
    await client.problem(400, "POST", "/v1/documents", "northwind", data=b"")


# --- bodies ---------------------------------------------------------------------------------------------------------


async def test_a_body_that_says_it_is_too_large_is_413(client, hub):
    await client.problem(413, "POST", "/v1/documents", "northwind", data=b"x" * (hub.largest_body + 1))
    assert not hub.received


async def test_a_streamed_body_is_413_as_soon_as_it_grows_too_large(client, hub):
    async def endless():
        for _ in range(1000):
            yield b"x" * 1000

    await client.problem(413, "POST", "/v1/documents", "northwind", data=endless())
    assert not hub.received


async def test_a_gzip_bomb_is_413(client, hub):
    bomb = gzip.compress(b"\0" * 40_000_000)
    assert len(bomb) < hub.largest_body
    await client.problem(413, "POST", "/v1/documents", "northwind", data=bomb, headers={"Content-Encoding": "gzip"})
    assert not hub.received


async def test_a_packed_body_is_kept_unpacked(client, hub):
    packed = gzip.compress(b"first ") + gzip.compress(b"second")
    response = await client("POST", "/v1/documents", "northwind", data=packed, headers={"Content-Encoding": "gzip"})
    assert response.status == 202
    assert hub.received[0].content == b"first second"


@pytest.mark.parametrize(("encoding", "status"), [("gzip", 400), ("br", 415)])
async def test_a_body_that_is_not_what_its_encoding_says_is_refused(client, hub, encoding, status):
    for body in (b"plain", gzip.compress(b"cut short" * 100)[:-12]):
        await client.problem(
            status, "POST", "/v1/documents", "northwind", data=body, headers={"Content-Encoding": encoding}
        )
    assert not hub.received


# --- orders ---------------------------------------------------------------------------------------------------------


async def test_a_canonical_order_is_answered_with_its_decision(client, hub):
    response = await client("POST", "/v1/orders", "northwind", data=order(), headers=keyed())
    answer = await response.json()
    assert response.status == 201
    assert answer["order"]["number"] == "A-1"
    assert answer["order"]["status"] == "allocated"
    assert not answer["order"].keys() & {"explanations", "timeline", "documents"}
    assert hub.received[0].transport_key == "k1"
    assert hub.received[0].facts["kind"] == "PurchaseOrder"


async def test_an_order_that_takes_longer_than_the_patience_is_202(client, hub):
    hub.slow = True
    response = await client("POST", "/v1/orders", "northwind", data=order(), headers=keyed(Prefer="wait=0"))
    assert response.status == 202
    assert "order" not in await response.json()


async def test_the_same_order_again_gets_the_same_answer_and_has_one_effect(client, hub):
    first, second = [await client("POST", "/v1/orders", "northwind", data=order(), headers=keyed()) for _ in range(2)]
    assert (first.status, await first.json()) == (second.status, await second.json())
    assert len(hub.received) == 1
    await client.problem(409, "POST", "/v1/orders", "northwind", data=order(number="A-2"), headers=keyed())


async def test_an_order_without_idempotency_key_is_refused(client, hub):
    await client.problem(400, "POST", "/v1/orders", "northwind", data=order())
    await client.problem(400, "POST", "/v1/orders", "northwind", data=order(), headers=keyed("x" * 256))
    assert not hub.received


async def test_an_operators_own_order_comes_over_our_own_channel(client, hub):
    assert (await client("POST", "/v1/orders", "operator", data=order(), headers=keyed())).status == 201
    assert hub.received[0].source == "api"


LINE = ORDER["lines"][0]
FAULTY = [
    (order(lines=[LINE | {"quantity": {"value": "-1"}}]), "/lines/0/quantity/value", "quantity-not-positive"),
    (order(lines=[LINE | {"quantity": {"value": 1.5}}]), "/lines/0/quantity/value", "field-invalid"),
    (order(lines=[LINE, LINE]), "/lines/1/number", "line-repeated"),
    (order(lines=[]), "/lines", "no-lines"),
    (order(ordered_on="2026-02-30"), "/ordered_on", None),
    (order(surprise=1), "/surprise", "field-invalid"),
    (order(currency="dollars"), "/currency", "field-invalid"),
    (order(extensions={"a/b": {}}, dates={"x/y~z": "soon"}), "/dates/x~1y~0z", None),
]


@pytest.mark.parametrize(("body", "pointer", "code"), FAULTY)
async def test_a_faulty_order_is_refused_with_located_findings_before_it_is_taken(client, hub, body, pointer, code):
    problem = await client.problem(422, "POST", "/v1/orders", "northwind", data=body, headers=keyed())
    finding = problem["findings"][0]
    assert finding["where"]["pointer"].startswith(pointer)
    assert finding["severity"] == "error"
    assert code in (None, finding["code"])
    assert not hub.received


@pytest.mark.parametrize("body", [b"", b"{", b'{"number": "x",}', b'{"number": "\\ud800"}', b"\xff\xfe", b"[" * 100_00])
async def test_malformed_json_is_400(client, hub, body):
    problem = await client.problem(400, "POST", "/v1/orders", "northwind", data=body, headers=keyed())
    assert problem["findings"][0]["code"] == "json-syntax"
    assert not hub.received


async def test_orders_are_paged(client, hub):
    seen, path = [], "/v1/orders?limit=1"
    for _ in range(2):
        page = await (await client("GET", path, "viewer")).json()
        seen += [row["id"] for row in page["orders"]]
        path = f"/v1/orders?limit=1&after={page['next']}"
    assert seen == ["northwind/NW-1", "harbor/H-1"]
    assert page["next"] is None


@pytest.mark.parametrize("limit", ["0", "501", "-1", "ten", "²"])
async def test_a_limit_out_of_range_is_400(client, limit):
    await client.problem(400, "GET", f"/v1/orders?limit={limit}", "viewer")


@pytest.mark.parametrize("path", ["NW-1", "northwind%2FNW-1", "northwind/NW-1"])
async def test_an_order_is_found_by_number_and_by_id(client, path):
    shown = await (await client("GET", f"/v1/orders/{path}", "viewer")).json()
    assert shown["id"] == "northwind/NW-1"
    why = await (await client("GET", f"/v1/orders/{path}/explanation", "viewer")).json()
    assert why["explanations"][0]["explanation"]["cost"] == "12.40"


async def test_an_unknown_order_is_404(client):
    await client.problem(404, "GET", "/v1/orders/none", "viewer")


# --- documents, stock, exceptions -----------------------------------------------------------------------------------


async def test_a_document_and_its_bytes_are_told(client, hub):
    shown = await (await client("GET", "/v1/documents/d1", "viewer")).json()
    assert shown["kind"] == "PurchaseOrder"
    raw = await client("GET", "/v1/documents/d1/raw", "viewer")
    assert await raw.read() == hub.archive.bytes_of["d1"].content
    assert raw.content_type == "application/edi-x12"


async def test_a_partners_html_leaves_as_a_download_that_no_browser_runs(client):
    raw = await client("GET", "/v1/documents/d2/raw", "viewer")
    assert raw.content_type == "application/octet-stream"
    assert raw.headers["Content-Disposition"] == 'attachment; filename="a_b_.html"'
    assert raw.headers["X-Content-Type-Options"] == "nosniff"


async def test_stock_is_set_and_told(client):
    levels = [
        {"sku": "LAMP", "node": "reno", "on_hand": "8", "safety": 1},
        {"sku": "LAMP", "node": "newark", "on_hand": 2},
    ]
    assert (await client("POST", "/v1/inventory", "erp", json=levels)).status == 200
    told = await (await client("GET", "/v1/availability?sku=LAMP", "viewer")).json()
    assert told["available"] == "9"
    assert {row["node"]: row["available"] for row in told["nodes"]} == {"reno": "7", "newark": "2"}
    outside = await (await client("GET", "/v1/availability?sku=LAMP", "northwind")).json()
    assert outside == {"sku": "LAMP", "available": "8"}, "what its terms keep back it is not told of"


MASTER_DATA = [
    ("/v1/items", {"sku": "LAMP", "discontinued": True, "as_of": "2026-03-01T09:00:00Z"}, "Item"),
    ("/v1/customers", {"number": "C-1", "blocked": True, "as_of": "2026-03-01"}, "Customer"),
    (
        "/v1/price-lists",
        {
            "number": "L1",
            "as_of": "2026-03-01",
            "currency": "USD",
            "customer": "northwind",
            "lines": [{"items": {"sku": "LAMP"}, "prices": [{"price": {"amount": "9", "currency": "USD"}}]}],
        },
        "PriceList",
    ),
]


@pytest.mark.parametrize(("path", "document", "kind"), MASTER_DATA, ids=[kind for _, _, kind in MASTER_DATA])
async def test_what_is_sold_to_whom_and_at_what_price_is_kept_for_those_who_set_stock(
    client, hub, path, document, kind
):
    assert (await client("POST", path, "erp", json=document, headers=keyed())).status == 202
    [kept] = hub.received
    assert (kept.source, kept.facts["kind"], json.loads(kept.content)) == ("api", kind, document)
    await client.problem(403, "POST", path, "northwind", json=document, headers=keyed("k2"))


@pytest.mark.parametrize(
    ("path", "document", "pointer"),
    [
        ("/v1/items", {"sku": "LAMP"}, "/as_of"),
        ("/v1/price-lists", MASTER_DATA[2][1] | {"lines": []}, "/lines"),
        ("/v1/customers", {"number": "C-1"}, "/as_of"),
    ],
)
async def test_master_data_that_says_too_little_is_refused(client, hub, path, document, pointer):
    problem = await client.problem(422, "POST", path, "erp", json=document, headers=keyed())
    assert problem["findings"][0]["where"] == {"pointer": pointer}
    assert not hub.received


async def test_key_figures_are_told_of_orders_since_an_instant(client):
    told = await (await client("GET", "/v1/kpis?since=2026-03-01T09:30:00Z", "viewer")).json()
    assert told["all"] == {"orders": 2, "fill_rate": "0.975", "on_time": None}
    await client.problem(400, "GET", "/v1/kpis?since=soon", "viewer")
    assert (await client("GET", "/v1/kpis", "northwind")).status == 403


async def test_stock_is_set_from_a_canonical_inventory_report(client, hub):
    report = {
        "number": "R1", "node": "reno", "as_of": "2026-03-01",
        "lines": [{"items": {"sku": "VASE"}, "quantities": {"on_hand": {"value": "3"}}}],
    }  # fmt: skip
    assert (await client("POST", "/v1/inventory", "erp", json=report)).status == 200
    assert str(hub.stock.levels["VASE", "reno"].on_hand) == "3"


async def test_what_is_on_its_way_is_set_by_the_day_it_comes(client, hub):
    level = {"sku": "VASE", "node": "reno", "incoming": {"2026-03-09": "40", "2026-03-16": "8"}}
    said = await (await client("POST", "/v1/inventory", "erp", json=level)).json()
    assert said["incoming"] == [
        {"sku": "VASE", "node": "reno", "day": "2026-03-09", "units": "40"},
        {"sku": "VASE", "node": "reno", "day": "2026-03-16", "units": "8"},
    ]
    lines = [
        {"items": {"sku": "VASE"}, "quantities": {"incoming": {"value": value}}, "dates": {"available": day}}
        for day, value in (("2026-03-10", "3"), ("2026-03-11", "4"))
    ]
    report = {"number": "R1", "node": "reno", "as_of": "2026-03-01", "lines": lines}
    assert (await client("POST", "/v1/inventory", "erp", json=report)).status == 200
    assert hub.stock.coming["VASE", "reno"] == {date(2026, 3, 10): 3, date(2026, 3, 11): 4}
    assert not hub.stock.levels


STOCK_FAULTS = [
    ({"sku": "LAMP", "node": "reno", "incoming": {"2026-03-09": "-1"}}, "/0/on_hand"),
    ({"sku": "LAMP", "node": "reno", "incoming": {"soon": "1"}}, "/incoming/soon/[key]"),
    ({"sku": "LAMP", "node": "reno", "on_hand": "-1"}, "/0/on_hand"),
    ([{"sku": "LAMP", "node": "reno"}], "/0/on_hand"),
    ({"sku": "LAMP", "node": "reno", "on_hand": "many"}, "/on_hand"),
    ({"number": "R", "as_of": "2026-03-01", "lines": [{"items": {"upc": "1"}, "quantities": {}}]}, "/lines/0"),
]


@pytest.mark.parametrize(("body", "pointer"), STOCK_FAULTS)
async def test_faulty_stock_sets_nothing(client, hub, body, pointer):
    problem = await client.problem(422, "POST", "/v1/inventory", "erp", json=body)
    assert problem["findings"][0]["where"]["pointer"] == pointer
    assert not hub.stock.levels


async def test_what_the_hub_rejects_is_422_with_its_reason(client):
    level = {"sku": "LAMP", "node": "nowhere", "on_hand": 1}
    problem = await client.problem(422, "POST", "/v1/inventory", "erp", json=level)
    assert problem["detail"] == "there is no node nowhere"


async def test_availability_needs_a_sku(client):
    await client.problem(400, "GET", "/v1/availability", "viewer")


async def test_open_exceptions_are_told(client):
    told = await (await client("GET", "/v1/exceptions", "viewer")).json()
    assert [row["id"] for row in told["exceptions"]] == ["x1"]
    closed = await (await client("GET", "/v1/exceptions?status=resolved", "viewer")).json()
    assert closed["exceptions"] == []


# --- webhooks -------------------------------------------------------------------------------------------------------


async def test_a_signed_webhook_is_taken_and_has_one_effect(client, hub):
    body = b'{"id": 1}'
    headers = {"X-Signature": hub.webhooks.sign(body), "X-Event": "e1"}
    first, second = [await client("POST", "/hooks/shop", data=body, headers=headers) for _ in range(2)]
    assert first.status == second.status == 200
    assert await first.json() == await second.json()
    assert [arrival.content for arrival in hub.received] == [body]


async def test_a_wrong_signature_is_401_and_nothing_is_parsed(client, hub):
    await client.problem(401, "POST", "/hooks/shop", data=b"{not json", headers={"X-Signature": "00"})
    assert not hub.received


async def test_an_unknown_webhook_is_404(client):
    await client.problem(404, "POST", "/hooks/nobody", data=b"{}")


async def test_a_sender_is_shown_that_the_address_is_ours(client):
    for method in ("GET", "POST"):
        answer = await client(method, "/hooks/shop?token=t-1")
        assert (answer.status, await answer.text(), answer.content_type) == (200, "t-1", "text/plain")
    await client.problem(404, "GET", "/hooks/shop")
    await client.problem(404, "GET", "/hooks/nobody?token=t-1")


# --- the hub itself -------------------------------------------------------------------------------------------------


async def test_health_readiness_and_metrics_need_no_token_and_tell_no_names(client, hub):
    assert (await client("GET", "/healthz")).status == 200
    assert (await client("GET", "/readyz")).status == 200
    text = await (await client("GET", "/metrics")).text()
    assert 'crossdock_documents{direction="in",kind="PurchaseOrder"} 1\n' in text
    assert 'crossdock_orders{status="shipped"} 2\n' in text
    assert "crossdock_exceptions 1\n" in text
    assert 'crossdock_staleness_seconds{channel="trailhead",what="orders"} 40.0\n' in text
    assert "50.00" not in text
    hub.broken = True
    assert (await client("GET", "/readyz")).status == 503


@pytest.mark.parametrize(("part", "asked"), [("access", "bearer"), ("archive", "orders")])
async def test_while_the_store_is_away_whoever_asks_is_told_to_try_again(client, hub, monkeypatch, part, asked):
    async def away(*_, **__):
        raise Unavailable("the secret database is away")

    await client("GET", "/v1/orders", "viewer")
    monkeypatch.setattr(getattr(hub, part), asked, away)
    answer = await client("GET", "/v1/orders", "viewer")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert "secret" not in await answer.text()


async def test_a_failure_of_ours_is_a_500_that_tells_nothing_of_our_insides(client, hub):
    hub.broken = True
    problem = await client.problem(500, "POST", "/v1/documents", "northwind", data=b"x")
    assert "secret" not in json.dumps(problem)


async def test_unknown_addresses_and_methods_are_problems_too(client):
    await client.problem(404, "GET", "/v2/orders")
    response = await client("DELETE", "/v1/orders")
    assert response.status == 405
    assert response.content_type == "application/problem+json"
    assert "GET" in response.headers["Allow"]


async def test_every_answer_carries_the_security_headers(client):
    for path in ("/healthz", "/v1/orders", "/nowhere", "/login", "/static/console.css"):
        headers = (await client("GET", path)).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "script-src" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "aiohttp" not in headers["Server"]


async def test_every_route_of_the_server_is_described(client, hub):
    from console.web.guard import Sessions
    from console.web.server import make_app

    described = await (await client("GET", "/openapi.json")).json()
    served = {
        (route.method, route.resource.canonical)
        for route in make_app(hub, Sessions()).router.routes()
        if route.method != "HEAD"
        and route.resource.canonical.startswith(("/v1/", "/hooks/", "/healthz", "/readyz", "/metrics", "/openapi"))
    }
    assert served == {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    assert described["components"]["schemas"]["PurchaseOrder"]["properties"]["lines"]


async def test_every_reference_in_the_description_leads_somewhere(client):
    described = await (await client("GET", "/openapi.json")).json()
    schemas = described["components"]["schemas"]

    def references(value: Any) -> Any:
        if isinstance(value, dict):
            yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
            value = list(value.values())
        for item in value if isinstance(value, list) else []:
            yield from references(item)

    assert {name.rsplit("/", 1)[1] for name in references(described)} <= schemas.keys()
