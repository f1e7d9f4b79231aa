"""What processes share: one refresh of a token at a time, though each is a process of its own."""

import asyncio
import json
import sys
from pathlib import Path

from aiohttp import web

from connectors.emulators.loopback import loopback

ROOT = Path(__file__).parents[3]
CHILD = """
import asyncio, sys
from pathlib import Path
from connectors.connection import Connection, host_of
from connectors.engine.caller import Caller
from connectors.engine.operation import run
from connectors.engine.tokens import FileTokens
from connectors.engine.wire import HttpWire
from connectors.manifest import Manifest
from connectors.secret import Secret
from connectors.surroundings import SystemClock

async def main(url, directory):
    manifest = Manifest.model_validate({
        "connector": "x", "version": 1, "kind": "other", "title": "X", "docs": "d", "base_url": "https://x.example",
        "settings": {"refresh": {"secret": True}},
        "auth": {"kind": "oauth2", "grant": "refresh_token", "token_url": "{base_url}/token", "client_id": "i",
                 "client_secret": "s", "refresh_token": "{settings.refresh}"},
        "operations": {"get": {"steps": [{"name": "get", "call": {"path": "/thing"}}]}},
    })
    connection = Connection("shop", "Shop", manifest, {"refresh": Secret("refresh-0")}, url, frozenset({host_of(url)}))
    wire = HttpWire()
    caller = Caller(connection, wire, SystemClock(), FileTokens(Path(directory)))
    await run(caller, manifest.operations["get"], {}, "k")
    await wire.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_processes_that_start_together_use_up_one_refresh_token(tmp_path: Path):
    grants: list[str] = []

    async def token(request: web.Request) -> web.Response:
        form = await request.post()
        if form["refresh_token"] != f"refresh-{len(grants)}":
            return web.json_response({"error": "invalid_grant"}, status=400)
        grants.append(str(form["refresh_token"]))
        await asyncio.sleep(0.2)
        told = {"access_token": f"access-{len(grants)}", "refresh_token": f"refresh-{len(grants)}", "expires_in": 3600}
        return web.json_response(told)

    async def thing(request: web.Request) -> web.Response:
        known = request.headers.get("Authorization") == f"Bearer access-{len(grants)}"
        return web.json_response({}, status=200 if known else 401)

    application = web.Application()
    application.router.add_post("/token", token)
    application.router.add_get("/thing", thing)
    async with loopback(application) as url:
        children = [
            await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, url, str(tmp_path), cwd=ROOT)
            for _ in range(3)
        ]
        assert [await child.wait() for child in children] == [0, 0, 0]
    assert grants == ["refresh-0"]
    assert json.loads((tmp_path / "shop.json").read_text())["refresh"] == "refresh-1"
