"""Files for whoever reads a directory, such as an ERP's import: one name, one file, once, even after it was fetched.

Beside the files lies `.posted/`: for each name ever put there its digest, and what is on its way. The digest is
written before the file appears, so that a crash at any instant is finished, not repeated, by the next try.
"""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from canonical import Finding, Misconfigured, Rejected, Unavailable
from connectors.transport.directory import sync_directory, write_flushed

LONGEST_NAME = 180


@dataclass(frozen=True, slots=True)
class Placed:
    """Where it went, and whether it had been there before."""

    path: Path
    sha256: str
    already: bool


def place(directory: Path, name: str, content: bytes) -> Placed:
    """Put the file. Raises `Rejected` when the name was used for other content, `Unavailable` when the disk refuses."""
    if not name or name != Path(name).name or name.startswith("."):
        raise Misconfigured(f"{name!r} is no plain file name")
    try:
        with _alone(directory) as ledger:
            return _Posting(directory, ledger, name, content).post()
    except OSError as error:
        raise Unavailable(f"cannot write to {directory}: {error.strerror or error}") from error


def file_name(name: str) -> str:
    """A name that stays in its directory: everything but plain characters escaped, no two names made one."""
    escaped = quote(name, safe="-_.=+@,")
    escaped = "%2E" + escaped[1:] if escaped.startswith(".") else escaped
    if len(escaped) <= LONGEST_NAME:
        return escaped
    mark = hashlib.sha256(name.encode()).hexdigest()[:32]
    return f"{escaped[: LONGEST_NAME - 60]}-{mark}{Path(escaped).suffix[:20]}"


class _Posting:
    def __init__(self, directory: Path, ledger: Path, name: str, content: bytes) -> None:
        self._directory, self._content = directory, content
        self._path, self._staged, self._digest = directory / name, ledger / f"{name}.part", ledger / f"{name}.sha256"
        self._ledger, self._sha256 = ledger, hashlib.sha256(content).hexdigest()

    def post(self) -> Placed:
        already = self._digest.exists()
        if not already:
            self._stage()
        elif self._digest.read_text() != self._sha256:
            message = f"{self._path.name} was posted before with other content"
            raise Rejected(message, [Finding("posting-conflict", "error", {"file": str(self._path)}, message)])
        if self._staged.exists():
            self._staged.replace(self._path)
            sync_directory(self._directory)
        return Placed(self._path, self._sha256, already)

    def _stage(self) -> None:
        write_flushed(self._staged, self._content)
        unfinished = self._digest.with_suffix(".new")
        write_flushed(unfinished, self._sha256.encode())
        unfinished.replace(self._digest)
        sync_directory(self._ledger)


@contextmanager
def _alone(directory: Path) -> Iterator[Path]:
    """The ledger, while no other process works on it."""
    ledger = directory / ".posted"
    ledger.mkdir(parents=True, exist_ok=True)
    with (ledger / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield ledger
