"""The demo's story: what came in, what was decided and why, what went out, the books, and one order's timeline."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from console.commands.lookups import print_explanation, print_order
from console.desk import Beat, Hub, Rehearsal
from console.invocation import Invocation
from console.outcome import Outcome, gather
from console.reconciliation import read
from console.terminal import status, table, text
from console.wording import figures, quantity

_GLYPHS = {
    "received": ("→", "cyan"),
    "duplicate": ("=", "yellow"),
    "refused": ("✗", "red"),
    "answered": ("←", "blue"),
    "decided": ("◆", "magenta"),
    "sent": ("←", "blue"),
    "shipped": ("▣", "green"),
    "returned": ("▣", "yellow"),
    "credited": ("←", "green"),
    "posted": ("≡", "green"),
    "noted": ("·", "dim"),
}


async def tell_story(call: Invocation, hub: Hub, rehearsal: Rehearsal) -> int:
    """Play it, tell it, and judge it: 0 when everything is as it must be, else 1."""
    console = call.err if call.json else call.out
    async for beat in rehearsal.play(hub):
        if not call.json:
            _print_beat(console, beat)
    outcome = await gather(hub.archive.export(), await hub.archive.exceptions(status="open"))
    books = await _reconcile(hub, rehearsal)
    faults = [*outcome.faults(rehearsal.expected_exceptions()), *_misreckoned(books)]
    if not call.tell({**outcome.counts(), "reconciliation": books}):
        await _print_outcome(console, hub, outcome)
        _print_reconciliation(console, books)
    _print_verdict(console, faults)
    return 1 if faults else 0


async def _reconcile(hub: Hub, rehearsal: Rehearsal) -> dict[str, Any]:
    """Orders, postings and the ERP's books held against each other, and once more with a difference planted."""
    told = await read(hub.reconcile())
    with rehearsal.spoil() as deed:
        planted = await read(hub.reconcile())
    new = [one for one in planted["differences"] if one not in told["differences"]]
    return {**told, "planted": {"deed": deed, "differences": new}}


def _misreckoned(books: Mapping[str, Any]) -> Iterator[str]:
    for one in books["differences"]:
        yield f"reconciliation: {one['about']}: {one['cause']}"
    if books["planted"]["deed"] and len(books["planted"]["differences"]) != 1:
        found = len(books["planted"]["differences"])
        yield f"reconciliation: {books['planted']['deed']}, which makes {found} differences"


def _print_beat(console: Console, beat: Beat) -> None:
    what = beat.get("what", "noted")
    if what == "act":
        console.print()
        console.print(Rule(text(beat.get("detail"), "bold"), align="left", style="dim"))
        return
    glyph, style = _GLYPHS.get(what, _GLYPHS["noted"])
    line = Text.assemble((f" {glyph} ", style), text(f"{what:<10}", "dim"), text(beat.get("detail")))
    for name in ("door", "file"):
        if name in beat:
            line.append_text(text(f"  {beat[name]}", "dim"))
    console.print(line, soft_wrap=True)


async def _print_outcome(console: Console, hub: Hub, outcome: Outcome) -> None:
    counts = outcome.counts()
    _head(console, "Documents")
    _print_documents(console, counts["documents_in"], counts["documents_out"])
    _head(console, "Orders")
    _print_orders(console, outcome)
    _head(console, "The books")
    _print_journal(console, outcome)
    _head(console, "What a person must look at")
    _print_exceptions(console, outcome)
    if told := await _most_telling(hub, outcome):
        _head(console, f"One order from first byte to last: {told['number']}")
        print_order(console, told)
        console.print()
        for entry in (await hub.hindsight.explain(told))[:1]:
            print_explanation(console, entry)


def _head(console: Console, title: str) -> None:
    console.print()
    console.print(Rule(text(title, "bold"), align="left", style="dim"))


def _print_documents(console: Console, came: Mapping[str, int], went: Mapping[str, int]) -> None:
    shown = table("kind", "in", "out", right=("in", "out"))
    for kind in sorted(came.keys() | went.keys()):
        shown.add_row(text(kind), str(came.get(kind, "")), str(went.get(kind, "")))
    console.print(shown)


def _print_orders(console: Console, outcome: Outcome) -> None:
    shown = table("order", "channel", "status", "line", "sku", "where its units are")
    for order in outcome.of("orders"):
        head: tuple[Any, ...] = (text(order["number"], "bold"), text(order["channel"]), status(order["status"]))
        for line in order["lines"]:
            held = ", ".join(f"{amount} {bucket}" for bucket, amount in figures(line["ledger"]))
            shown.add_row(*head, text(line["number"]), text(line.get("sku") or "unknown item"), held)
            head = ("", "", "")
    console.print(shown)


def _print_journal(console: Console, outcome: Outcome) -> None:
    shown = table("currency", "entries", "debit", "credit", right=("entries", "debit", "credit"))
    for currency, total in outcome.journal().items():
        entries = sum(1 for entry in outcome.of("journal") if entry["currency"] == currency)
        shown.add_row(currency, str(entries), quantity(total["debit"]), quantity(total["credit"]))
    console.print(shown)


def _print_reconciliation(console: Console, books: Mapping[str, Any]) -> None:
    _head(console, "Whether it all agrees")
    compared = ", ".join(f"{count} in {ledger}" for ledger, count in books["compared"].items())
    console.print(text(f"{len(books['differences'])} differences between {compared}"))
    if books["planted"]["deed"]:
        console.print(text(f"Then {books['planted']['deed']}, and before it is put back:"), soft_wrap=True)
    for one in books["planted"]["differences"]:
        console.print(
            text(f"  {one['code']} in {one['ledger']}: {one['about']}: {one['cause']}", "yellow"), soft_wrap=True
        )


def _print_exceptions(console: Console, outcome: Outcome) -> None:
    shown = table("code", "reason", "owner")
    for row in outcome.exceptions:
        shown.add_row(text(row["code"], "yellow"), text(row["reason"]), text(row.get("owner")))
    console.print(shown if outcome.exceptions else "nothing")


async def _most_telling(hub: Hub, outcome: Outcome) -> Mapping[str, Any] | None:
    """The order with most documents to tell of."""
    told = Counter(str(row["order"]) for row in outcome.of("documents") if row.get("order"))
    return await hub.archive.order(told.most_common(1)[0][0]) if told else None


def _print_verdict(console: Console, faults: list[str]) -> None:
    console.print()
    if not faults:
        console.print(
            text(
                "Checked: every unit accounted for, journal balanced, every document answered, nothing unforeseen.",
                "bold green",
            )
        )
        return
    console.print(text(f"{len(faults)} things are not as they must be:", "bold red"))
    for fault in faults:
        console.print(text(f"  {fault}", "red"), soft_wrap=True)
