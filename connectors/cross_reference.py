"""A partner's names for our things, put beside them: its item numbers gain our SKU, its store numbers an address."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from canonical import Document, Finding, Party
from connectors.profile import CrossReferences, Location


class HasItems(Protocol):
    """Anything that carries item identifiers."""

    @property
    def items(self) -> Mapping[str, str]: ...

    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Any: ...


L = TypeVar("L", bound=HasItems)
D = TypeVar("D", bound=Document)


def with_our_names(document: D, references: CrossReferences) -> D:
    """The document with `sku` on every line whose identifiers are known, and with what is known of its places.

    What the partner said itself is never replaced.
    """
    changes: dict[str, Any] = {}
    lines = getattr(document, "lines", ())
    if lines and hasattr(lines[0], "items"):
        named = (_with_sku(line, references.items) for line in lines)
        changes["lines"] = tuple(_with_stores(line, references.locations) for line in named)
    parties = getattr(document, "parties", ())
    if references.locations and parties:
        changes["parties"] = tuple(_with_place(party, references.locations) for party in parties)
    return document.changed(**changes) if changes else document


def looked_up_in_vain(document: Document, references: CrossReferences) -> tuple[Finding, ...]:
    """What the partner's cross-references were asked for and do not hold: one finding a value, saying how often.

    Of places only those count that the document names by number alone.
    """
    missing: dict[tuple[str, str, str], list[str]] = {}
    for at, line in enumerate(getattr(document, "lines", ())):
        asked = [(scheme, line.items[scheme]) for scheme in references.items if scheme in getattr(line, "items", {})]
        if asked and "sku" not in line.items:
            missing.setdefault(("items", *asked[0]), []).append(f"lines.{at}.items.{asked[0][0]}")
    for path, party in _places(document):
        asked = [(scheme, one) for scheme, one in party.identifiers.items() if scheme in references.locations]
        silent = party.name is None and party.address is None
        if silent and asked and not any(one in references.locations[scheme] for scheme, one in asked):
            missing.setdefault(("locations", *asked[0]), []).append(f"{path}.identifiers.{asked[0][0]}")
    return tuple(_missing(*key, paths) for key, paths in missing.items())


def _places(document: Document) -> Iterator[tuple[str, Party]]:
    """The parties of a document, and the stores its lines go to, each with its path."""
    for at, party in enumerate(getattr(document, "parties", ())):
        yield f"parties.{at}", party
    for at, line in enumerate(getattr(document, "lines", ())):
        for number, store in enumerate(getattr(line, "destinations", ())):
            yield f"lines.{at}.destinations.{number}.party", store.party


def _missing(table: str, scheme: str, value: str, paths: list[str]) -> Finding:
    message = (
        f"{scheme} {value!r} is not among the partner's {table}; add it under cross_references: {table}: {scheme}:"
    )
    facts = {"path": paths[0], "table": f"{table}/{scheme}", "value": value, "count": len(paths)}
    return Finding("cross-reference-missing", "warning", {}, message, facts=facts)


def with_their_names(document: D, references: CrossReferences) -> D:
    """The document with the partner's own identifiers on every line whose SKU is known."""
    lines = getattr(document, "lines", ())
    if not references.items or not lines or not hasattr(lines[0], "items"):
        return document
    theirs = {
        (scheme, sku): value for scheme, values in references.items.items() for value, sku in reversed(values.items())
    }
    return document.changed(lines=tuple(_with_theirs(line, theirs) for line in lines))


def _with_sku(line: L, items: Mapping[str, Mapping[str, str]]) -> L:
    if "sku" in line.items:
        return line
    known = (items.get(scheme, {}).get(value) for scheme, value in line.items.items())
    sku = next((sku for sku in known if sku), None)
    return _with_items(line, {"sku": sku}) if sku else line


def _with_stores(line: Any, locations: Mapping[str, Mapping[str, Location]]) -> Any:
    """The line with what is known of the stores it goes to, which an order names by number alone (X12 SDQ)."""
    stores = getattr(line, "destinations", ())
    if not stores or not locations:
        return line
    known = tuple(one.model_copy(update={"party": _with_place(one.party, locations)}) for one in stores)
    return line.model_copy(update={"destinations": known})


def _with_theirs(line: L, theirs: Mapping[tuple[str, str], str]) -> L:
    sku = line.items.get("sku")
    added = {scheme: value for (scheme, known), value in theirs.items() if known == sku and scheme not in line.items}
    return _with_items(line, added) if added else line


def _with_items(line: L, added: Mapping[str, str]) -> L:
    changed: L = line.model_copy(update={"items": {**line.items, **added}})
    return changed


def _with_place(party: Party, locations: Mapping[str, Mapping[str, Location]]) -> Party:
    place = _first(locations.get(scheme, {}).get(value) for scheme, value in party.identifiers.items())
    if place is None:
        return party
    return party.model_copy(
        update={
            "name": party.name or place.name,
            "address": party.address or place.address,
            "identifiers": {**place.identifiers, **party.identifiers},
        }
    )


def _first(places: Iterable[Location | None]) -> Location | None:
    return next((place for place in places if place), None)
