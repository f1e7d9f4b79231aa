"""`crossdock map`: make, list, test, compare."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from console.authoring import NamedFile
from console.invocation import Invocation, Usage
from console.terminal import print_findings, table, text

Told = Mapping[str, Any]


async def map_list(call: Invocation) -> int:
    """The maps at hand: document, syntax, directions, and where each stands."""
    rows = call.authoring().maps()
    if call.tell(rows):
        return 0
    shown = table("map", "document", "syntax", "reads", "writes", "file")
    for row in rows:
        ways = row.get("directions") or ()
        marks = [text("yes" if way in ways else "") for way in ("read", "write")]
        fault = Text("has faults: crossdock check", style="bold red")
        document = fault if row["faults"] else text(row["document"])
        shown.add_row(text(row["name"], "bold"), document, text(row.get("syntax")), *marks, text(near(row["file"])))
    call.out.print(shown)
    return 0


async def map_new(call: Invocation) -> int:
    """Write a first map from a sample document, every guess marked."""
    given = call.arguments
    out = Path(given.out) if given.out else None
    name = given.name or (_name_of(out, call.config.parent) if out else None)
    told = call.authoring().draft_map(read_file(given.sample), name, given.document)
    if out:
        write_file(out, told["text"])
    if call.tell({**told, "out": given.out}):
        return 0 if told["ok"] else 1
    if not out:
        sys.stdout.write(told["text"])
        sys.stdout.flush()
    print_findings(call.err, told["findings"])
    counts = f"{_count(told['guesses'], 'guess')}, {_count(len(told['ignored']), 'part')} unread"
    call.err.print(text(f"{told['name']} ({told['document']}): {counts}{f'; wrote {given.out}' if out else ''}"))
    return 0 if told["ok"] else 1


def _name_of(out: Path, config: Path) -> str | None:
    """The name a map file must have where it is written: the path from the folder of the configuration's maps on."""
    maps, file = (config / "mappings").resolve(), out.with_suffix("").resolve()
    return file.relative_to(maps).as_posix() if file.is_relative_to(maps) else None


async def map_test(call: Invocation) -> int:
    """Run a map's cases: bytes in, exact documents and findings out, and back."""
    given = call.arguments
    told = call.authoring().test_map(given.map, given.partner)
    if given.record and _record(call, told):
        told = call.authoring().test_map(given.map, given.partner)
    if not call.tell(told):
        print_cases(call, told, told["map"], [near(place) for place in told["places"]])
    return 0 if told["ok"] else 1


async def map_diff(call: Invocation) -> int:
    """What a changed map would make of files that it does not make of them now, value by value."""
    given = call.arguments
    told = call.authoring().compare_maps(given.old, given.new, [read_file(name) for name in given.files], given.partner)
    if not call.tell(told):
        _print_comparison(call, told)
    return 0 if told["ok"] else 1


def _record(call: Invocation, told: Told) -> bool:
    """Write what cases lack; whether there was any."""
    lacking = [
        (Path(case["place"]) / name, said) for case in told["cases"] for name, said in case.get("gives", {}).items()
    ]
    for path, said in lacking:
        write_file(path, said)
        call.err.print(f"wrote {near(path)}", soft_wrap=True)
    return bool(lacking)


def write_file(path: Path, content: str) -> None:
    """Write a file that is not there yet. Raises `Usage`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(content)
    except FileExistsError:
        raise Usage(f"{path} is there already; remove it, or name another") from None
    except OSError as error:
        raise Usage(f"cannot write {path}: {error.strerror}") from error


# --- what people see ------------------------------------------------------------------------------------------------


def print_cases(call: Invocation, told: Told, name: str, places: Sequence[str]) -> None:
    for case in told["cases"]:
        mark = Text("fails", style="bold red") if case["faults"] else Text("holds", style="green")
        call.out.print(mark, text(case["case"], "bold"), soft_wrap=True)
        for fault in case["faults"]:
            call.out.print(text(f"      {fault}"), soft_wrap=True)
    print_findings(call.out, told["findings"])
    failed = sum(bool(case["faults"]) for case in told["cases"])
    if not told["cases"]:
        call.out.print(text(f"{name} has no cases; they would lie in {' or '.join(places)}", "yellow"), soft_wrap=True)
    else:
        verdict = f"{failed} fail" if failed else "all hold"
        call.out.print(text(f"{name}: {_count(len(told['cases']), 'case')}, {verdict}"), soft_wrap=True)


def _print_comparison(call: Invocation, told: Told) -> None:
    for row in told["fields"]:
        counts = ", ".join(f"{row[what]} {what}" for what in ("added", "removed", "changed") if row[what])
        call.out.print(text(row["path"], "bold"), text(counts, "dim"), soft_wrap=True)
        for example in row["examples"]:
            call.out.print(_example(example), soft_wrap=True)
    for row in told["findings"]:
        counts = ", ".join(f"{row[what]} {what}" for what in ("gained", "lost") if row[what])
        call.out.print(text(row["code"], "yellow"), text(row["place"], "bold"), text(counts, "dim"), soft_wrap=True)
        for example in row["examples"]:
            call.out.print(text(f"    {example['source']}: {example['message']}"), soft_wrap=True)
    documents = _count(told["documents"], "document")
    differing = f"{told['differing']} of them changed" if told["differing"] else "no difference"
    call.out.print(text(f"{documents} in {_count(told['files'], 'file')}: {differing}"))


def _example(example: Told) -> Text:
    before, after = example["before"], example["after"]
    return Text.assemble(
        text(f"    {example['source']} {example['path']}: ", "dim"),
        text("absent" if before is None else before, "red"),
        " -> ",
        text("absent" if after is None else after, "green"),
    )


def _count(number: int, noun: str) -> str:
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"


def near(file: object) -> str:
    """A path as seen from here, where that is shorter."""
    path = Path(str(file))
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def read_file(name: str) -> NamedFile:
    try:
        return NamedFile(name, Path(name).read_bytes())
    except OSError as error:
        raise Usage(f"cannot read {name}: {error.strerror}") from error
