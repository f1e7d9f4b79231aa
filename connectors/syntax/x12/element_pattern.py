"""Regular expressions for the values of simple elements, by their type, lengths and codes."""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from connectors.syntax.x12.notation import UNBOUNDED, Element

_TEXT = r"[^\x00-\x1f\x7f]"
_MONTH_DAY = r"(?:(?:0[13578]|1[02])(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)(?:0[1-9]|[12]\d|30)|02(?:0[1-9]|1\d|2[0-8]))"
_TIME = r"(?:[01]\d|2[0-3])[0-5]\d"


def optional(value: str, *, must: bool) -> str:
    """An expression for the value, or for the value or nothing."""
    return value if must else f"(?:{value})?+"


def element_pattern(element: Element, codes: Collection[str], *, must: bool) -> str:
    """An expression for what is right in a simple element; `must` says that it may not be empty."""
    if codes:
        return optional(_known_codes(tuple(codes)), must=must)
    match element.type:
        case "R":
            return _decimal(element.least, element.greatest, must=must)
        case "DT":
            return optional(_date(element), must=must)
        case "TM":
            return optional(_time(element), must=must)
        case kind if kind[0] == "N":
            return _counted(r"(?:-(?=\d))?+", r"\d", element, must=must)
        case _:
            return _counted("", _TEXT, element, must=must)


@lru_cache(maxsize=512)
def _known_codes(codes: tuple[str, ...]) -> str:
    """Kept, for a set has the same long list in many places."""
    return codes_pattern(codes)


def codes_pattern(codes: Iterable[str]) -> str:
    """An expression for just these codes, as a tree of first characters whose last ones are character classes."""
    tails: dict[str, list[str]] = {}
    for code in codes:
        tails.setdefault(code[0], []).append(code[1:])
    by_rest: dict[str, list[str]] = {}
    for first, rest in tails.items():
        by_rest.setdefault(_tail(rest), []).append(first)
    branches = [_class(firsts) + rest for rest, firsts in by_rest.items()]
    return f"(?>{'|'.join(branches)})" if len(branches) > 1 else branches[0]


def _tail(rest: list[str]) -> str:
    longer = [one for one in rest if one]
    if not longer:
        return ""
    return codes_pattern(longer) if len(longer) == len(rest) else f"(?:{codes_pattern(longer)})?+"


def _class(chars: Sequence[str]) -> str:
    return re.escape(chars[0]) if len(chars) == 1 else f"[{''.join(map(re.escape, sorted(chars)))}]"


def _counted(sign: str, char: str, element: Element, *, must: bool) -> str:
    most = element.greatest if element.greatest < UNBOUNDED else ""
    if element.least <= 1:
        return f"{sign}{char}{{{int(must)},{most}}}+"
    return optional(f"{sign}{char}{{{element.least},{most}}}+", must=must)


def _decimal(least: int, greatest: int, *, must: bool) -> str:
    whole = max(least, (greatest + 1) // 2)
    part = greatest - whole
    some = r"(?=-?\.?\d)" if must else r"(?:-(?=\.?\d))?+"
    sign = "-?+" if must else ""
    digits = rf"\d{{{least if least > 1 else 0},{whole}}}+"
    rest = rf"(?:\.\d{{1,{part}}}+|\d{{1,{part}}}+)?+" if part else ""
    return optional(rf"-?+{digits}{rest}", must=must) if least > 1 else some + sign + digits + rest


def _date(element: Element) -> str:
    return (r"\d\d" if element.least == 6 else r"(?:19|20)\d\d") + _MONTH_DAY


def _time(element: Element) -> str:
    return _TIME if element.greatest == 4 else _TIME + (r"(?:[0-5]\d(?:\d\d?)?+)?+" if element.greatest >= 6 else "")
