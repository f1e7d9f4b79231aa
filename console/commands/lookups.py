"""Commands that read the store: orders, show, explain, exceptions, export."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Literal

from rich.console import Console

from console.invocation import Invocation, Usage
from console.json_text import json_text
from console.terminal import clean, status, table, text
from console.timeline import steps_of
from console.wording import NOTHING_TO_RETRY, counted, figures, quantity, sentence, sums

EXPORTED = ("documents", "orders", "events", "reservations", "stock", "deliveries", "journal", "erasures")


async def orders(call: Invocation) -> int:
    """Orders, newest first."""
    async with call.hub() as hub:
        rows = list(await hub.archive.orders(limit=call.arguments.limit))
    if not call.tell(rows):
        shown = table("order", "channel", "status", "lines", "where its units are", right=("lines",))
        for row in rows:
            shown.add_row(text(row["number"], "bold"), text(row["channel"]), status(row["status"]), *_lines_of(row))
        call.out.print(shown if rows else "no orders yet")
    return 0


def _lines_of(row: Mapping[str, Any]) -> tuple[str, str]:
    lines = row.get("lines", ())
    held = [f"{amount} {bucket}" for line in lines for bucket, amount in figures(line["ledger"])]
    return str(len(lines)), ", ".join(held)


async def _order(call: Invocation) -> Mapping[str, Any] | None:
    async with call.hub() as hub:
        order = await hub.archive.order(call.arguments.order)
    if order is None:
        call.err.print(text(f"there is no order {call.arguments.order}; `crossdock orders` lists them", "red"))
    return order


async def show(call: Invocation) -> int:
    """One order: lines with their ledgers, and its timeline."""
    order = await _order(call)
    if order is None:
        return 1
    if not call.tell(order):
        print_order(call.out, order)
    return 0


def print_order(console: Console, order: Mapping[str, Any]) -> None:
    """One order for people: its lines, then its timeline."""
    console.print(text(f"Order {order['number']}", "bold"), text(f"from {order['channel']}"), status(order["status"]))
    lines = table("line", "sku", "ordered", "where its units are", "", right=("ordered",))
    for line in order.get("lines", ()):
        told = [*figures(line["ledger"]), *counted(line["ledger"])]
        held = ", ".join(f"{amount} {bucket}" for bucket, amount in told)
        ordered = quantity(line["ledger"]["ordered"])
        lines.add_row(text(line["number"]), text(line.get("sku") or "unknown"), ordered, held, text(line.get("fault")))
    console.print(lines)
    _print_money(console, order)
    story = table("at", "", "what", "document", "")
    for step in steps_of(order):
        at, title = text(step.at[:19].replace("T", " "), "dim"), text(step.title)
        way = {"in": "→", "out": "←", "exception": "!"}.get(step.way, "")
        for moment in step.moments:
            facts = moment.detail or ", ".join(f"{name} {clean(value)}" for name, value in moment.facts.items())
            story.add_row(at, way, title, text(moment.link), text(facts, "dim"))
            at, way, title = text(""), "", text("")
    console.print()
    console.print(story)


def _print_money(console: Console, order: Mapping[str, Any]) -> None:
    """What was invoiced, credited and paid, and each return."""
    if told := sums(order):
        console.print(text(f"{order.get('currency', '')} " + ", ".join(f"{amount} {what}" for what, amount in told)))
    for one in order.get("returns", ()):
        units = ", ".join(f"{quantity(line['received'])} of {quantity(line['quantity'])} of line {line['line']}"
                          for line in one["lines"])  # fmt: skip
        console.print(text(f"return {one['number']} ({one['asked']})"), status(one["standing"]), text(units))


async def stock(call: Invocation) -> int:
    """What lies where, what of it is promised, and what can be."""
    async with call.hub() as hub:
        rows = [{**row._asdict(), "available": row.available} for row in await hub.stock.availability()]
    if not call.tell(rows):
        columns = ("on_hand", "reserved", "safety", "available")
        shown = table("sku", "node", *map(sentence, columns), right=tuple(map(sentence, columns)))
        for row in rows:
            shown.add_row(text(row["sku"]), text(row["node"]), *(quantity(row[name]) for name in columns))
        call.out.print(shown if rows else "no stock yet")
    return 0


async def explain(call: Invocation) -> int:
    """Why each decision on an order fell as it did."""
    order = await _order(call)
    if order is None:
        return 1
    async with call.hub() as hub:
        explanations = list(await hub.hindsight.explain(order))
    if not call.tell(explanations):
        for entry in explanations:
            print_explanation(call.out, entry)
    return 0


def print_explanation(console: Console, entry: Mapping[str, Any]) -> None:
    """One decision for people: candidates, why each was left out, what was chosen and what it cost."""
    told = entry["explanation"]
    console.print(text(told.get("summary"), "bold"), text(told.get("rule"), "dim"), soft_wrap=True)
    if told.get("cost"):
        terms = ", ".join(f"{sentence(name).lower()} {amount}" for name, amount in told.get("cost_terms", {}).items())
        console.print(text(f"  cost {told['cost']}: {terms}"))
    for line in told.get("lines", ()):
        console.print(text(f"  line {line['line']} {line.get('sku') or ''}"))
        if line.get("our_price"):
            console.print(text(f"    our price: {line['our_price']}"))
        shown = table("   ", "node", "available", "taken", "cost or why not", right=("available", "taken"))
        for candidate in line.get("candidates", ()):
            shown.add_row("", *_candidate(candidate, line.get("chosen") or {}))
        console.print(shown)
        if line.get("would_have_filled"):
            console.print(
                text(f"    {quantity(line.get('unfilled', 0))} unfilled; {line['would_have_filled']}", "yellow")
            )
        if line.get("expected"):
            console.print(text(f"    the rest {line['expected']}"))
    for consignment in told.get("consignments", ()):
        _print_services(console, consignment)
    console.print()


def _print_services(console: Console, consignment: Mapping[str, Any]) -> None:
    """What each service would have cost a consignment."""
    source = "our own estimates" if consignment.get("estimated") else consignment["carrier"]
    console.print(text(f"  consignment {consignment['consignment']} by {source}"))
    shown = table("   ", "service", "price", "weighed", "arrives", "why not", right=("price", "weighed"))
    for one in consignment.get("services", ()):
        taken = "taken" if one["service"] == consignment.get("chosen") else one.get("excluded") or ""
        shown.add_row("", one["service"], one["price"]["amount"], one["cost"], one.get("arrives_on") or "", taken)
    console.print(shown)


def _candidate(candidate: Mapping[str, Any], chosen: Mapping[str, Any]) -> tuple[Any, ...]:
    node = candidate["node"]
    costs = ", ".join(f"{sentence(name).lower()} {amount}" for name, amount in (candidate.get("cost") or {}).items())
    costs += f"; {candidate['transit']}" if candidate.get("transit") else ""
    why = text(candidate["excluded"], "yellow") if candidate.get("excluded") else text(costs, "dim")
    style = "bold green" if node in chosen else "dim" if candidate.get("excluded") else ""
    return text(node, style), quantity(candidate["available"]), quantity(chosen[node]) if node in chosen else "", why


async def list_exceptions(call: Invocation) -> int:
    """What needs a person."""
    async with call.hub() as hub:
        rows = list(await hub.archive.exceptions(status=None if call.arguments.all else "open"))
    if not call.tell(rows):
        shown = table("id", "code", "reason", "owner", "status")
        for row in rows:
            shown.add_row(
                text(row["id"], "dim"),
                text(row["code"], "bold"),
                text(row["reason"]),
                text(row.get("owner")),
                status(row.get("status", "open")),
            )
        call.out.print(shown if rows else "nothing waits for you")
    return 0


async def retry(call: Invocation) -> int:
    """Work on an exception again."""
    return await _settle(call, "retry")


async def resolve(call: Invocation) -> int:
    """Close an exception as settled elsewhere."""
    return await _settle(call, "resolve")


async def _settle(call: Invocation, action: Literal["retry", "resolve"]) -> int:
    exception: str = call.arguments.exception
    async with call.hub() as hub:
        settled = await hub.archive.settle(exception, action, "command line")
        still_open = not settled and exception in {row["id"] for row in await hub.archive.exceptions(status="open")}
        if settled and action == "retry":
            await hub.drain()
    if not call.tell({"id": exception, "action": action, "settled": settled}):
        done = "retried" if action == "retry" else "resolved"
        why = NOTHING_TO_RETRY if still_open else "no exception of this id is open"
        call.out.print(text(f"{exception}: {done if settled else why}"), soft_wrap=True)
    return 0 if settled else 1


async def audit(call: Invocation) -> int:
    """Recompute every invariant from the stored facts."""
    violations: list[dict[str, str]] = []
    async with call.hub() as hub:
        async for found in hub.archive.audit():
            violations.append({"code": found.code, "where": found.where, "message": found.message})
            if len(violations) >= MOST_VIOLATIONS:
                break
        head = (await hub.archive.overview()).get("audit_trail")
    if not call.tell({"ok": not violations, "violations": violations, "audit_trail": head}):
        for one in violations:
            call.out.print(text(one["code"], "bold red"), text(one["where"]), text(one["message"]), soft_wrap=True)
        call.out.print("violated" if violations else "every invariant holds")
        if head:
            call.out.print(text(f"the audit trail ends on block {head['block']}, {head['hash']}"), soft_wrap=True)
    return 1 if violations else 0


MOST_VIOLATIONS = 100
"""After so many the audit ends: the first ones say enough."""


async def export(call: Invocation) -> int:
    """JSON lines for an outside auditor."""
    folder = Path(call.arguments.out)
    counts = dict.fromkeys(EXPORTED, 0)
    with ExitStack() as files:
        sinks = _open_sinks(folder, files)
        async with call.hub() as hub:
            async for stem, row in hub.archive.export():
                sinks[stem].write(json_text(row) + "\n")
                counts[stem] += 1
    if not call.tell({"out": str(folder), "rows": counts}):
        for stem, count in counts.items():
            call.out.print(f"{count:>8}  {folder / stem}.jsonl", markup=False, soft_wrap=True)
    return 0


def _open_sinks(folder: Path, files: ExitStack) -> dict[str, IO[str]]:
    """Every file, empty ones too, so that an auditor need not guess."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return {
            stem: files.enter_context((folder / f"{stem}.jsonl").open("w", encoding="utf-8", newline="\n"))
            for stem in EXPORTED
        }
    except OSError as error:
        raise Usage(f"cannot write to {folder}: {error.strerror}") from error
