"""One call of the command line: what it was given, and the composition root it may ask."""

import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from rich.console import Console

from console.authoring import Authoring
from console.desk import Builder, Hub, Workbench
from console.terminal import err, out, print_json


class Usage(Exception):  # noqa: N818 - the caller's mistake, exit 2
    """The command line asks for something that cannot be."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a command is called with."""

    builder: Builder
    arguments: Namespace
    config: Path
    data: Path
    json: bool

    def workbench(self) -> Workbench:
        """The tools that need no store."""
        return self.builder.workbench(self.config)

    def authoring(self) -> Authoring:
        """The integrator's tools."""
        return self.builder.authoring(self.config, self.data)

    @asynccontextmanager
    async def hub(self) -> AsyncIterator[Hub]:
        """The hub, open on the data directory."""
        async with self.builder.open(self.config, self.data) as hub:
            yield hub

    @property
    def out(self) -> Console:
        """Standard output, for people."""
        return out()

    @property
    def err(self) -> Console:
        """Standard error."""
        return err()

    def tell(self, value: Any) -> bool:
        """Print `value` when JSON was asked for; whether it was."""
        if self.json:
            print_json(value)
        return self.json

    @contextmanager
    def file(self) -> Iterator[BinaryIO]:
        """The FILE argument, open; `-` is standard input. Raises `Usage`."""
        name: str = self.arguments.file
        if name == "-":
            yield BytesIO(sys.stdin.buffer.read())
            return
        try:
            opened = Path(name).open("rb")  # noqa: SIM115 - closed below; what the block raises is not about opening
        except OSError as error:
            raise Usage(f"cannot read {name}: {error.strerror}") from error
        with opened:
            yield opened if opened.seekable() else BytesIO(opened.read())

    @property
    def filename(self) -> str:
        """FILE's own name."""
        return "standard-input" if self.arguments.file == "-" else Path(self.arguments.file).name
