"""The console's pages, over HTTP: who may see them, what they show, and that foreign text stays text."""

import json
import re
from typing import Any

import pytest

from canonical.exchange import Rendered
from console.pages.json_view import lean, paint_json
from console.pages.picture import ledger_bar, moment
from console.pages.raw_view import raw_lines
from console.timeline import steps_of
from console.wording import quantity

CANARY = "<script>alert('canary')</script>"
PAGES = [
    "/",
    "/orders/northwind%2FNW-1",
    "/documents",
    "/documents/d1",
    "/documents/d2",
    "/exceptions",
    "/holds",
    "/kpis",
]


async def sign_in(client, token: str) -> dict[str, str]:
    """The cookie a token earns."""
    response = await client("POST", "/login", data={"token": token}, headers={"Origin": client.served.url})
    assert response.status == 303
    cookie = response.headers["Set-Cookie"]
    for safeguard in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert safeguard in cookie
    client.session.cookie_jar.clear()
    return {"Cookie": cookie.split(";")[0]}


@pytest.mark.parametrize("path", PAGES)
async def test_without_a_session_every_page_leads_to_the_sign_in(client, path):
    response = await client("GET", path)
    assert (response.status, response.headers["Location"]) == (303, "/login")


@pytest.mark.parametrize("path", PAGES)
async def test_what_a_partner_wrote_is_never_html(client, path):
    page = await (await client("GET", path, headers=await sign_in(client, "admin"))).text()
    assert "<script" not in page
    assert "javascript:" not in page
    assert "style=" not in page


@pytest.mark.parametrize("path", ["/", "/orders/NW-1", "/documents/d1", "/documents/d2", "/exceptions", "/holds"])
async def test_what_a_partner_wrote_is_shown_as_text(client, path):
    page = await (await client("GET", path, headers=await sign_in(client, "admin"))).text()
    assert "&lt;script&gt;" in page


async def test_a_link_signs_in_once(client):
    path = client.served.login.removeprefix(client.served.url)
    first = await client("GET", path)
    assert (first.status, first.headers["Location"]) == (303, "/")
    cookie = {"Cookie": first.headers["Set-Cookie"].split(";")[0]}
    client.session.cookie_jar.clear()
    assert (await client("GET", "/", headers=cookie)).status == 200
    again = await client("GET", path)
    assert "Set-Cookie" not in again.headers
    assert "used already" in await again.text()


async def test_a_session_is_not_the_token_and_ends_with_it(client, hub):
    cookie = await sign_in(client, "admin")
    assert "admin" not in cookie["Cookie"]
    del hub.access.tokens["admin"]
    assert (await client("GET", "/", headers=cookie)).status == 303


async def test_a_session_ends_when_its_time_is_over(hub):
    from console.web.guard import Sessions

    now = [0.0]
    sessions = Sessions(clock=lambda: now[0], lifetime=10)
    session = await sessions.sign_in("viewer", hub.access)
    assert await sessions.caller(session, hub.access)
    now[0] = 11
    assert await sessions.caller(session, hub.access) is None


async def test_signing_out_ends_the_session(client):
    cookie = await sign_in(client, "viewer")
    await client("POST", "/logout", headers=cookie | {"Origin": client.served.url})
    assert (await client("GET", "/", headers=cookie)).status == 303


async def test_an_unknown_token_does_not_sign_in(client):
    response = await client("POST", "/login", data={"token": "nonsense"}, headers={"Origin": client.served.url})
    assert response.status == 401
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("origin", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {}])
@pytest.mark.parametrize("path", ["/login", "/logout", "/exceptions/x1/resolve"])
async def test_a_form_of_another_site_is_refused(client, hub, path, origin):
    cookie = await sign_in(client, "admin")
    await client.problem(403, "POST", path, headers=cookie | origin, data={"token": "admin"})
    assert hub.archive.troubles["x1"]["status"] == "open"


async def test_a_bearer_token_does_not_open_pages_nor_a_session_the_api(client):
    assert (await client("GET", "/exceptions", "admin")).status == 303
    assert (await client("GET", "/v1/orders", headers=await sign_in(client, "admin"))).status == 401


