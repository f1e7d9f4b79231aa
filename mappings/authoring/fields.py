"""How the fields are guessed that are more than one value: lines, items, quantities, prices, dates, charges."""

from collections.abc import Mapping

from canonical import Document
from mappings.authoring.draft import Block, Entry, Rule
from mappings.authoring.guesser import NOTHING, Guesser, Scope, Special, absolute
from mappings.authoring.parties import parties
from mappings.authoring.sample import Part, groups, scalars, within
from mappings.authoring.values import is_currency, is_unit, item_scheme
from mappings.authoring.vocabulary import LEAST
from mappings.language.shape import TEXT, Shape, shape_of

_OF_THE_WHOLE = ("dates", "notes", "charges", "allowances", "taxes", "parties")
"""What columns say of the whole document rather than of its lines."""


def lines(guesser: Guesser, top: Scope) -> Entry:
    """A document's lines: the part that repeats and holds quantities, items or prices, else the document itself."""
    kind = Document.kinds[top.owner]
    shape = shape_of(kind.model_fields["lines"].annotation)
    model = shape.item.model if shape.item else None
    assert model

    def looks(part: Part) -> float:
        return _looks_like_lines(guesser, part)

    loop = max(groups(top.parts), key=looks, default=None)
    if loop is None or looks(loop) <= 0:
        inside, each, note = Scope(top.parts, "line"), guesser.sample.here, "the sample has no lines of its own"
    else:
        prefix = absolute(guesser.sample.syntax, top.prefix, loop.path)
        inside, each, note = Scope(within(loop), "line", prefix), loop.path, "its lines"
    shared = _OF_THE_WHOLE if inside.parts is top.parts or guesser.sample.syntax == "csv" else ()
    return Block(guesser.fields(model, inside, skip=shared), {"each": each}, note)


def _looks_like_lines(guesser: Guesser, part: Part) -> float:
    named = guesser.vocabulary.score("lines", part.words, ())
    below = [(inner, above) for inner, above in scalars(within(part))]
    told = ("quantity.value", "items.sku", "price.amount", "quantities.available", "quantities.on_hand")
    holds = sum(
        any(guesser.vocabulary.score(key, inner.words, above) > LEAST for inner, above in below) for key in told
    )
    return (named + holds + part.many) if holds and (part.many or named) else 0.0


def number(guesser: Guesser, scope: Scope) -> Entry | None:
    """A document's or line's own number."""
    if scope.owner != "line":
        return guesser.scalar((f"{scope.owner}.number",), TEXT, scope)
    rule = guesser.scalar(("line.number",), TEXT, scope)
    return rule or Rule({"index": True}, "the sample has none: counted")


def items(guesser: Guesser, scope: Scope) -> Entry | None:
    """Identifiers of an item, trade item numbers known by their check digit."""
    found: dict[str, Entry] = {}
    for scheme in guesser.vocabulary.slots("items"):
        part = guesser.take((f"items.{scheme}",), TEXT, scope)
        if part:
            found.setdefault(item_scheme(part.values) or scheme, guesser.rule(part, scope))
    return Block(found) if found else None


def quantity(guesser: Guesser, scope: Scope) -> Entry | None:
    """A quantity and its unit."""
    value = guesser.scalar(("quantity.value",), Shape("decimal"), scope)
    if value is None:
        guesser.lacking += 1
        return Block({"value": Rule({"const": "1"}, NOTHING)})
    unit = guesser.take(("quantity.unit",), TEXT, scope, is_unit, rivals=("price.amount", "currency"))
    return Block({"value": value, **({"unit": _unit(guesser, unit, scope)} if unit else {})})


def _unit(guesser: Guesser, part: Part, scope: Scope) -> Rule:
    for codes in guesser.unit_lists:
        if all(codes.read(value)[1] for value in part.values):
            return guesser.rule(part, scope, {"at": part.path, "codes": codes.name})
    return guesser.rule(part, scope)


def quantities(guesser: Guesser, scope: Scope) -> Entry | None:
    """How much there is in each state."""
    found: dict[str, Entry] = {}
    for state in guesser.vocabulary.slots("quantities"):
        rule = guesser.scalar((f"quantities.{state}",), Shape("decimal"), scope)
        if rule:
            found[state] = Block({"value": rule})
    return Block(found) if found else None


def price(guesser: Guesser, scope: Scope) -> Entry | None:
    """A unit price in the document's currency."""
    amount = guesser.scalar(("price.amount",), Shape("decimal"), scope)
    known = {"context": "currency"} if scope.owner == "InventoryReport" else {"copy": "currency"}
    return Block({"amount": amount, "currency": Rule(known, "the document's own")}) if amount else None


def currency(guesser: Guesser, scope: Scope) -> Entry:
    """The document's currency, else the partner's."""
    part = guesser.take(("currency",), TEXT, scope, is_currency)
    if part is None:
        return Rule({"context": "currency"}, "the sample names none: the partner's")
    return guesser.rule(part, scope, {"at": part.path, "default": {"context": "currency"}})


def dates(guesser: Guesser, scope: Scope) -> Entry | None:
    """Dates that are asked for or promised."""
    found: dict[str, Entry] = {}
    for name in guesser.vocabulary.slots("dates"):
        rule = guesser.scalar((f"dates.{name}",), Shape("moment"), scope)
        if rule:
            found[name] = rule
    return Block(found) if found else None


def carrier(guesser: Guesser, scope: Scope) -> Entry | None:
    """Who carries."""
    found = {name: guesser.scalar((f"carrier.{name}",), TEXT, scope) for name in guesser.vocabulary.slots("carrier")}
    rules: dict[str, Entry] = {name: rule for name, rule in found.items() if rule}
    return Block(rules) if rules else None


def freight(guesser: Guesser, scope: Scope) -> Entry | None:
    """Freight, of which samples mostly name the carrier."""
    found = carrier(guesser, scope)
    return Block({"carrier": found}) if found else None


def notes(guesser: Guesser, scope: Scope) -> Entry | None:
    """A free text."""
    part = guesser.take(("notes",), TEXT, scope)
    if part is None:
        return None
    return _once(guesser, part, {"text": guesser.rule(part, scope)})


def _once(guesser: Guesser, part: Part, rules: dict[str, Entry]) -> Block:
    """A list of one, where its part is there."""
    return Block(rules, {"each": guesser.sample.here, "when": {part.path: {"present": True}}})


def amounts(name: str) -> Special:
    """Charges, allowances or taxes that stand as one amount."""

    def guess(guesser: Guesser, scope: Scope) -> Entry | None:
        for code in guesser.vocabulary.slots(name):
            part = guesser.take((f"{name}.{code}",), Shape("decimal"), scope)
            if part:
                rules: dict[str, Entry] = {
                    "code": Rule({"const": code}, "by its name"),
                    "amount": guesser.rule(part, scope),
                }
                return _once(guesser, part, rules)
        return None

    return guess


SPECIAL: Mapping[str, Special] = {
    "lines": lines,
    "number": number,
    "items": items,
    "quantity": quantity,
    "quantities": quantities,
    "price": price,
    "currency": currency,
    "dates": dates,
    "carrier": carrier,
    "freight": freight,
    "notes": notes,
    "parties": parties,
    "charges": amounts("charges"),
    "allowances": amounts("allowances"),
    "taxes": amounts("taxes"),
}
