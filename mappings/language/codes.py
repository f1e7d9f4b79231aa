"""Looking codes up while translating: the partner's own meanings come first, and nothing unknown passes in silence."""

from typing import Any

from mappings.code_lists import CodeList
from mappings.language.faults import fault
from mappings.language.written import Written
from mappings.paths.navigation import Run


def unmapped(codes: CodeList, raw: str, where: Any, at: Written, run: Run) -> str:
    """The visible stand-in of an unknown code, and its finding."""
    meaning, _ = codes.read(raw)
    message = f"{raw!r} is not in the code list {codes.name}; kept as {meaning!r}"
    fault(run, "code-unmapped", "warning", where, message, at, value=raw, codes=codes.name)
    return meaning


def unknown(codes: CodeList, raw: str, where: Any, at: Written, run: Run) -> None:
    """The error of a code whose meaning is none of a field's few: what it stands for decides what is done."""
    message = f"{raw!r} is not in the code list {codes.name}; add it there or to the partner's cross-references"
    fault(run, "code-unmapped", "error", where, message, at, value=raw, codes=codes.name)


def native_code(codes: CodeList, name: str, run: Run) -> str | None:
    """The native code of a canonical name: the partner's own first. `sku#2` is a second `sku`."""
    given, _, number = name.rpartition("#")
    name = given if given and number.isdigit() else name
    for code, meaning in run.codes.get(codes.name, {}).items():
        if meaning == name:
            return code
    return codes.write(name)


def has_code(codes: CodeList, name: str, run: Run) -> bool:
    """Whether a code says this name; an open list, which lets any pass, has one all the same or has not."""
    code = native_code(codes, name, run)
    return code in codes.to_canonical or code in run.codes.get(codes.name, {}) or (code is not None and not codes.open)