async def test_exceptions_are_settled_from_their_page(client, hub):
    headers = await sign_in(client, "operator") | {"Origin": client.served.url}
    response = await client("POST", "/exceptions/x1/retry", headers=headers)
    assert (response.status, response.headers["Location"]) == (303, "/exceptions")
    assert hub.archive.troubles["x1"]["status"] == "retried"
    assert hub.archive.troubles["x1"]["settled_by"] == "role operator"
    await client.problem(404, "POST", "/exceptions/x1/retry", headers=headers)
    await client.problem(404, "POST", "/exceptions/x1/delete", headers=headers)


async def test_what_cannot_be_tried_again_says_so_and_stays_open(client, hub):
    hub.archive.troubles["x1"]["final"] = True
    headers = await sign_in(client, "operator") | {"Origin": client.served.url}
    problem = await client.problem(409, "POST", "/exceptions/x1/retry", headers=headers)
    assert "nothing here to try again" in problem["detail"]
    assert hub.archive.troubles["x1"]["status"] == "open"


async def test_a_viewer_sees_exceptions_without_buttons(client, hub):
    cookie = await sign_in(client, "viewer")
    page = await (await client("GET", "/exceptions", headers=cookie)).text()
    assert "Unknown sender" in page
    assert "<button>Retry" not in page
    headers = cookie | {"Origin": client.served.url}
    await client.problem(403, "POST", "/exceptions/x1/retry", headers=headers)


async def test_a_partner_sees_its_own_orders_without_nodes_and_costs(client):
    cookie = await sign_in(client, "northwind")
    front = await (await client("GET", "/", headers=cookie)).text()
    assert "NW-1" in front
    assert "harbor" not in front
    assert "Journal" not in front
    page = await (await client("GET", "/orders/NW-1", headers=cookie)).text()
    assert "reno" not in page
    for path in ("/orders/harbor%2FH-1", "/documents/d2", "/documents/d2/raw"):
        await client.problem(404, "GET", path, headers=cookie)
    await client.problem(403, "GET", "/exceptions", headers=cookie)


async def test_an_order_shows_ledger_timeline_and_why(client):
    page = await (await client("GET", "/orders/NW-1", headers=await sign_in(client, "viewer"))).text()
    for told in ("5 shipped", "5 invoiced", "Order accepted", "From northwind", "To reno", "5 LAMP from reno",
                 "routing.yaml:12", "no stock", "12.40", "1 more at reno", "line 3 of price list L1"):  # fmt: skip
        assert told in page


async def test_a_document_stands_beside_its_bytes(client):
    page = await (await client("GET", "/documents/d1", headers=await sign_in(client, "viewer"))).text()
    assert '<span class="x-t">BEG</span>' in page
    assert '<span class="j-k">&#34;number&#34;</span>' in page
    assert 'href="/documents/d1/raw"' in page


async def test_errors_are_pages_for_people(client):
    response = await client("GET", "/nowhere", headers={"Accept": "text/html"})
    assert (response.status, response.content_type) == (404, "text/html")
    assert "<h1>Not Found</h1>" in await response.text()


async def test_everything_a_page_needs_comes_from_the_hub(client):
    cookie = await sign_in(client, "admin")
    wanted = set()
    for path in PAGES:
        page = await (await client("GET", path, headers=cookie)).text()
        wanted |= set(re.findall(r'(?:href|src|action)="([^"#]+)"', page))
    assert all(link.startswith("/") and not link.startswith("//") for link in wanted)
    for link in wanted:
        if not link.endswith(("/retry", "/resolve", "/release", "/logout")):
            assert (await client("GET", link, headers=cookie)).status == 200, link


# --- how values look ------------------------------------------------------------------------------------------------


def isa(element: str, segment: str, control: str) -> bytes:
    fields = ["ISA", "00", " " * 10, "00", " " * 10, "ZZ", "A".ljust(15), "ZZ", "B".ljust(15), "260301", "1200", "U",
              "00401", control, "0", "P", ">"]  # fmt: skip
    return (element.join(fields) + segment).encode()


