"""A transaction as the store's rooms write in it: statements of one shape wait for each other and go out together.

What is only written (`insert`, `ensure`, `set`) is put off until somebody reads or counts, or until the transaction
ends, and then executed shape by shape, each once for all its rows. So fifty orders cost as many statements as one.
What changes one table keeps its sequence: a row is there before it is changed, and its last change stays.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

from sqlalchemy import Connection, CursorResult, Executable, Table

from router.correspondence import Correspondence, NothingAgreed
from store.recent import Recent
from store.shapes import Compiled, Shape, careful_insertion, change, compiled, insertion, keyed, run_plain

Step = Literal["translate", "route", "render", "deliver"]
"""A step of the flow, for which a commit may hold work."""
STEPS: frozenset[Step] = frozenset(get_args(Step))
Row = Mapping[str, Any]
Work = Callable[["Transaction", Sequence[Any]], None]
"""Something done for many at once."""


class Sealed(NamedTuple):
    """What a block says of one decision: its id, its digest, and the hash on which its order's chain then ended."""

    id: str
    digest: str
    head: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """A connection inside its transaction, with the instant it happens at and new ids."""

    connection: Connection
    now: datetime
    new_id: Callable[[], str]
    worker: int
    agreed: Correspondence = field(default_factory=NothingAgreed)
    recent: Recent = field(default_factory=Recent)
    news: set[Step] = field(default_factory=set)
    """The steps for which this commit makes work due."""
    moved: set[str] = field(default_factory=set)
    """The SKUs whose stock this commit changes."""
    sealed: list[Sealed] = field(default_factory=list)
    """The decisions of this commit, which its block seals."""
    _put_off: dict[Compiled, list[Row]] = field(default_factory=dict)
    _works: dict[Work, list[Any]] = field(default_factory=dict)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.connection.dialect.name

    def token(self) -> str:
        """A new fencing token, which names the process that claims under it."""
        return f"{self.worker}.{self.new_id()}"

    def announce(self, *steps: Step) -> None:
        """Say that this commit makes work due for these steps, perhaps in another process."""
        self.news.update(steps)

    def seal(self, decision: Sealed) -> str:
        """Have a decision sealed by the block of this commit; the block's id."""
        self.sealed.append(decision)
        return self.sealed[0].id

    @contextmanager
    def apart(self) -> Iterator[None]:
        """A part that is undone alone when it breaks. SQLAlchemy would compile its savepoint each time."""
        self.write_down()
        sealed = len(self.sealed)
        run_plain(self.connection, "SAVEPOINT apart")
        try:
            yield
            self.write_down()
        except Exception:
            self._put_off.clear()
            self._works.clear()
            del self.sealed[sealed:]
            run_plain(self.connection, "ROLLBACK TO SAVEPOINT apart")
            raise
        finally:
            run_plain(self.connection, "RELEASE SAVEPOINT apart")

    # --- now ----------------------------------------------------------------------------------------------------

    def execute(self, statement: Executable, rows: Sequence[Row] | None = None) -> CursorResult[Any]:
        """Execute behind everything that was put off."""
        self.write_down()
        return self.connection.execute(statement, rows)

    def ask(self, shape: Shape, **values: Any) -> Sequence[Any]:
        """The rows that a statement of our own gives, behind everything that was put off."""
        self.write_down()
        return compiled(self.connection, shape).ask(self.connection, values)

    def execute_each(self, statement: Executable, rows: Sequence[Row]) -> int:
        """Execute once a row; the number of rows touched, which not every driver counts over many."""
        if self.connection.dialect.supports_sane_multi_rowcount:
            return self.execute(statement, rows).rowcount
        return sum(self.execute(statement, [row]).rowcount for row in rows)

    def insert_if_absent(self, table: Table, row: Row) -> bool:
        """Insert unless a row with this primary key is there; whether it was inserted."""
        self.write_down()
        return careful_insertion(self.connection, table, tuple(row)).run(self.connection, [row]) > 0

    def update(self, table: Table, where: Row, **values: Any) -> int:
        """Set columns of the rows whose columns equal `where`; how many there were."""
        self.write_down()
        changed = change(self.connection, table, tuple(values), tuple(where))
        return changed.run(self.connection, [keyed(where, values)])

    # --- put off ------------------------------------------------------------------------------------------------

    def insert(self, table: Table, *rows: Row) -> None:
        """Insert rows that have the same columns."""
        if rows:
            self._later(insertion(self.connection, table, tuple(rows[0])), *rows)

    def ensure(self, table: Table, row: Row) -> None:
        """Insert unless a row with this primary key is there."""
        self._later(careful_insertion(self.connection, table, tuple(row)), row)

    def set(self, table: Table, where: Row, **values: Any) -> None:
        """Set columns of the rows whose columns equal `where`, however many there are."""
        self._later(change(self.connection, table, tuple(values), tuple(where)), keyed(where, values))

    def apply(self, shape: Shape, *rows: Row) -> None:
        """Execute a statement of our own once a row."""
        if rows:
            self._later(compiled(self.connection, shape), *rows)

    def together(self, work: Work, asked: Any) -> None:
        """Have `work` done for this and for whatever else it is asked for meanwhile."""
        self._works.setdefault(work, []).append(asked)

    def write_down(self) -> None:
        """Execute what was put off, statements first."""
        while self._put_off or self._works:
            statements, works = list(self._put_off.items()), list(self._works.items())
            self._put_off.clear()
            if statements:
                for statement, rows in statements:
                    statement.run(self.connection, rows)
                continue
            self._works.clear()
            for work, asked in works:
                work(self, asked)

    def _later(self, statement: Compiled, *rows: Row) -> None:
        if statement in self._put_off and self._overtakes(statement):
            self.write_down()
        self._put_off.setdefault(statement, []).extend(rows)

    def _overtakes(self, statement: Compiled) -> bool:
        """Whether something on the same table was put off behind this statement, and not only more rows for it."""
        for other in reversed(self._put_off):
            if other is statement:
                return False
            if other.writes is statement.writes and not (other.inserts and statement.inserts):
                return True
        return False
