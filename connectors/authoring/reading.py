"""Files as a map reads them, document by document."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from canonical.exchange import Incoming
from connectors.syntax import x12
from connectors.translator import Translator
from mappings.authoring.comparison import Read

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
"""When everything is read, so that two readings of one file differ in nothing but the map."""

_BARE = (b"ST*", "004010")


def read_by(translator: Translator, map_name: str, content: bytes, label: str, partner: str | None) -> list[Read]:
    """Every document that the map reads in the bytes; what is wrong with the bytes themselves counts as one without."""
    reading = translator.examine_by_map(enveloped(content), map_name, partner, AT)
    reads = [_read(incoming, label) for incoming in reading.documents]
    if reading.findings:
        reads.append(Read(label, None, [finding.as_json() for finding in reading.findings]))
    return reads


def paired(old: Sequence[Read], new: Sequence[Read]) -> Iterator[tuple[Read | None, Read | None]]:
    """The same document as two maps read it, side by side."""
    news = {read.source: read for read in new}
    for read in old:
        yield read, news.pop(read.source, None)
    for read in news.values():
        yield None, read


def enveloped(content: bytes) -> bytes:
    """The bytes, a bare transaction set (`ST*` to `SE`, ended by `~`) put into an envelope that nobody sent."""
    start, version = _BARE
    body = content.lstrip()
    if not body.startswith(start):
        return content
    set_id = body[3:6].decode("latin-1")
    grammar = x12.find_grammar(version, set_id)
    group = grammar.functional_id if grammar else "ZZ"
    isa = f"ISA*00*{'':10}*00*{'':10}*ZZ*{'SENDER':15}*ZZ*{'RECEIVER':15}*260102*0304*U*00401*000000001*0*P*>~"
    gs = f"GS*{group}*SENDER*RECEIVER*20260102*0304*1*X*{version}~"
    return f"{isa}\n{gs}\n".encode() + body.rstrip() + b"\nGE*1*1~\nIEA*1*000000001~\n"


def _read(incoming: Incoming, label: str) -> Read:
    place = [str(incoming.place[name]) for name in ("interchange", "group", "set") if name in incoming.place]
    source = f"{label} {'/'.join(place)}" if place else label
    document = incoming.document.as_json() if incoming.document else None
    return Read(source, document, [finding.as_json() for finding in incoming.findings])