def test_each_interchange_is_split_by_its_own_delimiters():
    content = (
        b"\xef\xbb\xbf\n"
        + isa("*", "~", "000000001")
        + b"\r\nST*850~\n"
        + isa("|", "\n", "000000002")
        + b"ST|8*5|<b>\n"
    )
    view = raw_lines(Rendered(content, "application/octet-stream", "x"))
    assert view.syntax == "X12"
    assert [re.sub(r"<[^>]+>", "", str(line.text)) for line in view.lines][1::2] == ["ST*850", "ST|8*5|&lt;b&gt;"]


def test_what_belongs_to_another_document_stands_aside():
    content = isa("*", "~", "000000001") + b"ST*850*1~SE*2*1~ST*850*2~SE*2*2~"
    start = content.index(b"ST*850*2")
    view = raw_lines(Rendered(content, "application/edi-x12", "x"), (start, len(content)))
    assert [line.aside for line in view.lines] == [True, True, True, False, False]


@pytest.mark.parametrize("content", [b"", b"ISA", b"ISA*short~", b"\xff\xfe\x00", b'{"a":', b"[" * 5000])
def test_any_bytes_can_be_shown(content):
    for media_type in ("application/json", "application/edi-x12", "text/html"):
        view = raw_lines(Rendered(content, media_type, "x"))
        assert "<script" not in "".join(line.text for line in view.lines)


def test_json_keeps_its_digits_and_escapes_its_texts():
    painted = str(
        paint_json(json.loads('{"a<": [1.10, "</pre>", null, {}]}', parse_float=__import__("decimal").Decimal))
    )
    assert "1.10" in painted
    assert "a&lt;" in painted
    assert "</pre>" not in painted


def test_a_page_shows_what_a_document_says_and_no_empty_field():
    assert lean({"a": {}, "b": [{"c": [], "d": "0"}], "e": {"f": None}, "g": False}) == {"b": [{"d": "0"}], "g": False}


def test_what_happened_together_is_told_together():
    def told(at: str, kind: str) -> dict[str, Any]:
        return {"at": f"2026-03-01T12:00:{at}", "what": "event", "kind": kind, "detail": {}}

    story = [
        told("00.1", "line_allocated"),
        told("00.2", "line_allocated"),
        told("01", "line_allocated"),
        told("01", "x"),
    ]
    steps = [(step.title, len(step.moments)) for step in steps_of({"timeline": story})]
    assert steps == [("Line allocated", 2), ("Line allocated", 1), ("X", 1)]


def test_a_ledger_bar_says_in_words_what_it_shows():
    bar = ledger_bar({"shipped": "3", "backordered": "1"})
    assert 'aria-label="3 shipped, 1 backordered"' in bar
    assert 'x="75.000" y="0" width="25.000"' in bar


@pytest.mark.parametrize(
    ("given", "shown"), [("5", "5"), ("5.00", "5"), ("1234.50", "1,234.50"), ("0.125", "0.125"), ("x", "0")]
)
def test_quantities_read_well(given, shown):
    assert quantity(given) == shown


def test_a_date_stays_a_date_and_an_instant_is_told_in_utc():
    assert moment("2026-03-01") == '<time datetime="2026-03-01">2026-03-01</time>'
    assert "<b>11:00:00</b>" in moment("2026-03-01T12:00:00+01:00")
    assert moment("<b>") == "&lt;b&gt;"


async def test_holds_are_lifted_from_their_page_in_the_visitors_name(client, hub):
    headers = await sign_in(client, "admin") | {"Origin": client.served.url}
    page = await (await client("GET", "/holds", headers=headers)).text()
    assert "credit desk" in page
    assert "then cancel" in page
    response = await client("POST", "/holds/northwind%2FNW-1/credit/release", headers=headers)
    assert (response.status, response.headers["Location"]) == (303, "/holds")
    assert hub.holds.lifted == [("northwind/NW-1", "credit", "role admin")]
    await client.problem(404, "POST", "/holds/northwind%2FNW-1/fraud/release", headers=headers)


async def test_key_figures_are_shown_by_name(client):
    page = await (await client("GET", "/kpis", headers=await sign_in(client, "admin"))).text()
    assert "97.5%" in page
