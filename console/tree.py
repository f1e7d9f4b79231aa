"""`crossdock inspect` for people: the annotated tree, findings beside their segments, the answer it would get."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from console.inspection import (
    AcknowledgmentNote,
    ElementNote,
    GroupNote,
    Inspection,
    InterchangeNote,
    Referee,
    SegmentNote,
    SetNote,
)
from console.terminal import SEVERITY_STYLE, clean, print_findings, table, text

_WIDEST = 36
"""Columns an element's value is padded to; a longer one pushes its name aside."""


def print_inspection(console: Console, inspection: Inspection) -> None:
    """The whole answer."""
    for interchange in inspection.get("interchanges", ()):
        console.print(_interchange(interchange))
        console.print()
    _print_findings(console, inspection.get("findings", ()))
    for acknowledgment in inspection.get("acknowledgments", ()):
        _print_acknowledgment(console, acknowledgment)
    if "referee" in inspection:
        _print_referee(console, inspection["referee"])


def _print_referee(console: Console, referee: Referee) -> None:
    if "refused" in referee:
        console.print(text(f"The referee (pyx12) cannot judge this file: {referee['refused']}", "yellow"))
        return
    for one in referee.get("sets", ()):
        verdict = "accepts" if one["accepted"] else "rejects"
        console.print(text(f"The referee (pyx12) {verdict} set {one['control']}, with {len(one['notes'])} faults"))
    for difference in referee.get("differences", ()):
        known = difference["reason"] or "no known reason: one of the two is wrong"
        console.print(text(f"  only {difference['side']}: {difference['note']}: {known}", "yellow"))


def print_summary(console: Console, summary: Mapping[str, Any]) -> None:
    """`--summary`: counts alone."""
    shown = table("count", "of", right=("count",))
    for name, count in summary.items():
        if not isinstance(count, Mapping):
            shown.add_row(str(count), text(name))
    for code, count in (summary.get("findings") or {}).items():
        shown.add_row(str(count), text(code, "yellow"))
    console.print(shown)


def _interchange(interchange: InterchangeNote) -> Tree:
    delimiters = " ".join(f"{name} {value!r}" for name, value in interchange.get("delimiters", {}).items())
    isa = interchange.get("isa", {})
    parties = " -> ".join(value.strip() for name, value in isa.items() if name.startswith(("ISA06", "ISA08")))
    label = Text.assemble(("Interchange ", "bold"), text(interchange.get("control"), "bold cyan"), "  ", text(parties))
    tree = Tree(label.append_text(text(f"  {delimiters}", "dim")), guide_style="dim")
    for group in interchange.get("groups", ()):
        _add_group(tree, group)
    return tree


def _add_group(tree: Tree, group: GroupNote) -> None:
    detail = " ".join(clean(group.get(name, "")) for name in ("version", "sender", "receiver"))
    label = Text.assemble(
        ("Group ", "bold"), text(group.get("functional_id"), "bold"), " ", text(group.get("control"), "cyan")
    )
    branch = tree.add(label.append_text(text(f"  {detail}", "dim")))
    for transaction_set in group.get("sets", ()):
        _add_set(branch, transaction_set)


def _add_set(tree: Tree, transaction_set: SetNote) -> None:
    name = transaction_set.get("name")
    label = Text.assemble(
        ("Set ", "bold"), text(transaction_set.get("id"), "bold"), " ", text(transaction_set.get("control"), "cyan")
    )
    branch = tree.add(label.append_text(text(f"  {name}" if name else "", "dim")))
    segments = transaction_set.get("segments", ())
    loop_width = max((len(segment.get("loop") or "") for segment in segments), default=0)
    for segment in segments:
        _add_segment(branch, segment, loop_width)


def _add_segment(tree: Tree, segment: SegmentNote, loop_width: int) -> None:
    findings = segment.get("findings") or ()
    line = Text.assemble(
        (f"{segment.get('position', ''):>4} ", "dim"),
        text(f"{segment.get('loop') or '':<{loop_width}} ", "magenta"),
        text(f"{segment.get('tag', ''):<3}", "bold red" if findings else "bold green"),
        " ",
        text(segment.get("name"), "dim"),
    )
    branch = tree.add(line)
    elements = segment.get("elements", ())
    width = min(max((len(element.get("value", "")) for element in elements), default=0), _WIDEST)
    for element in elements:
        branch.add(_element(element, width))
    for finding in findings:
        branch.add(_finding(finding))


def _element(element: ElementNote, width: int) -> Text:
    value = f"{clean(element.get('value')):<{width}}  "
    line = Text.assemble((f"{element.get('position', ''):<9}", "cyan"), (value, "bold"))
    line.append_text(text(element.get("name"), "dim"))
    meaning = element.get("meaning")
    return line.append_text(text(f" = {meaning}", "green")) if meaning else line


def _finding(finding: Mapping[str, Any]) -> Text:
    style = SEVERITY_STYLE.get(str(finding.get("severity")), "")
    return Text.assemble(
        ("▲ ", style), text(finding.get("code"), style), "  ", text(finding.get("message")), _ack(finding)
    )


def _ack(finding: Mapping[str, Any]) -> Text:
    codes = " ".join(f"{element}={code}" for element, code in (finding.get("ack") or {}).items())
    return text(f"  [{codes}]" if codes else "", "dim")


def _print_findings(console: Console, findings: Iterable[Mapping[str, Any]]) -> None:
    found = list(findings)
    console.print(Text(f"{len(found)} finding{'' if len(found) == 1 else 's'}", style="bold" if found else "green"))
    print_findings(console, found)


def _print_acknowledgment(console: Console, acknowledgment: AcknowledgmentNote) -> None:
    heading = f"It would be answered with a {acknowledgment.get('type')} to {acknowledgment.get('to')}"
    console.print()
    console.print(text(heading, "bold"))
    content = acknowledgment.get("content", "")
    for line in _segment_lines(content):
        console.print(text(line), soft_wrap=True)


def _segment_lines(content: str) -> list[str]:
    """A native X12 answer a segment a line, by the terminator its ISA declares; anything else as it is."""
    if content.startswith("ISA") and len(content) >= 106:
        terminator = content[105]
        return [part.strip() + terminator for part in content.split(terminator) if part.strip()]
    return content.splitlines()
