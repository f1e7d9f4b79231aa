"""`crossdock connector`: make, test, check, log in, try, record."""

import asyncio
import sys
from collections.abc import Mapping
from typing import Any

from console.commands.maps import near, print_cases, read_file, write_file
from console.invocation import Invocation, Usage
from console.json_text import json_text
from console.terminal import print_findings, table, text


async def connector_test(call: Invocation) -> int:
    """Run a connector's cases; nothing leaves the machine."""
    told = await call.authoring().test_connector(call.arguments.name)
    if not call.tell(told):
        print_cases(call, told, told["connector"], [near(told["place"])])
    return 0 if told["ok"] else 1


async def connector_new(call: Invocation) -> int:
    """Write a first connector from a sample document or an OpenAPI file, what is to be looked at marked."""
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


async def connector_check(call: Invocation) -> int:
    """Hold a connector against the quality scale: what is declared, tested, exempt and why."""
    told = call.authoring().check_connector(call.arguments.name)
    if not call.tell(told):
        colours = {"kept": "green", "exempt": "yellow", "missing": "bold red"}
        shown = table("", "level", "rule", "says", "why")
        for row in told["rules"]:
            state = text(row["state"], colours[row["state"]])
            shown.add_row(state, text(row["level"]), text(row["rule"]), text(row["says"]), text(row["why"]))
        call.out.print(shown)
        print_findings(call.out, told["findings"])
        call.out.print(text(f"{told['connector']}: {told['level']}", "bold"))
    return 0 if told["ok"] else 1


async def connector_try(call: Invocation) -> int:
    """Run an operation once, live, and show what passed, secrets starred; of a list its first page."""
    given = call.arguments
    told = await call.authoring().try_operation(given.name, given.operation, _request(call))
    if not call.tell(told):
        for one in told["exchanges"]:
            _print_exchange(call, one)
        call.out.print(text(f"{told['operation']}: {told['outcome']['then']}", "green" if told["ok"] else "bold red"))
        call.out.print_json(json_text(told["outcome"]))
    return 0 if told["ok"] else 1


async def connector_record(call: Invocation) -> int:
    """Run an operation once, live, and write it as a case, secrets and persons taken out."""
    given = call.arguments
    told = await call.authoring().record_operation(given.name, given.operation, _request(call))
    write_file(given.out, told["text"])
    if not call.tell({**told, "out": str(given.out)}):
        for fault in told["faults"]:
            call.out.print(text(fault, "yellow"), soft_wrap=True)
        call.out.print(text(f"wrote {near(given.out)}: {given.operation} {told['outcome']}"), soft_wrap=True)
        call.out.print("look it over: what no rule knows to be personal is still in it", soft_wrap=True)
    return 0 if told["ok"] else 1


def _request(call: Invocation) -> bytes | None:
    return read_file(call.arguments.request).content if call.arguments.request else None


def _print_exchange(call: Invocation, one: Mapping[str, Any]) -> None:
    asked, came = one["request"], one["answer"]
    call.out.print(text(f"{asked['method']} {asked['url']}", "bold"), soft_wrap=True)
    for name, value in asked["headers"].items():
        call.out.print(text(f"  {name}: {value}", "dim"), soft_wrap=True)
    for body in filter(None, (asked["body"], came and f"HTTP {came['status']}\n{came['body'] or ''}")):
        call.out.print(text(body), soft_wrap=True)
    if came is None:
        call.out.print(text("no answer", "bold red"))
