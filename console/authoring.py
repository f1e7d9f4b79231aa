"""What the command line asks of the integrator's tools. The composition root satisfies this Protocol."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Told = Mapping[str, Any]
"""Plain JSON values: what `--json` prints. `ok` is False where a test failed or something differs."""


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that was read: its name as the caller gave it, and its bytes."""

    name: str
    content: bytes


class Authoring(Protocol):
    """Making, testing and comparing maps and connectors, over one configuration. Nothing here writes a file."""

    def maps(self) -> Sequence[Told]:
        """The maps there are: `{name, title, document, syntax, directions, one_way, file}` each."""
        ...

    def draft_map(self, sample: NamedFile, name: str | None, kind: str | None) -> Told:
        """A first map for a sample: `{name, document, syntax, text, guesses, ignored, findings, ok}`."""
        ...

    def test_map(self, name: str, partner: str | None) -> Told:
        """A map's cases: `{map, places, cases: [{case, place, faults, gives?}], findings, ok}`. `gives` are files that
        a case lacks, by name, as the map would have them."""
        ...

    def compare_maps(self, old: str, new: str, files: Sequence[NamedFile], partner: str | None) -> Told:
        """What `new` would make of the files that `old` does not: `{documents, fields, findings, ok}`."""
        ...

    def draft_connector(self, name: str, sample: NamedFile) -> Told:
        """A first connector for a sample or an OpenAPI file: `{name, map, files: {path: text}}`, paths within the
        configuration."""
        ...

    def staleness(self) -> Sequence[Told]:
        """How old each channel's orders, stock and tracking are: `{connection, what, seconds, limit, fresh}`."""
        ...

    def check_connector(self, name: str) -> Told:
        """How good a connector is: `{connector, level, rules: [{rule, level, says, state, why}], findings, ok}`."""
        ...

    async def log_in(
        self, name: str, port: int, show: Callable[[str], None], paste: Callable[[], Awaitable[str]]
    ) -> Told:
        """Let a person log in to a connection: `show` gets the address to open, `paste` asks for the one they were sent
        to where it isn't ours. `{connection, ok}`."""
        ...

    async def try_operation(self, name: str, operation: str, request: bytes | None) -> Told:
        """One live call on a connection: `{connection, operation, exchanges: [{request, answer}], outcome, ok}`, no
        secret in it."""
        ...

    async def record_operation(self, name: str, operation: str, request: bytes | None) -> Told:
        """One live run on a connection as a case file without secrets and persons: `{text, outcome, faults, ok}`."""
        ...

    async def test_connector(self, name: str) -> Told:
        """A connector's cases, run offline: `{connector, place, cases: [{case, faults}], findings, ok}`."""
        ...
