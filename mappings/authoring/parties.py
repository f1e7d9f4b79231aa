"""How parties are guessed: parts named for a role, or columns whose names begin with one."""

from collections.abc import Iterable
from typing import Any

from canonical.party import Address
from mappings.authoring.draft import Block, Entry, Joined, Rule, shown
from mappings.authoring.guesser import Guesser, Scope, absolute
from mappings.authoring.sample import Part, groups, scalars, within
from mappings.authoring.vocabulary import LEAST
from mappings.language.shape import TEXT

_SINGLE = [name for name in Address.model_fields if name != "lines"]


def parties(guesser: Guesser, scope: Scope) -> Entry | None:
    """The parties of a document."""
    blocks = [block for role in guesser.vocabulary.slots("parties") if (block := _party(guesser, role, scope))]
    return Joined(blocks) if blocks else None


def _party(guesser: Guesser, role: str, scope: Scope) -> Block | None:
    key = f"parties.{role}"
    for part in groups(scope.parts):
        if part.many or guesser.vocabulary.score(key, part.words, ()) <= LEAST:
            continue
        inside = Scope(within(part), "party", absolute(guesser.sample.syntax, scope.prefix, part.path))
        if fields := _fields(guesser, inside):
            return _block(role, fields, part.path, "by its name")
    columns = Scope(tuple(_columns(guesser, key, scope)), "party", scope.prefix)
    fields = _fields(guesser, columns)
    return _block(role, fields, guesser.sample.here, "columns that begin alike") if fields else None


def _columns(guesser: Guesser, key: str, scope: Scope) -> Iterable[Part]:
    """The single values whose names begin with a role, named by what follows."""
    for part, _ in scalars(scope.parts):
        for phrase in guesser.vocabulary.phrases[key]:
            if part.words[: len(phrase)] == phrase and len(part.words) > len(phrase):
                yield Part("_".join(part.words[len(phrase) :]), part.path, part.values)
                break


def _fields(guesser: Guesser, scope: Scope) -> dict[str, Entry]:
    address = _address(guesser, scope)
    fields: dict[str, Entry] = {}
    if name := guesser.scalar(("party.name",), TEXT, scope):
        fields["name"] = name
    if identifier := guesser.take(("party.id",), TEXT, scope):
        fields["identifiers"] = Block({"buyer_assigned": guesser.rule(identifier, scope)})
    if address:
        fields["address"] = Block(address)
    channels = {name: guesser.scalar((f"channels.{name}",), TEXT, scope) for name in ("email", "phone")}
    reached: dict[str, Entry] = {name: rule for name, rule in channels.items() if rule}
    if reached:
        fields["contacts"] = Block({"channels": Block(reached)}, {"each": "."})
    return fields


def _address(guesser: Guesser, scope: Scope) -> dict[str, Entry]:
    address: dict[str, Entry] = {}
    streets = [part for _ in range(2) if (part := guesser.take(("address.lines",), TEXT, scope))]
    if streets:
        lines: list[Any] = [{"all": part.path} for part in streets]
        told = shown([part.values[0] for part in streets])
        reads = tuple(guesser.absolute(scope, part) for part in streets)
        address["lines"] = Rule({"join": lines} if len(lines) > 1 else lines[0], told, reads)
    for name in _SINGLE:
        if rule := guesser.scalar((f"address.{name}",), TEXT, scope):
            address[name] = rule
    return address


def _block(role: str, fields: dict[str, Entry], each: str, note: str) -> Block:
    return Block({"role": Rule({"const": role}, note), **fields}, {"each": each})
