"""A real browser signs in, opens an order and a document, and settles an exception."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and os.environ.get("CI") != "true", reason="no Chromium on this machine"),
]


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page of a headless Chromium."""
    assert CHROMIUM, "CI must have a Chromium"
    async with async_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=quiet)
        yield await browser.new_page()
        await browser.close()


async def test_a_person_signs_in_reads_an_order_and_a_document_and_settles_an_exception(client, hub, page):
    alerts: list[str] = []
    faults: list[str] = []
    page.on("dialog", lambda dialog: alerts.append(dialog.message))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)

    await page.goto(client.served.url)
    await page.get_by_label("API token").fill("operator")
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("link", name="NW-1", exact=True).click()
    assert await page.get_by_role("heading", level=1).inner_text() == "Order NW-1 Shipped"
    assert await page.get_by_role("img", name="5 shipped").is_visible()

    await page.get_by_role("link", name="PurchaseOrder").first.click()
    raw = page.get_by_role("region", name="As it travelled")
    assert "BEG*00*SA*NW-1" in await raw.first.inner_text()
    assert '"number": "NW-1"' in await page.locator("pre.json").inner_text()

    await page.get_by_role("link", name="Exceptions").click()
    await page.get_by_role("button", name="Resolve").click()
    assert await page.get_by_text("Nothing waits for you").is_visible()
    assert hub.archive.troubles["x1"]["status"] == "resolved"
    assert alerts == []
    assert faults == []


async def test_the_printed_link_signs_in(client, page):
    await page.goto(client.served.login)
    assert page.url == client.served.url + "/"
    assert await page.get_by_role("heading", name="Orders", level=1).is_visible()


async def test_the_keyboard_alone_reaches_the_content_and_the_first_order(client, page):
    await page.goto(client.served.login)
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "Skip to content"
    await page.keyboard.press("Enter")
    reached = []
    for _ in range(4):
        await page.keyboard.press("Tab")
        reached.append(await page.evaluate("document.activeElement.textContent"))
    assert "NW-1" in reached
