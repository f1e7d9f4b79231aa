"""Backups of a hub on SQLite: one file that holds the database and what pickups remember, taken while the hub runs.

What pickups remember (how far they read) is copied before the database, so that after a restore they read something
again rather than miss it; the identities in the database see to it that this has no second effect.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from canonical import Misconfigured, Rejected

DATABASE = "crossdock.db"
_MANIFEST = "manifest.json"
_CHUNK = 1 << 20


def back_up(url: str, data: Path, remembered: Sequence[str], file: Path, at: datetime) -> Mapping[str, Any]:
    """Write `file`; what is in it. `remembered` names the folders of `data` that pickups remember in.

    Raises `Rejected` when `file` is there already, `Misconfigured` when the store is no SQLite file.
    """
    database = _sqlite_file(url)
    if file.exists():
        raise Rejected(f"{file} is there already; a backup overwrites nothing")
    part, copy = (file.with_name(f".{file.name}.{ending}") for ending in ("part", "db"))
    try:
        with part.open("wb") as target, tarfile.open(fileobj=target, mode="w") as archive:
            for folder in remembered:
                if (data / folder).is_dir():
                    archive.add(data / folder, folder)
            _copy(database, copy)
            told = {"taken_at": at.isoformat(), "sha256": _digest(copy), "bytes": copy.stat().st_size}
            _add(archive, _MANIFEST, json.dumps(told).encode())
            archive.add(copy, DATABASE)
        _flush(part)
        part.replace(file)
        _flush(file.parent)
    finally:
        part.unlink(missing_ok=True)
        copy.unlink(missing_ok=True)
    return told | {"file": str(file)}


def restore(url: str, data: Path, file: Path) -> Mapping[str, Any]:
    """Put a backup into an empty data directory; what was in it. The database is whole, or nothing is put there.

    Raises `Rejected` when the directory holds something, or the file is no whole backup.
    """
    database = _sqlite_file(url)
    if database.exists() or (data.exists() and any(data.iterdir())):
        raise Rejected(f"{data} is not empty; a backup is restored into a directory of its own")
    data.parent.mkdir(parents=True, exist_ok=True)
    unpacked = data.with_name(f".{data.name}.restoring")
    shutil.rmtree(unpacked, ignore_errors=True)
    try:
        told = _unpack(file, unpacked)
        _verify(unpacked / DATABASE, str(told.get("sha256")))
        if data.exists():
            data.rmdir()
        unpacked.replace(data)
        if database != data / DATABASE:
            (data / DATABASE).replace(database)
        _flush(data.parent)
    except (tarfile.TarError, sqlite3.DatabaseError, KeyError, ValueError, EOFError) as error:
        raise Rejected(f"{file} is no whole backup: {error}") from error
    except OSError as error:
        raise Rejected(f"cannot restore {file}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
    return told | {"file": str(file), "data": str(data)}


def _sqlite_file(url: str) -> Path:
    where = make_url(url)
    if where.get_backend_name() != "sqlite" or not where.database:
        raise Misconfigured("this store is no SQLite file; back it up with its own tools, such as pg_dump")
    return Path(where.database)


def _copy(database: Path, copy: Path) -> None:
    """One consistent view of a database at work. Reading in WAL mode holds up no writer."""
    with (
        closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
    _flush(copy)


def _verify(database: Path, digest: str) -> None:
    if _digest(database) != digest:
        raise ValueError("its database is not the one that was backed up")
    with closing(sqlite3.connect(database)) as opened:
        said = [row[0] for row in opened.execute("PRAGMA integrity_check")]
    if said != ["ok"]:
        raise ValueError(f"its database is damaged: {said[0]}")


def _unpack(file: Path, target: Path) -> dict[str, Any]:
    """Every plain file of the archive, into its place under `target`; the manifest."""
    with tarfile.open(file, "r:") as archive:
        for member in archive:
            if member.isfile():
                _put(archive, member, target)
    told: dict[str, Any] = json.loads((target / _MANIFEST).read_bytes())
    (target / _MANIFEST).unlink()
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


def _digest(path: Path) -> str:
    sha256 = hashlib.sha256()
    for part in _parts(path):
        sha256.update(part)
    return sha256.hexdigest()


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
