"""Templates: trees of YAML whose texts name values by path in braces, `/orders/{request.order_id}.json`.

A text that is one brace alone keeps its value's type; `{a|b}` takes the first that has a value; `{path?}` leaves its
member out when there is none; `{path ~ /}` takes what follows the last `/`; `{{` and `}}` are braces themselves.
`{all: PATH}` is the list of every value there, and `{each: PATH, as: NAME, of: TEMPLATE}` a list made of them; inside a
list or another `each`, its items join that one. `{money: [FACTOR, ...], currency: TEXT}` is their product, rounded as
money is, with `per: NUMBER` for so many, and with `places: 4` to so many decimals instead, as unit prices are;
`{total: [AMOUNT, ...], currency: TEXT}` is their sum, lists of them too, and with `times: FACTOR` so often;
`{minor_units: AMOUNT, currency: TEXT}` is the amount in whole cents, or in what the currency has for them, and
`{major_units: CENTS, currency: TEXT}` the other way. `{as_text: TEMPLATE}` writes a number as text. There is nothing
else to learn.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from math import prod
from typing import Any, TypeAlias
from urllib.parse import quote

from canonical import Finding, Rejected, exact_decimal, minor_unit, round_money
from connectors.engine.path import Values, alternatives, compiled, every_first, first_of, text_of
from connectors.secret import Secret

_BRACE = re.compile(r"\{\{|\}\}|\{(?P<path>[^{}?~]+?)(?:\s*~\s*(?P<after>[^{}?~\s]))?(?P<optional>\?)?\}")
_EACH = {"each", "as", "of"}
_ALL = {"all"}
_MISSING = object()
_MADE = "\0made"
"""Where a scope counts the items made so far: no path can name it."""
MOST_ITEMS = 200_000

_Form: TypeAlias = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]


def expand(template: Any, scope: Mapping[str, Any]) -> Any:
    """The template's tree with every brace replaced. Raises `Rejected` when a value it needs is missing, or when it
    makes more items than anybody could mean."""
    found = _expand(template, {**scope, _MADE: [0]})
    return None if found is _MISSING else found


def expand_text(template: str, scope: Mapping[str, Any], escape: Callable[[str], str] = str) -> str:
    """The template as one text, each value through `escape`; a missing optional value is empty."""
    return "".join([part if isinstance(part, str) else part.text(scope, escape) for part in _parts(template)])


def in_url(value: str) -> str:
    """One part of a URL's path, everything that could end or leave it escaped."""
    escaped = quote(value, safe="")
    return escaped.replace(".", "%2E") if set(value) <= {"."} else escaped


def paths_of(template: Any) -> Iterator[str]:
    """Every path the template names."""
    if isinstance(template, str):
        for brace in _BRACE.finditer(template):
            yield from alternatives(brace["path"]) if brace["path"] else ()
    elif isinstance(template, Mapping):
        if set(template) == _EACH:
            yield from alternatives(template["each"])
        if set(template) == _ALL:
            yield from alternatives(template["all"])
        for part in template.values():
            yield from paths_of(part)
    elif isinstance(template, list):
        for part in template:
            yield from paths_of(part)


def refuse_bad_paths(template: Any) -> None:
    """Raise `ValueError` for the first path that can't be read."""
    for path in paths_of(template):
        compiled(path)


def _expand(template: Any, scope: Mapping[str, Any]) -> Any:
    if isinstance(template, str):
        return _expand_leaf(template, scope)
    if isinstance(template, Mapping):
        form: _Form = _members if len(template) > _LARGEST_FORM else _FORMS.get(frozenset(template), _members)
        return form(template, scope)
    if isinstance(template, list):
        return _expand_list([(part, scope) for part in template])
    return template


def _members(template: Mapping[str, Any], scope: Mapping[str, Any]) -> dict[str, Any]:
    expanded = ((key, _expand(part, scope)) for key, part in template.items())
    return {key: value for key, value in expanded if value is not _MISSING}


def _each(template: Mapping[str, Any], scope: Mapping[str, Any]) -> list[Any]:
    items = every_first(scope, template["each"])
    made = scope[_MADE]
    made[0] += len(items)
    if made[0] > MOST_ITEMS:
        message = f"more than {MOST_ITEMS} items in one request"
        raise Rejected(message, [Finding("request-too-large", "error", {}, message)])
    return _expand_list([(template["of"], {**scope, template["as"]: item}) for item in items])


def _all(template: Mapping[str, Any], scope: Mapping[str, Any]) -> list[Any]:
    return every_first(scope, template["all"])


