"""What machines ask of the hub itself."""

from aiohttp import web

from console.api.call import Call, reply
from console.api.metrics import prometheus_text


async def healthy(_call: Call) -> web.Response:
    """The process answers."""
    return reply({"status": "ok"})


async def ready(call: Call) -> web.Response:
    """Whether the hub can take and work on documents."""
    state = await call.hub.ready()
    return reply(state, 200 if state.get("ready") else 503)


async def metrics(call: Call) -> web.Response:
    """Counts for Prometheus: no names, no money."""
    text = prometheus_text(await call.hub.archive.overview(), call.hub.staleness())
    return web.Response(body=text.encode(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
