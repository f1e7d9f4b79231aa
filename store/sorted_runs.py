"""Sorting more rows than memory holds: sorted runs on disk, merged while they are read."""

import heapq
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import IO

Row = tuple[str, ...]
"""Texts alone, so that rows sort the same wherever they were made."""
LARGEST_RUN = 50_000


class SortedRuns:
    """Takes rows in any order, and gives them back sorted, holding at most one run in memory."""

    def __init__(self, largest: int = LARGEST_RUN) -> None:
        self._largest = largest
        self._rows: list[Row] = []
        self._runs: list[Path] = []
        self._files = ExitStack()

    def __enter__(self) -> "SortedRuns":
        self._folder = Path(self._files.enter_context(TemporaryDirectory(prefix="crossdock-")))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.close()

    def add(self, row: Row) -> None:
        """One more row."""
        self._rows.append(row)
        if len(self._rows) >= self._largest:
            self._write_run()

    async def take(self, rows: AsyncIterator[Sequence[str]]) -> None:
        """Every one of these."""
        async for row in rows:
            self.add(tuple(row))

    def merged(self) -> Iterator[Row]:
        """All of them, sorted, once."""
        self._rows.sort()
        files: list[IO[str]] = [self._files.enter_context(run.open(encoding="utf-8")) for run in self._runs]
        return heapq.merge(self._rows, *(_read(file) for file in files))

    def _write_run(self) -> None:
        self._rows.sort()
        run = self._folder / f"{len(self._runs)}.jsonl"
        with run.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in self._rows)
        self._runs.append(run)
        self._rows.clear()


def _read(file: IO[str]) -> Iterator[Row]:
    for line in file:
        yield tuple(json.loads(line))