def _money(template: Mapping[str, Any], scope: Mapping[str, Any]) -> Decimal:
    product = prod([_number(_expand(factor, scope)) for factor in template["money"]], start=Decimal(1))
    per = _expand(template.get("per", 1), scope)
    per = Decimal(1) if per is _MISSING else _number(per)
    exact = product / (per or 1)
    if "places" in template:
        return exact.quantize(Decimal(1).scaleb(-int(template["places"])), ROUND_HALF_UP)
    return round_money(exact, expand_text(template["currency"], scope))


def _total(template: Mapping[str, Any], scope: Mapping[str, Any]) -> Any:
    """The sum of a list of amounts; an object that only has a member of that name is itself."""
    if not isinstance(template["total"], list):
        return _members(template, scope)
    given = [_expand(part, scope) for part in template["total"]]
    amounts = [_number(one) for part in given for one in (part if isinstance(part, list) else [part])]
    factor = _number(_expand(template.get("times", 1), scope))
    return round_money(sum(amounts, Decimal(0)) * factor, expand_text(template["currency"], scope))


def _number(value: Any) -> Decimal:
    try:
        return exact_decimal(value)
    except ValueError:
        message = "an amount is made of numbers"
        raise Rejected(message, [Finding("value-not-number", "error", {}, message)]) from None


def _as_text(template: Mapping[str, Any], scope: Mapping[str, Any]) -> str:
    return text_of(_expand(template["as_text"], scope))


def _minor_units(template: Mapping[str, Any], scope: Mapping[str, Any]) -> int:
    currency = expand_text(template["currency"], scope)
    rounded = _money({"money": [template["minor_units"]], "currency": currency}, scope)
    return int(rounded / minor_unit(currency))


def _major_units(template: Mapping[str, Any], scope: Mapping[str, Any]) -> str:
    currency = expand_text(template["currency"], scope).upper()
    return str(_number(_expand(template["major_units"], scope)) * minor_unit(currency))


def _expand_list(parts: list[tuple[Any, Mapping[str, Any]]]) -> list[Any]:
    items: list[Any] = []
    for part, scope in parts:
        value = _expand(part, scope)
        if isinstance(part, Mapping) and set(part) == _EACH:
            items += value
        elif value is not _MISSING:
            items.append(value)
    return items


def _expand_leaf(template: str, scope: Mapping[str, Any]) -> Any:
    parts = _parts(template)
    if len(parts) == 1 and isinstance(parts[0], _Brace):
        value = parts[0].value(scope)
        return value.reveal() if isinstance(value, Secret) else value
    return expand_text(template, scope)


@dataclass(frozen=True, slots=True)
class _Brace:
    """A brace that names a value."""

    path: str
    found: Values
    after: str | None
    """Only what follows the last of these is wanted."""
    optional: bool

    def value(self, scope: Mapping[str, Any]) -> Any:
        for value in self.found(scope):
            return text_of(value).rpartition(self.after)[2] if self.after else value
        if self.optional:
            return _MISSING
        message = f"{self.path} has no value, and what is to be sent needs it"
        pointer = "/" + self.path.replace(".", "/")
        raise Rejected(message, [Finding("value-missing", "error", {"pointer": pointer}, message)])

    def text(self, scope: Mapping[str, Any], escape: Callable[[str], str]) -> str:
        value = self.value(scope)
        return "" if value is _MISSING else escape(text_of(value))


def _brace(brace: re.Match[str]) -> _Brace:
    return _Brace(brace["path"], first_of(brace["path"]), brace["after"], brace["optional"] is not None)


@lru_cache(maxsize=4096)
def _parts(template: str) -> Sequence[str | _Brace]:
    """A text's parts, read once: what stands there, and the braces in it."""
    parts: list[str | _Brace] = []
    position = 0
    for brace in _BRACE.finditer(template):
        parts.append(template[position : brace.start()])
        parts.append(brace[0][0] if brace["path"] is None else _brace(brace))
        position = brace.end()
    parts.append(template[position:])
    return tuple(part for part in parts if part != "")


_FORMS: Mapping[frozenset[str], _Form] = {
    frozenset(_EACH): _each,
    frozenset(_ALL): _all,
    frozenset({"money", "currency"}): _money,
    frozenset({"money", "per", "currency"}): _money,
    frozenset({"money", "per", "places"}): _money,
    frozenset({"total", "currency"}): _total,
    frozenset({"total", "times", "currency"}): _total,
    frozenset({"minor_units", "currency"}): _minor_units,
    frozenset({"major_units", "currency"}): _major_units,
    frozenset({"as_text"}): _as_text,
}
_LARGEST_FORM = max(map(len, _FORMS))
