"""The tools as commands ask for them, over a bench that knows every language. Satisfies `console.desk.Workbench`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Protocol

from canonical import Finding
from console.desk import Answer, InspectRequest, TranslateRequest

Told = Mapping[str, Any]


class Tally(Protocol):
    """What a large file holds, counted."""

    @property
    def errors(self) -> int: ...

    def summary(self) -> dict[str, Any]: ...


class Written(Protocol):
    """Native bytes, and what `--json` tells of them."""

    @property
    def content(self) -> bytes: ...

    @property
    def told(self) -> dict[str, Any]: ...


class Bench(Protocol):
    """Translation and inspection under one configuration, in plain values."""

    def translate(
        self, content: bytes, at: datetime, by: TranslateRequest, *, lineage: bool
    ) -> list[dict[str, Any]]: ...

    def write(self, told: Iterable[Told], to: str, partner: str | None, at: datetime, control: int) -> Written: ...

    def summarize_translation(self, source: BinaryIO, partner: str | None, at: datetime) -> Tally: ...

    def inspect(
        self, content: bytes, at: datetime, partner: str | None, control: int, *, referee: bool
    ) -> dict[str, Any]: ...

    def summarize(self, source: BinaryIO, partner: str | None) -> Tally: ...

    def partners(self) -> Sequence[Told]: ...

    def connectors(self) -> Sequence[Told]: ...


@dataclass(frozen=True)
class Tools:
    """`open_bench` and `findings` read the configuration when they are called, `installation` looks at the machine."""

    open_bench: Callable[[], Bench]
    findings: Callable[[], Sequence[Finding]]
    schemas: Callable[[], Mapping[str, Any]]
    installation: Callable[[], Sequence[Told]]
    now: Callable[[], datetime]

    def check(self) -> Sequence[Finding]:
        """Every fault of the configuration, and what is worth knowing of its maps."""
        return self.findings()

    def translate(self, asked: TranslateRequest) -> Answer:
        """Native bytes to canonical documents, or those to native bytes."""
        bench, at = self.open_bench(), asked.at or self.now()
        if asked.summary:
            tally = bench.summarize_translation(asked.file, asked.partner, at)
            return Answer(tally.summary(), ok=not tally.errors)
        told = bench.translate(asked.content, at, asked, lineage=asked.lineage)
        if asked.to is None:
            return Answer(told, ok=not _faulty(told))
        written = bench.write(told, asked.to, asked.partner, at, asked.control or 1)
        return Answer(written.told, ok=not _faulty([written.told]), content=written.content)

    def inspect(self, asked: InspectRequest) -> Answer:
        """The annotated file, the answer it would get, and on request the referee's verdict beside ours."""
        bench = self.open_bench()
        if asked.summary:
            tally = bench.summarize(asked.file, asked.partner)
            return Answer(tally.summary(), ok=not tally.errors)
        at = asked.at or self.now()
        told = bench.inspect(asked.content, at, asked.partner, asked.control or 1, referee=asked.referee)
        return Answer(told, ok=not _faulty([told]))

    def schema(self) -> Mapping[str, Any]:
        """JSON Schemas of documents and configuration files."""
        return self.schemas()

    def partners(self) -> Sequence[Told]:
        """The trading partners."""
        return self.open_bench().partners()

    def connectors(self) -> Sequence[Told]:
        """The connectors at hand."""
        return self.open_bench().connectors()

    def doctor(self) -> Sequence[Told]:
        """Checks of this machine and installation, and whether the configuration can be used."""
        faults = sum(finding.severity == "error" for finding in self.findings())
        said = f"{faults} faults" if faults else "no faults"
        mend = "crossdock check names file, line and mend"
        return [*self.installation(), {"name": "configuration", "ok": not faults, "detail": said, "mend": mend}]


def _faulty(told: Iterable[Told]) -> bool:
    """Whether any of it has an error finding."""
    return any(finding["severity"] == "error" for one in told for finding in one["findings"])
