"""JSON text (RFC 8259) to a tree and back, exactly: numbers are ints or Decimals, duplicate keys are refused."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import accumulate
from typing import Any, NoReturn, TypeAlias

from canonical import Finding, Rejected, plain_decimal

JsonTree: TypeAlias = "dict[str, JsonTree] | list[JsonTree] | str | int | Decimal | bool | None"

DEEPEST = 64
LONGEST_NUMBER = 60

_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_UNSAFE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS = bytes(set(range(256)) - _STEPS.keys())
_LEAVES, _LISTS = (str, int, type(None)), (list, tuple)
_leaf = json.JSONEncoder(ensure_ascii=False).encode


def read_json(content: bytes | str) -> JsonTree:
    """The tree of one JSON text. Raises `Rejected` with one located finding."""
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        _refuse_depth(text)
        tree: JsonTree = json.loads(
            text, parse_float=_decimal, parse_int=_integer, parse_constant=_constant, object_pairs_hook=_object
        )
        if _UNSAFE.search(text):
            _refuse_unsafe(tree)
    except UnicodeDecodeError as error:
        raise _rejected(f"not UTF-8: byte {error.start} is {error.reason}", offset=error.start) from None
    except json.JSONDecodeError as error:
        raise _rejected(f"not JSON: {error.msg}", line=error.lineno, column=error.colno) from None
    except ValueError as error:
        raise _rejected(str(error), pointer="") from None
    return tree


def write_json(tree: Any) -> bytes:
    """Compact UTF-8 JSON, keys in the tree's order. A Decimal becomes a number with the same digits."""
    parts: list[str] = []
    _write(tree, parts.append)
    return "".join(parts).encode()


def write_json_lines(rows: Sequence[Any]) -> bytes:
    """Rows, one compact JSON text a line."""
    return b"".join(write_json(row) + b"\n" for row in rows)


def _write(tree: Any, say: Callable[[str], None]) -> None:
    if isinstance(tree, _LEAVES):
        say(_leaf(tree))
    elif isinstance(tree, dict):
        _write_members(tree, say)
    elif isinstance(tree, _LISTS):
        _write_items(tree, say)
    elif isinstance(tree, Decimal):
        say(plain_decimal(tree))
    else:
        raise TypeError(f"{type(tree).__name__} has no exact JSON form")


def _write_members(tree: Mapping[Any, Any], say: Callable[[str], None]) -> None:
    mark = "{"
    for key, value in tree.items():
        say(mark)
        say(_leaf(str(key)))
        say(":")
        _write(value, say)
        mark = ","
    say("}" if tree else "{}")


def _write_items(tree: Sequence[Any], say: Callable[[str], None]) -> None:
    mark = "["
    for value in tree:
        say(mark)
        _write(value, say)
        mark = ","
    say("]" if tree else "[]")


def _rejected(message: str, **where: int | str) -> Rejected:
    return Rejected(message, [Finding("json-syntax", "error", where, message)])


def _refuse_depth(text: str) -> None:
    """Refuse nesting before the parser recurses into it."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    outside = _STRING.sub("", text) if "\\" in text else "".join(text.split('"')[::2])
    brackets = outside.encode(errors="ignore").translate(None, _NO_BRACKETS)
    if max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > DEEPEST:
        raise ValueError(f"nested deeper than {DEEPEST}")


def _refuse_unsafe(tree: JsonTree) -> None:
    """Refuse what JSON can escape but no text may hold: NUL, and half a surrogate pair."""
    if isinstance(tree, str):
        if "\0" in tree or any("\ud800" <= character <= "\udfff" for character in tree):
            raise ValueError("a text holds NUL or half a surrogate pair")
    elif isinstance(tree, dict):
        for key, value in tree.items():
            _refuse_unsafe(key)
            _refuse_unsafe(value)
    elif isinstance(tree, list):
        for value in tree:
            _refuse_unsafe(value)


def _object(pairs: list[tuple[str, JsonTree]]) -> dict[str, JsonTree]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice!r} is given twice in one object")
    return found


def _decimal(digits: str) -> Decimal:
    if len(digits) > LONGEST_NUMBER:
        raise ValueError(f"a number of {len(digits)} characters")
    number = Decimal(digits)
    if "e" in digits or "E" in digits:
        _, _, exponent = number.as_tuple()
        if not isinstance(exponent, int) or abs(exponent) > LONGEST_NUMBER:
            raise ValueError(f"the number {digits} is out of range")
    return number


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise ValueError(f"a number of {len(digits)} characters")
    return int(digits)


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
