"""An SQLite database copied while it works, and put back."""

import sqlite3
from contextlib import closing
from pathlib import Path

from canonical import Rejected

DATABASE = "crossdock.db"


class SqliteCopy:
    """The copy is a database file too. Satisfies `store.backup.DatabaseCopy`."""

    def __init__(self, database: Path, data: Path) -> None:
        self._database = database
        self._inside = database == data / DATABASE
        """Whether the database lies in the data directory, as it does unless the configuration says otherwise."""

    def take(self, folder: Path) -> None:
        """One consistent view. Reading in WAL mode holds up no writer."""
        if not self._database.exists():
            raise Rejected(f"there is no database at {self._database}; nothing was backed up")
        with (
            closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(folder / DATABASE)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")

    def is_empty(self) -> bool:
        """Whether there is no such file yet."""
        return not self._database.exists()

    def put(self, folder: Path, data: Path) -> None:
        """Rename the file into place once it proved whole."""
        copy = folder / DATABASE
        try:
            with closing(sqlite3.connect(f"file:{copy}?mode=rw", uri=True)) as opened:
                said = [row[0] for row in opened.execute("PRAGMA integrity_check")]
        except sqlite3.DatabaseError as error:
            raise ValueError(f"its database is damaged: {error}") from error
        if said != ["ok"]:
            raise ValueError(f"its database is damaged: {said[0]}")
        copy.replace(data / DATABASE if self._inside else self._database)
