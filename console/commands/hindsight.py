"""Commands that look back: how past orders would have gone by other rules, and how well orders were served."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from console.invocation import Invocation
from console.terminal import table, text
from console.wording import key_figure, sentence

_SIDES = ("before", "after")
_MOST_SHOWN = 20


async def whatif(call: Invocation) -> int:
    """How past orders would have gone by another routing file."""
    given = call.arguments
    async with call.hub() as hub:
        told = await hub.hindsight.what_if(given.routing, given.since)
    if not call.tell(told):
        _print_totals(call.out, told)
        _print_differences(call.out, told["differences"])
    return 0


def _print_totals(console: Console, told: Mapping[str, Any]) -> None:
    before, after = (told[side] for side in _SIDES)
    columns = ("as decided", "by the new rules")
    shown = table(f"{told['orders']} orders", *columns, right=columns)
    for name in before:
        shown.add_row(sentence(name), key_figure(before[name], name), key_figure(after[name], name))
    console.print(shown)
    console.print(f"{told['changed']} of them would have gone otherwise")


def _print_differences(console: Console, differences: Sequence[Mapping[str, Any]]) -> None:
    columns = ("cost", "cost_by_new_rules", "filled", "late", "splits")
    heads = [sentence(name).lower() for name in columns]
    shown = table("order", "", "from", *heads, right=heads)
    for one in differences[:_MOST_SHOWN]:
        head = text(one["order"], "bold")
        for side, word in zip(_SIDES, ("was", "would be"), strict=True):
            figures = (key_figure(one[side][name], name) for name in columns)
            shown.add_row(head, word, text(", ".join(one[side]["nodes"]) or "nowhere"), *figures)
            head = text("")
    if differences:
        console.print()
        console.print(shown)
    if len(differences) > _MOST_SHOWN:
        console.print(f"and {len(differences) - _MOST_SHOWN} more; --json lists them all")


async def kpis(call: Invocation) -> int:
    """How well orders were served: fill rate, on time, perfect orders, and what they cost."""
    async with call.hub() as hub:
        told = await hub.hindsight.kpis(call.arguments.since)
    if not call.tell(told):
        columns = {"all": told["all"], **told["channels"], **told["partners"], **told["nodes"]}
        shown = table("", *columns, right=tuple(columns))
        for name in told["all"]:
            shown.add_row(sentence(name), *(key_figure(figures[name], name) for figures in columns.values()))
        call.out.print(shown)
    return 0
