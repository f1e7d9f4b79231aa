"""Code lists: native codes and their canonical names, both ways.

A file in `codes/` says `codes: x12/98`, a `title`, its `source`, and `values: {ST: ship_to, ...}`. Several codes may
share a name: the first is the one written; `written:` names the nearest code of what none says, `*` that of the rest.
`open: true` lets unknown codes pass as they are, with a warning; otherwise an unknown code is kept visibly as
`x12/98:ZZ`, with a warning too, and finds its way back on writing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import Field

from canonical import Finding
from mappings.strict_yaml import Readable
from mappings.yaml_model import ConfigModel, load_model

ANY_OTHER = "*"
"""Under `written:`, whatever name no code says."""


class CodeFile(ConfigModel):
    """A code list as written."""

    codes: str
    title: str
    source: str | None = None
    open: bool = False
    values: dict[str, str | None]
    """native -> canonical; no canonical name means the code is its own."""
    written: dict[str, str] = Field(default_factory=dict)
    """canonical -> native, of names that no code is read as: the nearest code is written; `*` stands for any other."""


@dataclass(frozen=True, slots=True)
class CodeList:
    """A compiled code list."""

    name: str
    open: bool = False
    to_canonical: Mapping[str, str] = field(default_factory=dict)
    to_native: Mapping[str, str] = field(default_factory=dict)

    def read(self, code: str) -> tuple[str, bool]:
        """The canonical name, and whether the list knows the code."""
        known = self.to_canonical.get(code)
        if known is not None:
            return known, True
        return (code if self.open else f"{self.name}:{code}"), False

    def write(self, name: str) -> str | None:
        """The native code; None when there is none."""
        known = self.to_native.get(name)
        if known is not None:
            return known
        if name.startswith(self.name + ":"):
            return name[len(self.name) + 1 :]
        return name if self.open else self.to_native.get(ANY_OTHER)


def code_list(
    name: str,
    values: Mapping[str, str | None],
    *,
    open: bool = False,  # noqa: A002 - as the file says it
    written: Mapping[str, str] | None = None,
) -> CodeList:
    """Compile `native -> canonical`, and `written` besides."""
    to_canonical = {code: meaning or code for code, meaning in values.items()}
    to_native: dict[str, str] = {}
    for code, meaning in to_canonical.items():
        to_native.setdefault(meaning, code)
    for meaning, code in (written or {}).items():
        to_native.setdefault(meaning, code)
    return CodeList(name, open, to_canonical, to_native)


def load_code_list(source: Readable | str, name: str | None = None) -> tuple[CodeList | None, list[Finding]]:
    """Read a code list file."""
    file, findings = load_model(source, CodeFile, name)
    return (code_list(file.codes, file.values, open=file.open, written=file.written) if file else None), findings
