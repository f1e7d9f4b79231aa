"""`crossdock connector`: make, test, check, log in, try, record."""

import asyncio
import sys

from console.commands.maps import near, print_cases, read_file, write_file
from console.invocation import Invocation, Usage
from console.terminal import text


async def connector_test(call: Invocation) -> int:
    """Run a connector's cases; nothing leaves the machine."""
    told = await call.authoring().test_connector(call.arguments.name)
    if not call.tell(told):
        print_cases(call, told, told["connector"], [near(told["place"])])
    return 0 if told["ok"] else 1


async def connector_new(call: Invocation) -> int:
    """Write a first connector from a sample document: manifest, map and cases, what is to be looked at marked."""
    given = call.arguments
    told = call.authoring().draft_connector(given.name, read_file(given.sample))
    wanted = {call.config.parent / path: content for path, content in told["files"].items()}
    there = [str(path) for path in wanted if path.exists()]
    if there:
        raise Usage(f"{there[0]} is there already; remove it, or choose another name")
    for path, content in wanted.items():
        write_file(path, content)
    if not call.tell({**told, "files": list(map(str, wanted))}):
        for path in wanted:
            call.out.print(f"wrote {near(path)}", soft_wrap=True)
        call.out.print(f"crossdock connector test {given.name} runs its cases")
    return 0


async def connector_login(call: Invocation) -> int:
    """Log in to a connection in a browser, and keep the tokens that gives."""
    given = call.arguments

    def show(url: str) -> None:
        call.err.print(f"open this address, and consent:\n{url}", soft_wrap=True, markup=False, highlight=False)

    async def paste() -> str:
        call.err.print("then paste the address you are sent to:")
        return await asyncio.to_thread(sys.stdin.readline)

    told = await call.authoring().log_in(given.name, given.port, show, paste)
    if not call.tell(told):
        call.out.print(text(f"{told['connection']} is logged in"))
    return 0
