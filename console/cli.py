"""The command line: how each command is called, where it finds configuration and data, and what its exit code means.

Exit 0: done. 1: findings, or a failed check. 2: the call or the configuration is wrong.
"""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from canonical import CrossdockError, Misconfigured
from console.arguments import control, hours, instant, port, positive, quantity
from console.commands import (
    actions,
    connectors,
    hindsight,
    holds,
    keeping,
    lookups,
    maps,
    reconciling,
    returns,
    running,
    tools,
)
from console.desk import Builder
from console.invocation import Invocation, Usage
from console.terminal import err, print_findings, print_json, text

Run = Callable[[Invocation], Awaitable[int]]
Subcommands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse gives it no public name

EPILOG = "exit codes: 0 done; 1 findings or a failed check; 2 the call or the configuration is wrong"


def main(builder: Builder, argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    try:
        given = _parser().parse_args(argv)
    except SystemExit as finished:  # argparse leaves this way for --help and for its own complaints
        return finished.code if isinstance(finished.code, int) else 2
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("crossdock").setLevel(logging.INFO if given.run is running.run else logging.WARNING)
    return _answer(_invocation(builder, given), given.run)


def _invocation(builder: Builder, given: argparse.Namespace) -> Invocation:
    config = given.config or os.environ.get("CROSSDOCK_CONFIG") or "config/hub.yaml"
    usual = "data/demo" if given.run is running.demo else "data"
    data = given.data or os.environ.get("CROSSDOCK_DATA") or usual
    return Invocation(builder, given, Path(config), Path(data), json=given.json)


def _answer(call: Invocation, run: Run) -> int:
    """Run it, and turn every expected failure into words and an exit code."""
    try:
        return asyncio.run(_awaited(run, call))
    except (Usage, CrossdockError) as error:
        return _complain(call, error)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read us has enough; what is still buffered must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


async def _awaited(run: Run, call: Invocation) -> int:
    return await run(call)


def _complain(call: Invocation, error: Usage | CrossdockError) -> int:
    findings = error.findings if isinstance(error, CrossdockError) else ()
    if call.json:
        print_json({"error": str(error), "findings": findings})
    console = err()
    print_findings(console, findings)
    console.print(text(f"crossdock: {error}", "bold red"), soft_wrap=True)
    return 2 if isinstance(error, Usage | Misconfigured) else 1


# --- how each command is called -------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="crossdock",
        description="Every order in, one canonical language, one router, every answer out.",
        epilog=EPILOG,
    )
    _add_everywhere(parser, default=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (_add_running, _add_tools, _add_authoring, _add_lookups, _add_hindsight, _add_actions, _add_keeping):
        add(commands)
    return parser


def _add_everywhere(parser: argparse.ArgumentParser, default: object) -> None:
    """Options that may stand before or after the command: after it, what was not given must not undo what was."""
    parser.add_argument("--config", metavar="FILE", default=default, help="the hub's file (config/hub.yaml)")
    parser.add_argument("--data", metavar="DIR", default=default, help="where the hub keeps everything (data)")
    parser.add_argument(
        "--json", action="store_true", default=default if default is argparse.SUPPRESS else False,
        help="print one JSON value on standard output",
    )  # fmt: skip


def _add(commands: Subcommands, name: str, run: Run) -> argparse.ArgumentParser:
    says = (run.__doc__ or "").splitlines()[0]
    parser = commands.add_parser(name, help=says, description=says, epilog=EPILOG)
    _add_everywhere(parser, argparse.SUPPRESS)
    parser.set_defaults(run=run)
    return parser


def _add_family(commands: Subcommands, name: str, says: str, usual: Run | None = None) -> Subcommands:
    """A command with commands of its own; `usual` runs when none is named."""
    parser = commands.add_parser(name, help=says, description=says, epilog=EPILOG)
    _add_everywhere(parser, argparse.SUPPRESS)
    if usual is not None:
        parser.set_defaults(run=usual)
    return parser.add_subparsers(title="commands", metavar="COMMAND", required=usual is None)


def _add_running(commands: Subcommands) -> None:
    demo = _add(commands, "demo", running.demo)
    demo.add_argument("--no-serve", action="store_true", help="end after the story and its check")
    demo.add_argument("--port", type=port, help="where to serve the console")
    emulate = _add(commands, "emulate", running.emulate)
    emulate.add_argument("name", metavar="NAME", help="the connector whose system is played, such as shopify")
    emulate.add_argument("--port", type=port, help="where to listen; any free port without it")
    emulate.add_argument("--orders", type=positive, default=3, help="how many orders it begins with (3)")
    emulate.add_argument("--fault", action="append", default=[], help="what the next request meets; may be repeated")
    run = _add(commands, "run", running.run)
    run.add_argument("--roles", metavar="ROLES", help=f"some of {','.join(running.ALL_ROLES)} (all)")
    run.add_argument("--port", type=port, help="where to listen; 0 takes a free port")
    run.add_argument("--host", help="the address to listen on; the configuration's, loopback by default")


def _add_tools(commands: Subcommands) -> None:
    _add(commands, "check", tools.check)
    translate = _add(commands, "translate", tools.translate)
    _add_reading(translate)
    translate.add_argument("--connector", metavar="NAME", help="the connector whose language the file is in")
    translate.add_argument("--map", metavar="NAME", help="the map to read or write with")
    translate.add_argument("--to", metavar="FORMAT", help="write native bytes from canonical documents")
    translate.add_argument("--lineage", action="store_true", help="say where each value came from")
    inspect = _add(commands, "inspect", tools.inspect)
    _add_reading(inspect)
    inspect.add_argument("--referee", action="store_true", help="hold the verdict against pyx12's")
    schema = _add(commands, "schema", tools.schema)
    schema.add_argument("name", nargs="?", help="one schema alone")
    schema.add_argument("--out", metavar="DIR", help="write a file for each")
    _add(commands, "doctor", tools.doctor)
    _add(_add_family(commands, "partner", "trading partners", tools.partner_list), "list", tools.partner_list)


def _add_authoring(commands: Subcommands) -> None:
    family = _add_family(commands, "map", "maps", maps.map_list)
    _add(family, "list", maps.map_list)
    new = _add(family, "new", maps.map_new)
    new.add_argument("--from", dest="sample", metavar="SAMPLE", required=True, help="a document such as it must read")
    new.add_argument("--document", metavar="KIND", help="what it is, such as PurchaseOrder; else that is guessed too")
    new.add_argument("--name", metavar="NAME", help="how the map is called, such as acme/order")
    new.add_argument("--out", metavar="FILE", help="where to write it; standard output")
    test = _add(family, "test", maps.map_test)
    test.add_argument("map", metavar="NAME", help="a map, or the path of a map file")
    test.add_argument("--record", action="store_true", help="write what cases lack as the map has it now")
    diff = _add(family, "diff", maps.map_diff)
    diff.add_argument("old", metavar="OLD", help="a map, or the path of a map file")
    diff.add_argument("new", metavar="NEW", help="a map, or the path of a map file")
    diff.add_argument("files", metavar="FILE", nargs="+", help="what both read")
    for one in (test, diff):
        one.add_argument("--partner", metavar="ID", help="the trading partner it comes from or goes to")
    family = _add_family(commands, "connector", "connectors", tools.connector_list)
    _add(family, "list", tools.connector_list)
    _add(family, "test", connectors.connector_test).add_argument("name", metavar="NAME", help="the connector")
    _add(family, "check", connectors.connector_check).add_argument("name", metavar="NAME", help="the connector")
    for name, run in (("try", connectors.connector_try), ("record", connectors.connector_record)):
        one = _add(family, name, run)
        one.add_argument("name", metavar="NAME", help="the connection")
        one.add_argument("operation", metavar="OPERATION", help="such as pull_orders")
        one.add_argument("--request", metavar="FILE", help="what its map would have written, as JSON")
    one.add_argument("--out", metavar="FILE", type=Path, required=True, help="where to write the case")
    login = _add(family, "login", connectors.connector_login)
    login.add_argument("name", metavar="NAME", help="the connection")
    login.add_argument("--port", type=port, default=0, help="where to listen for the answer; any free port")
    new = _add(family, "new", connectors.connector_new)
    new.add_argument("name", metavar="NAME", help="how the connector will be called")
    new.add_argument(
        "--from", dest="sample", metavar="FILE", required=True, help="a document that it brings, or its OpenAPI 3 file"
    )


def _add_reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the file; - is standard input")
    parser.add_argument("--partner", metavar="ID", help="the trading partner it comes from or goes to")
    parser.add_argument("--summary", action="store_true", help="counts alone")
    parser.add_argument("--at", type=instant, metavar="TIME", help="the instant to use for the clock's, as ISO 8601")
    parser.add_argument("--control", type=control, metavar="N", help="the control number to use for the counters'")


def _add_lookups(commands: Subcommands) -> None:
    family = _add_family(commands, "orders", "orders, newest first", lookups.orders)
    commands.choices["orders"].add_argument("--limit", type=positive, default=100, help="at most so many (100)")
    release = _add(family, "release", holds.release_hold)
    release.add_argument("order", metavar="ORDER", help="its number or id")
    release.add_argument("--hold", metavar="KIND", required=True, help="the hold to lift, as `show` names it")
    release.add_argument("--by", metavar="NAME", required=True, help="who lifts it, for the audit trail")
    family = _add_family(commands, "returns", "returns that wait for a person")
    for name, run in (("authorize", returns.authorize_return), ("deny", returns.deny_return)):
        settle = _add(family, name, run)
        settle.add_argument("order", metavar="ORDER", help="its number or id")
        settle.add_argument("returned", metavar="RETURN", help="the return's number, as `show` names it")
        settle.add_argument("--by", metavar="NAME", required=True, help="who decides, for the audit trail")
    _add_holds(commands)
    for name, run in (("show", lookups.show), ("explain", lookups.explain)):
        _add(commands, name, run).add_argument("order", metavar="ORDER", help="its number or id")
    family = _add_family(commands, "exceptions", "what needs a person", lookups.list_exceptions)
    commands.choices["exceptions"].set_defaults(all=False)
    _add(family, "list", lookups.list_exceptions).add_argument("--all", action="store_true", help="settled ones too")
    _add(family, "retry", lookups.retry).add_argument("exception", metavar="ID")
    _add(family, "resolve", lookups.resolve).add_argument("exception", metavar="ID")
    _add(commands, "audit", lookups.audit)
    _add(commands, "reconcile", reconciling.reconcile)
    _add(commands, "export", lookups.export).add_argument("--out", metavar="DIR", required=True)


def _add_holds(commands: Subcommands) -> None:
    family = _add_family(commands, "holds", "what stops orders", holds.list_holds)
    _add(family, "list", holds.list_holds)
    place = _add(family, "place", holds.place_hold)
    place.add_argument("order", metavar="ORDER", help="its number or id")
    place.add_argument("--hold", metavar="KIND", default="manual", help="what kind of hold (manual)")
    place.add_argument("--reason", metavar="TEXT", required=True, help="why, for whoever must lift it")
    place.add_argument("--by", metavar="NAME", required=True, help="who places it, for the audit trail")
    place.add_argument("--owner", metavar="DESK", default="order desk", help="who is to lift it (order desk)")
    place.add_argument("--gate", choices=("allocate", "release"), default="release", help="the step it stops")
    place.add_argument("--within", metavar="HOURS", type=hours, help="how long the owner has")
    then = ("wait", "release", "cancel", "escalate")
    place.add_argument("--then", choices=then, default="wait", help="what follows when nobody spoke (wait)")
    place.add_argument("--two-people", action="store_true", help="who places it may not lift it")


def _add_hindsight(commands: Subcommands) -> None:
    whatif = _add(commands, "whatif", hindsight.whatif)
    whatif.add_argument("--routing", metavar="FILE", type=Path, required=True, help="the routing rules to try")
    for command in (whatif, _add(commands, "kpis", hindsight.kpis)):
        command.add_argument("--since", metavar="DATE", type=instant, help="orders that came since; all without it")


def _add_actions(commands: Subcommands) -> None:
    submit = _add(commands, "submit", actions.submit)
    submit.add_argument("file", metavar="FILE", help="the file; - is standard input")
    submit.add_argument("--partner", metavar="ID", required=True, help="whom it comes from")
    family = _add_family(commands, "stock", "what lies where", lookups.stock)
    _add(family, "list", lookups.stock)
    stock = _add(family, "set", actions.set_stock)
    stock.add_argument("sku", metavar="SKU")
    stock.add_argument("node", metavar="NODE")
    stock.add_argument("quantity", metavar="QTY", type=quantity)
    stock.add_argument("--safety", metavar="QTY", type=quantity, help="how much is never promised")
    token = _add(_add_family(commands, "token", "API tokens"), "new", actions.new_token)
    whose = token.add_mutually_exclusive_group()
    whose.add_argument("--partner", metavar="ID", help="it proves this partner")
    whose.add_argument("--role", choices=actions.ROLE_NAMES, help="it proves this role (operator)")
    token.add_argument("--name", metavar="PERSON", help="who bears it: the name stands in the audit trail")


def _add_keeping(commands: Subcommands) -> None:
    backup = _add(commands, "backup", keeping.backup)
    backup.add_argument("file", metavar="FILE", type=Path, help="where to; nothing is overwritten")
    restore = _add(commands, "restore", keeping.restore)
    restore.add_argument("file", metavar="FILE", type=Path, help="what `backup` wrote")
    erase = _add(commands, "erase", keeping.erase)
    which = erase.add_mutually_exclusive_group(required=True)
    which.add_argument("--order", metavar="ID", help="one order, by number or id")
    which.add_argument("--before", metavar="DATE", type=instant, help="all that was finished before")
    erase.add_argument("--by", metavar="NAME", default="command line", help="who erases, for the record of it")
