"""A first connector from a sample document: a manifest to be filled in, the sample's map, and a case that holds."""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from canonical import Misconfigured, plain_decimal
from connectors.authoring.drafts import Proved, draft_map, syntax_of
from connectors.syntax.json_text import read_json
from connectors.translator import Translator
from mappings.authoring.draft import MARK, Rule
from mappings.authoring.sample import json_sample, words_of

_REACHABLE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")

_MANIFEST = """\
# yaml-language-server: $schema=../schemas/manifest.schema.json
# Drafted by `crossdock connector new` from {label}. What is marked must be held against the system's own documentation.
connector: {name}
version: 1
kind: other  {mark}: or marketplace, carrier, tax, erp, warehouse, supplier, payment
title: {name}
docs: "where its API is described"  {mark}

settings:
  site: {{description: "Where it answers, such as {name}.example.com"}}
  token: {{secret: true}}
  webhook_secret: {{secret: true}}

base_url: "https://{{settings.site}}"  {mark}
auth: {{kind: bearer, token: "{{settings.token}}"}}  {mark}

webhooks:
  signature:  {mark}
    {{kind: hmac, algorithm: sha256, header: X-Signature, encoding: hex, key: "{{settings.webhook_secret}}"}}
  delivery_id: X-Delivery-Id  {mark}
  topic: X-Topic  {mark}
  topics:
    {topic}: {{kind: {kind}, map: {map}}}
"""
_PULL = """\

operations:
  pull:
    steps:
      - name: list
        call: {{method: GET, path: /{topic}, query: {{page: "{{page.number}}"}}}}  {mark}
    pull:
      items: ""  {mark}: where in the answer the list is
      kind: {kind}
      map: {map}
      key: "{{item.{key}}}"
      updates: ignore
      every: PT5M
      pages: {{kind: page, size: 50}}  {mark}
"""
_CASES = """\
# yaml-language-server: $schema=../../schemas/cases.schema.json
cases:
  - case: a pushed document is taken and translated
    webhook:
      topic: {topic}
      body: {body}
    outcome:
      then: arrived
      documents: {documents}
  - case: a wrong signature is refused
    webhook: {{topic: {topic}, body: "", signed: false}}
    outcome: {{then: refused}}
"""
_PULL_CASE = """\
  - case: a listed document is taken and translated
    operation: pull
    exchanges:
      - expect: {{method: GET, path: "/{topic}?page=1"}}
        answer:
          body: [{body}]
    outcome:
      then: arrived
      documents: {documents}
"""


def draft_connector(translator: Translator, name: str, content: bytes, label: str) -> dict[str, Any]:
    """`{name, map, document, files}`: the files by their path within the configuration. Raises `Misconfigured`."""
    if syntax_of(content) == "x12":
        raise Misconfigured("X12 is exchanged with trading partners: describe one in config/partners/ instead")
    proved = draft_map(translator, content, label, None, None)
    topic = words_of(proved.document)[-1]
    map_name = f"{name}/{topic}"
    proved = draft_map(translator, content, label, map_name, proved.document)
    words = {"name": name, "label": label, "mark": MARK, "topic": topic, "kind": proved.document, "map": map_name}
    filled = {**words, "body": _body(content, proved), "documents": flow_json([essence(proved)], 6)}
    manifest, cases = _MANIFEST, _CASES
    if key := _key(content, proved):
        manifest, cases, filled = manifest + _PULL, cases + _PULL_CASE, {**filled, "key": key}
    files = {
        f"connectors/{name}.yaml": manifest.format(**filled),
        f"connectors/{name}.cases/first.yaml": cases.format(**filled),
        f"mappings/{map_name}.yaml": proved.draft.text(),
    }
    return {"ok": True, "name": name, "map": map_name, "document": proved.document, "files": files}


def _key(content: bytes, proved: Proved) -> str | None:
    """The path of a document's own number in an item of a list; None where an item cannot be told by one."""
    number = proved.draft.body.fields.get("number")
    if proved.syntax != "json" or not isinstance(number, Rule) or not number.reads:
        return None
    root = proved.draft.head.get("root")
    path = f"{root}.{number.reads[0]}" if root else number.reads[0]
    return path if _REACHABLE.fullmatch(path) and json_sample(read_json(content)).documents == 1 else None


def _body(content: bytes, proved: Proved) -> str:
    """The sample as a case has it: JSON as a tree, all else as its text."""
    if proved.syntax != "json":
        return json.dumps(content.decode("utf-8", "replace"), ensure_ascii=False)
    return flow_json(read_json(content), 6)


def essence(proved: Proved) -> dict[str, Any]:
    """What a case should hold on to: the number, and what is on each line."""
    document = next((read.document for read in proved.reads if read.document), {})
    told = {"kind": proved.document, **{name: document[name] for name in ("number", "total") if name in document}}
    kept = [dict(_of_line(line)) for line in document.get("lines", ())]
    return {**told, "lines": kept} if kept else told


def _of_line(line: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((name, line[name]) for name in ("items", "quantity", "quantities", "price") if line.get(name))


def flow_json(value: Any, indent: int) -> str:
    """JSON, which is YAML too, a member a line; a Decimal keeps its digits."""
    if isinstance(value, Decimal):
        return plain_decimal(value)
    inner = " " * (indent + 2)
    if isinstance(value, Mapping) and value:
        members = (
            f"{json.dumps(name, ensure_ascii=False)}: {flow_json(part, indent + 2)}" for name, part in value.items()
        )
        return "{\n" + ",\n".join(inner + member for member in members) + "\n" + " " * indent + "}"
    if isinstance(value, list | tuple) and value:
        items = (inner + flow_json(part, indent + 2) for part in value)
        return "[\n" + ",\n".join(items) + "\n" + " " * indent + "]"
    return json.dumps(value, ensure_ascii=False)
