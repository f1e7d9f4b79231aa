"""When each list is asked for: as often as it wants and the allowance bears, the one that waited longest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.connection import Connection
from connectors.engine.condition import holds
from connectors.engine.request import with_defaults
from connectors.freshness import Ages, MemoryAges, looked
from connectors.manifest import Operation
from connectors.manifest_calls import Call
from connectors.manifest_limits import Bucket, Daily, Limit, Window


@dataclass(slots=True)
class Agenda:
    """The lists of all connections, and what is known of when each was asked for."""

    connections: Sequence[Connection] = ()
    ages: Ages = field(default_factory=MemoryAges)

    def due(self, connection: Connection, operation: str, now: datetime) -> bool:
        """Whether it is this list's turn: it is time, and none that shares its allowance waits longer."""
        last, due = looked(self.ages, connection.id, operation)
        if due and now < due:
            return False
        return not any(
            _older(*looked(self.ages, other.id, operation), last, now) for other in self._sharing(connection, operation)
        )

    def every(self, connection: Connection, operation: str, taken: Mapping[int, int] | None = None) -> timedelta:
        """How often it is asked for: no more often than its share of the allowances bears in the long run.

        `taken` says how many calls it last took under each limit, by the limit's number.
        """
        declared = connection.manifest.operations[operation]
        assert declared.pull
        many = len(self._sharing(connection, operation)) + 1
        shares = (
            _interval(limit)
            * max((taken or {}).get(number, 1), 1)
            * len(_lists_under(limit, connection))
            * (many if limit.scope == "connector" else 1)
            for number, limit in _limits(connection, declared)
        )
        return max([declared.pull.every, *shares])

    def _sharing(self, connection: Connection, operation: str) -> list[Connection]:
        """The other connections whose same list draws on the same allowance."""
        declared = connection.manifest.operations[operation]
        if not any(limit.scope == "connector" for _, limit in _limits(connection, declared)):
            return []
        return [one for one in self.connections if one.manifest is connection.manifest and one.id != connection.id]


def _older(last: datetime | None, due: datetime | None, mine: datetime | None, now: datetime) -> bool:
    """Whether another list is due and was asked for longer ago than mine."""
    if (due and now < due) or last == mine:
        return False
    return last is None or (mine is not None and last < mine)


def _limits(connection: Connection, operation: Operation) -> list[tuple[int, Limit]]:
    """The limits that a list's first call counts against, by their numbers."""
    if not operation.steps:
        return []
    call = with_defaults(operation.steps[0].call or Call(), connection.manifest.defaults)
    name = f"{call.method} {call.path}"
    return [(number, limit) for number, limit in enumerate(connection.manifest.rate_limits) if limit.counts(name)]


def _lists_under(limit: Limit, connection: Connection) -> list[Operation]:
    """The connection's lists that draw on a limit, between which it is shared."""
    lists = (one for one in connection.manifest.operations.values() if one.pull)
    asked = (one for one in lists if holds(one.when, {"settings": connection.settings}))
    return [one for one in asked if any(other is limit for _, other in _limits(connection, one))]


def _interval(limit: Limit) -> timedelta:
    """Between two calls, in the long run."""
    match limit:
        case Bucket():
            return timedelta(seconds=limit.per.total_seconds() / float(limit.calls))
        case Window():
            return limit.per / limit.calls
        case Daily():
            return timedelta(days=1) / limit.calls
    return timedelta()
