"""Runs a map's cases: bytes in, exact canonical documents out, and back."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from canonical import CrossdockError, Document, Finding, document_of, has_errors
from connectors.authoring.reading import AT, enveloped, read_by
from connectors.syntax import x12
from connectors.syntax.json_text import read_json
from connectors.translator import Translator
from mappings.authoring.cases import MapCase, case_faults, expectation
from mappings.compiled import CompiledMap


def run_map_case(translator: Translator, compiled: CompiledMap, case: MapCase, partner: str | None) -> dict[str, Any]:
    """`faults` in words, none where the case holds; `gives` the missing files as the map would have them."""
    if compiled.head.direction == "write":
        return {"faults": _write_alone(translator, compiled, case, partner)}
    reads = read_by(translator, compiled.name, case.content, case.name, partner)
    faults = case_faults(case, reads)
    if case.documents is None:
        return {"faults": faults, "gives": expectation(case, reads)}
    if faults or case.written is None or compiled.head.direction == "read":
        return {"faults": faults}
    documents = [document for document in case.documents if document]
    return {"faults": list(_written_faults(translator, compiled, documents, case, partner))}


def _write_alone(translator: Translator, compiled: CompiledMap, case: MapCase, partner: str | None) -> list[str]:
    """Of a map that only writes, a case is read as canonical JSON."""
    if case.written is None:
        return [f"{case.name}.out.* is missing: what the map must write of {case.name}.in.json"]
    return list(_written_faults(translator, compiled, [read_json(case.content)], case, partner))


def _written_faults(
    translator: Translator, compiled: CompiledMap, documents: Sequence[Any], case: MapCase, partner: str | None
) -> Iterator[str]:
    content, findings = b"", list[Finding]()
    try:
        for document in documents:
            made, found = _written(translator, compiled, document, partner)
            content += made
            findings += found
    except CrossdockError as error:
        yield f"it cannot be written: {error.message}"
        return
    if has_errors(findings):
        yield from (f"writing: {one.code}: {one.message}" for one in findings if one.severity == "error")
        return
    expected, found_lines = (lines_of(compiled.head.syntax, text) for text in (case.written or b"", content))
    for number in range(max(len(expected), len(found_lines))):
        wanted, made_line = (side[number] if number < len(side) else "nothing" for side in (expected, found_lines))
        if wanted != made_line:
            yield f"written line {number + 1} is {made_line}, not {wanted}"
            return


def _written(
    translator: Translator, compiled: CompiledMap, document: Any, partner: str | None
) -> tuple[bytes, Sequence[Finding]]:
    built: Document = document_of(compiled.document.__name__, json.dumps(document, default=str))
    draft = translator.draft(built, compiled.name, partner)
    return draft.render(dict.fromkeys(draft.counters, 1), AT).content, draft.findings


def lines_of(syntax: str, content: bytes) -> list[str]:
    """Written bytes as lines to compare: of X12 the sets' segments without control numbers, of JSON its members."""
    if syntax == "x12":
        return [
            line
            for event in x12.read(enveloped(content))
            if isinstance(event, x12.TransactionSet)
            for line in _segments(event)
        ]
    if syntax == "json":
        return json.dumps(read_json(content), indent=0, default=str, ensure_ascii=False).splitlines()
    return content.decode("utf-8", "replace").splitlines()


def _segments(one: x12.TransactionSet) -> Iterator[str]:
    for node in one.root.walk():
        elements = [node.tag, node[1]] if node.tag == "ST" else list(node.elements)
        yield "*".join(elements[:2] if node.tag == "SE" else elements)
