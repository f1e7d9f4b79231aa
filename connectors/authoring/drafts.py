"""First maps from sample documents: guessed, compiled, and proved on the sample before anyone sees them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from canonical import Document, Finding, Misconfigured
from connectors.authoring.reading import enveloped, read_by
from connectors.syntax import x12
from connectors.syntax.json_text import write_json
from connectors.translator import READERS, Translator
from mappings.authoring.comparison import Read
from mappings.authoring.draft import Block, Draft, without
from mappings.authoring.kinds import guess, unread
from mappings.authoring.sample import Sample, csv_sample, json_sample, words_of, xml_sample
from mappings.authoring.vocabulary import vocabulary

SAMPLES: Mapping[str, Callable[[Any], Sample]] = {"json": json_sample, "csv": csv_sample, "xml": xml_sample}
UNIT_LISTS = ("x12/355", "unece/rec20")
MOST_ROUNDS = 40
"""Rules that may prove wrong before a draft is given up."""


@dataclass(frozen=True, slots=True)
class Proved:
    """A draft that loads, compiles and reads its sample, and how it reads it."""

    draft: Draft
    document: str
    syntax: str
    reads: Sequence[Read]


def draft_map(translator: Translator, content: bytes, label: str, name: str | None, kind: str | None) -> Proved:
    """A first map for a sample. Raises `Misconfigured` when there is none to be had, with the reason."""
    if kind is not None and kind not in Document.kinds:
        raise Misconfigured(f"no document is called {kind}; there are {', '.join(sorted(Document.kinds))}")
    syntax = syntax_of(content)
    if syntax == "x12":
        return _extended(translator, enveloped(content), label, name)
    tree = READERS[syntax](content)
    sample = SAMPLES[syntax](tree)
    if not sample.parts:
        raise Misconfigured(f"{label} says nothing that a map could read")
    known = vocabulary()
    kinds = [Document.kinds[kind]] if kind else [Document.kinds[one] for one in known.evidence]
    units = [codes for codes in map(translator.library.codes, UNIT_LISTS) if codes]
    document, body = guess(sample, kinds, known, units)
    draft = Draft(
        name or f"draft/{_dashed(document.__name__)}", _head(sample, document), body, {}, _remarks(sample, label)
    )
    return _proved(translator, draft, _first(sample, content, tree), sample)


def syntax_of(content: bytes) -> str:
    """What the bytes are by how they begin; what begins like nothing else is CSV."""
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:4]
    if start[:3] == b"ISA" or start[:3] == b"ST*":
        return "x12"
    return "json" if start[:1] in (b"{", b"[") else "xml" if start[:1] == b"<" else "csv"


# --- guessed maps ---------------------------------------------------------------------------------------------------


def _head(sample: Sample, document: type[Document]) -> dict[str, Any]:
    head: dict[str, Any] = {"document": document.__name__, "syntax": sample.syntax, "direction": "read"}
    if sample.root:
        head["root"] = sample.root
    if sample.namespaces:
        head["namespaces"] = dict(sample.namespaces)
    return head


def _remarks(sample: Sample, label: str) -> list[str]:
    remarks = [f"Drafted by `crossdock map new` from {label}. Look at every line marked as a guess, then unmark it."]
    if sample.documents > 1:
        remarks.append(f"The sample holds {sample.documents} documents; a map reads one. This one reads the first.")
    return remarks


def _first(sample: Sample, content: bytes, tree: Any) -> bytes:
    """The bytes of the first document, where a JSON sample holds several."""
    if sample.documents == 1:
        return content
    listed = tree if isinstance(tree, list) else next(iter(tree.values()))
    return write_json(listed[0])


def _proved(translator: Translator, draft: Draft, content: bytes, sample: Sample) -> Proved:
    """The draft without the rules that the sample proves wrong, and with what is then left unread."""
    for _ in range(MOST_ROUNDS):
        draft = replace(draft, ignore=unread(sample, {path for rule in draft.rules for path in rule.reads}))
        reads, errors = _tried(translator, draft, content)
        wrong = {str(finding["facts"]["path"]) for finding in errors if (finding.get("facts") or {}).get("path")}
        if not errors:
            return Proved(draft, str(draft.head["document"]), sample.syntax, reads)
        dropped = [_dropped(draft.body, path) for path in sorted(wrong)]
        if not any(dropped):
            break
    reasons = [Finding(one["code"], "error", one["where"], one["message"]) for one in errors]
    raise Misconfigured(f"no map of a {draft.head['document']} can be drafted from this sample", reasons)


def _tried(translator: Translator, draft: Draft, content: bytes) -> tuple[list[Read], list[Mapping[str, Any]]]:
    """How the draft reads its sample, and the errors that compiling or reading it gives."""
    library = translator.library.including(draft.name, draft.text())
    faults = [fault.as_json() for fault in library.get(draft.name).check()]
    if faults:
        return [], [{**fault, "facts": {"path": _field_of(fault["facts"]["path"])}} for fault in faults]
    reads = read_by(replace(translator, library=library), draft.name, content, "the sample", None)
    return reads, [finding for read in reads for finding in read.findings if finding["severity"] == "error"]


def _field_of(trail: str) -> str:
    """The canonical path of a place in a map file."""
    return ".".join(step for step in trail.split(".") if step not in ("fields", "join", "each", "at", "codes", "as"))


def _dropped(body: Block, path: str) -> bool:
    """Take out the rule of a canonical path, or of the nearest object it belongs to."""
    steps = path.split(".")
    return any(without(body, steps[:length]) for length in range(len(steps), 0, -1))


def _dashed(kind: str) -> str:
    return "-".join(words_of(kind))


# --- maps that extend a built-in one --------------------------------------------------------------------------------


def _extended(translator: Translator, content: bytes, label: str, name: str | None) -> Proved:
    """A map that extends the built-in one for the sample's first set, and says what it leaves unread."""
    one = next((event for event in x12.read(content) if isinstance(event, x12.TransactionSet)), None)
    if one is None:
        raise Misconfigured(f"{label} holds no transaction set")
    base = f"x12/{one.set_id}"
    if base not in translator.library.names:
        known = ", ".join(name for name in translator.library.names if name.startswith("x12/"))
        raise Misconfigured(f"there is no map to start from for a set {one.set_id}; there are {known}")
    remarks = [f"Drafted by `crossdock map new` from {label}. It says only what differs from {base}."]
    draft = Draft(name or f"draft/{one.set_id}", {"extends": base}, remarks=remarks)
    compiled = translator.library.get(base)
    kind = compiled.document.__name__
    reads, _ = _tried(translator, draft, content)
    findings = [finding for read in reads for finding in read.findings]
    ignore = dict(_unread_elements(one.root, [finding["where"] for finding in findings if finding["code"] == "unread"]))
    told = [
        f"{finding['message']} (segment {finding['where'].get('segment')})"
        for finding in findings
        if finding["code"] == "code-unmapped"
    ]
    if not ignore and any(read.document for read in reads):
        told.append(f"{base} reads all of this sample.")
    draft = replace(draft, ignore=ignore, remarks=[*remarks, *dict.fromkeys(told)])
    reads, errors = _tried(translator, draft, content)
    if any(error["code"].startswith("map-") for error in errors):
        raise Misconfigured(f"no map can be drafted from {label}: {errors[0]['message']}")
    return Proved(draft, kind, "x12", reads)


def _unread_elements(root: x12.Node, places: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """The path from the top of each place, with what stands there."""
    trails = dict(_trails(root, ()))
    for where in places:
        trail = trails.get(int(where.get("segment", 0)))
        if trail is None:
            continue
        tags, node = trail
        element = where.get("element")
        path = "/".join((*tags, f"{node.tag}{element:02}") if element else tags)
        yield path, f"{'*'.join(node.elements)} in segment {node.position}"


def _trails(node: x12.Node, above: tuple[str, ...]) -> Iterator[tuple[int, tuple[tuple[str, ...], x12.Node]]]:
    for tag, children in node.children.items():
        for child in children:
            yield child.position, ((*above, tag), child)
            yield from _trails(child, (*above, tag))
