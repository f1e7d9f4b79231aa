"""Commands that keep the hub at work: run and demo."""

import asyncio
import contextlib
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from canonical import Misconfigured
from console.desk import Hub
from console.invocation import Invocation, Usage
from console.terminal import text

if TYPE_CHECKING:
    from console.web.server import Served

ALL_ROLES = ("web", "intake", "route", "deliver", "schedule")
_MARK = ".crossdock-demo"


def roles_of(given: str | None) -> frozenset[str]:
    """The roles in `--roles web,route`. Raises `Usage`."""
    roles = frozenset(part.strip() for part in given.split(",") if part.strip()) if given else frozenset(ALL_ROLES)
    if unknown := sorted(roles - set(ALL_ROLES)) or not roles:
        raise Usage(f"--roles takes some of {','.join(ALL_ROLES)}; not {given!r} ({unknown})")
    return roles


async def run(call: Invocation) -> int:
    """Run the hub until it is told to stop."""
    from console.web.server import serve

    roles = roles_of(call.arguments.roles)
    async with call.hub() as hub, _at_work(hub, roles - {"web"}) as worker:
        if "web" not in roles:
            call.tell({"url": None, "login": None})
            call.err.print(text(f"{hub.name}: at work as {', '.join(sorted(roles))}; Ctrl-C stops it"))
            await _until_stopped(worker)
            return 0
        host, port = call.arguments.host or hub.host, call.arguments.port
        async with serve(hub, host, hub.port if port is None else port) as served:
            _announce(call, hub, served)
            await _until_stopped(worker)
    return 0


def _announce(call: Invocation, hub: Hub, served: "Served") -> None:
    if call.tell({"url": served.url, "login": served.login}):
        return
    call.out.print(text(f"{hub.name} is at {served.url}", "bold"), soft_wrap=True)
    call.out.print(text(f"sign in, once, with {served.login}"), soft_wrap=True)
    call.out.print(text("Ctrl-C stops it", "dim"))


@asynccontextmanager
async def _at_work(hub: Hub, roles: frozenset[str]) -> AsyncIterator["asyncio.Task[None] | None"]:
    """The background work, for as long as the block lasts."""
    worker = asyncio.create_task(hub.work(roles)) if roles else None
    try:
        yield worker
    finally:
        if worker is not None:
            worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await worker


async def _until_stopped(worker: "asyncio.Task[None] | None") -> None:
    """Wait for SIGINT or SIGTERM. When the work itself breaks, its error is raised."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped.set)
    waiting = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({waiting, worker} if worker else {waiting}, return_when=asyncio.FIRST_COMPLETED)
        if worker is not None and worker.done():
            await worker
    finally:
        waiting.cancel()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(name)


async def emulate(call: Invocation) -> int:
    """Serve a local stand-in of a system's API, to work against offline."""
    given = call.arguments
    async with call.builder.emulate(given.name, given.port or 0, given.orders, given.fault) as told:
        if not call.tell(told):
            call.out.print(text(f"{given.name} is played at {told['base_url']}", "bold"), soft_wrap=True)
            call.out.print(text("a connection to it, and the environment that goes with it:"), soft_wrap=True)
            call.out.print_json(data={"connection": told["connection"], "environment": told["environment"]})
            call.out.print(text("Ctrl-C stops it", "dim"))
        await _until_stopped(None)
    return 0


async def demo(call: Invocation) -> int:
    """Play the example hub end to end, check the outcome, then serve the console."""
    from console.demo import tell_story

    _make_fresh(call.data)
    async with call.builder.rehearse(call.config, call.data) as (hub, rehearsal):
        code = await tell_story(call, hub, rehearsal)
        if call.arguments.no_serve:
            return code
        async with _at_work(hub, frozenset(ALL_ROLES) - {"web"}) as worker, AsyncExitStack() as stack:
            served = await _serve_somewhere(stack, hub, call.arguments.port)
            console = call.err if call.json else call.out
            console.print()
            console.print(text(f"The console is at {served.url}; sign in, once, with", "bold"), soft_wrap=True)
            console.print(text(f"  {served.login}"), soft_wrap=True)
            console.print(text("Ctrl-C stops it", "dim"))
            await _until_stopped(worker)
    return code


async def _serve_somewhere(stack: AsyncExitStack, hub: Hub, port: int | None) -> "Served":
    """At the port that was asked for; else at the usual one, or any free one where that is taken."""
    from console.web.server import serve

    if port is not None:
        return await stack.enter_async_context(serve(hub, hub.host, port))
    try:
        return await stack.enter_async_context(serve(hub, hub.host, hub.port))
    except Misconfigured:
        return await stack.enter_async_context(serve(hub, hub.host, 0))


def _make_fresh(data: Path) -> None:
    """An empty directory for the demo. Only what an earlier demo left is ever removed."""
    mark = data / _MARK
    try:
        if data.exists() and any(data.iterdir()):
            if not mark.exists():
                raise Usage(f"{data} holds something that no demo made; choose an empty directory with --data")
            shutil.rmtree(data)
        data.mkdir(parents=True, exist_ok=True)
        mark.touch()
    except OSError as error:
        raise Usage(f"cannot make {data} ready: {error.strerror}") from error
