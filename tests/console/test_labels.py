"""Labels are downloaded as the carrier drew them, from the order's page and by the API."""

from base64 import b64encode

import pytest

from tests.console.test_pages import sign_in

PNG, ZPL, MANIFEST = b"\x89PNG one", b"^XA^XZ", b"%PDF-1.4 both"


def drawn(kind: str, content: bytes) -> dict[str, str]:
    return {"format": kind, "content": b64encode(content).decode()}


@pytest.fixture
def labelled(hub):
    """The hub, its order with two packages' labels and one document for both; another was voided."""
    papers = hub.archive.papers
    paper = {**papers["d1"], "partner": "ups", "kind": "Label", "reasons": {}}
    packages = [
        {"tracking_number": "1Z1", "documents": [drawn("png", PNG)]},
        {"tracking_number": "1Z2", "documents": [drawn("zpl", ZPL)]},
    ]
    bought = {"reference": "1Z1", "packages": packages, "documents": [drawn("pdf", MANIFEST)]}
    other = {"reference": "1Z9", "packages": [{"tracking_number": "1Z9", "documents": [drawn("png", PNG)]}]}
    papers["l1"] = {**paper, "id": "l1", "document": bought}
    papers["l2"] = {**paper, "id": "l2", "document": other}
    papers["l3"] = {**paper, "id": "l3", "document": {"reference": "1Z9", "status": "voided"}}
    order = hub.archive.rows["northwind/NW-1"]
    order["documents"] = [papers[name] for name in ("d1", "d2", "l1", "l2", "l3")]
    return hub


async def test_each_label_is_downloaded_byte_for_byte_under_its_tracking_number(client, labelled):
    for number, (content, media_type, name) in enumerate(
        [(PNG, "image/png", "1Z1.png"), (ZPL, "application/zpl", "1Z2.zpl"), (MANIFEST, "application/pdf", "1Z1.pdf")],
        1,
    ):
        answer = await client("GET", f"/v1/documents/l1/labels/{number}", "viewer")
        assert (await answer.read(), answer.headers["X-Content-Type-Options"]) == (content, "nosniff")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert answer.content_type in (media_type, "application/octet-stream")


@pytest.mark.parametrize("path", ["l1/labels/0", "l1/labels/4", "l1/labels/x", "d1/labels/1", "none/labels/1"])
async def test_there_is_no_other_label(client, labelled, path):
    await client.problem(404, "GET", f"/v1/documents/{path}", "viewer")


async def test_a_partner_finds_no_label_of_our_carrier(client, labelled):
    await client.problem(404, "GET", "/v1/documents/l1/labels/1", "northwind")


async def test_the_orders_page_links_its_labels_and_says_which_were_voided(client, labelled):
    cookie = await sign_in(client, "viewer")
    page = await (await client("GET", "/orders/NW-1", headers=cookie)).text()
    for told in ('<a href="/documents/l1/labels/2">1Z2.zpl</a> by ups</span>', ">1Z9.png</a> by ups, voided"):
        assert told in page
    answer = await client("GET", "/documents/l1/labels/1", headers=cookie)
    assert await answer.read() == PNG
