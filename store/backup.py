"""Backups: one file that holds the database and what pickups remember, taken while the hub runs.

What pickups remember (how far they read) is copied before the database, so that after a restore they read something
again rather than miss it; the identities in the database see to it that this has no second effect.
"""

import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.engine import make_url

from canonical import Misconfigured, Rejected
from store.postgres_copy import PostgresCopy
from store.sqlite_copy import DATABASE, SqliteCopy

__all__ = ["DATABASE", "back_up", "restore"]

_MANIFEST = "manifest.json"
_TABLES = "database"
_CHUNK = 1 << 20


class DatabaseCopy(Protocol):
    """A database as plain files."""

    def take(self, folder: Path) -> None:
        """Copy one consistent view of the database at work into an empty folder."""
        ...

    def is_empty(self) -> bool:
        """Whether nothing is there that a restore would overwrite."""
        ...

    def put(self, folder: Path, data: Path) -> None:
        """Make the database out of such a folder, all of it or nothing. `data` becomes the data directory.

        Raises `ValueError` when the copy is damaged.
        """
        ...


def back_up(url: str, data: Path, remembered: Sequence[str], file: Path, at: datetime) -> Mapping[str, Any]:
    """Write `file`; what is in it. `remembered` names the folders of `data` that are taken along.

    Raises `Rejected` when `file` is there already.
    """
    copy = _copy_of(url, data)
    if file.exists():
        raise Rejected(f"{file} is there already; a backup overwrites nothing")
    part, folder = (file.with_name(f".{file.name}.{ending}") for ending in ("part", "parts"))
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with part.open("wb") as target, tarfile.open(fileobj=target, mode="w") as archive:
            for name in remembered:
                if (data / name).is_dir():
                    archive.add(data / name, name)
            folder.mkdir()
            copy.take(folder)
            told = {"taken_at": at.isoformat(), "sha256": _digest(folder), "bytes": _size(folder)}
            _add(archive, _MANIFEST, json.dumps(told).encode())
            archive.add(folder, _TABLES)
        _flush(part)
        part.replace(file)
        _flush(file.parent)
    except OSError as error:
        raise Rejected(f"cannot write {file}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    return told | {"file": str(file)}


def restore(url: str, data: Path, file: Path) -> Mapping[str, Any]:
    """Put a backup into an empty data directory and an empty database; what was in it. All of it, or nothing.

    Raises `Rejected` when something is there already, or the file is no whole backup of such a database.
    """
    copy = _copy_of(url, data)
    if data.exists() and any(data.iterdir()):
        raise Rejected(f"{data} is not empty; a backup is restored into a directory of its own")
    if not copy.is_empty():
        raise Rejected("the database is not empty; a backup is restored into one of its own")
    data.parent.mkdir(parents=True, exist_ok=True)
    unpacked = data.with_name(f".{data.name}.restoring")
    shutil.rmtree(unpacked, ignore_errors=True)
    try:
        told = _unpack(file, unpacked)
        copy.put(unpacked / _TABLES, unpacked)
        shutil.rmtree(unpacked / _TABLES)
        if data.exists():
            data.rmdir()
        unpacked.replace(data)
        _flush(data.parent)
    except (tarfile.TarError, KeyError, ValueError, EOFError) as error:
        raise Rejected(f"{file} is no whole backup: {error}") from error
    except OSError as error:
        raise Rejected(f"cannot restore {file}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
    return told | {"file": str(file), "data": str(data)}


def _copy_of(url: str, data: Path) -> DatabaseCopy:
    where = make_url(url)
    if where.get_backend_name() == "postgresql":
        return PostgresCopy(url)
    if not where.database:
        raise Misconfigured("this store lives in memory only; there is nothing to back up")
    return SqliteCopy(Path(where.database), data)


def _unpack(file: Path, target: Path) -> dict[str, Any]:
    """Every plain file of the archive, into its place under `target`; the manifest. `ValueError` when it is damaged."""
    with tarfile.open(file, "r:") as archive:
        for member in archive:
            if member.isfile():
                _put(archive, member, target)
    told: dict[str, Any] = json.loads((target / _MANIFEST).read_bytes())
    (target / _MANIFEST).unlink()
    if _digest(target / _TABLES) != told.get("sha256"):
        raise ValueError("its database is not the one that was backed up")
    return told


def _put(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    place = (target / member.name).resolve()
    if not place.is_relative_to(target.resolve()):
        raise ValueError(f"it reaches out of its directory with {member.name}")
    place.parent.mkdir(parents=True, exist_ok=True)
    content = archive.extractfile(member)
    assert content is not None, "a plain file has content"
    with content, place.open("wb") as file:
        shutil.copyfileobj(content, file, _CHUNK)
    _flush(place)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, BytesIO(content))


def _digest(folder: Path) -> str:
    """SHA-256 over the folder's files, each with its name and size before it, by name."""
    sha256 = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        sha256.update(f"{path.name} {path.stat().st_size}\n".encode())
        for part in _parts(path):
            sha256.update(part)
    return sha256.hexdigest()


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(_CHUNK):
            yield part


def _flush(path: Path) -> None:
    """Wait until the disk has a file, or a directory's entries."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
