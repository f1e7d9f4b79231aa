"""The books over HTTP."""

from aiohttp import web

from console.api.call import Call, reply
from console.reconciliation import read


async def reconcile(call: Call) -> web.Response:
    """Where orders, postings and the ERPs' own books differ, and why."""
    return reply(await read(call.hub.reconcile()))
