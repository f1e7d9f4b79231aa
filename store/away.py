"""What a database's refusal means: that it is away for now, which passes, or that something is wrong."""

from asyncpg.exceptions import PostgresError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from canonical import Misconfigured, Unavailable

REFUSALS = (DBAPIError, PostgresError, OSError)
"""What comes of a database that does not do what it was asked."""
_PASSING = ("08", "53", "57")
"""PostgreSQL's classes of errors that pass: the connection, room and memory, an operator's intervention."""


def away(error: Exception, unable: str) -> Unavailable | None:
    """The refusal as `Unavailable`, in which `unable` says what cannot be done; None when it is none that passes."""
    orig = getattr(error, "orig", None) or error
    passing = isinstance(error, OperationalError | InterfaceError | OSError)
    if not passing and not (getattr(orig, "sqlstate", None) or "").startswith(_PASSING):
        return None
    told = Unavailable(f"the store cannot {unable} now: {orig}")
    told.__cause__ = error
    return told


def no_store(error: Exception) -> Misconfigured:
    """What is said where a database should be and is none that we can work with."""
    return Misconfigured(f"there is no store of ours there: {getattr(error, 'orig', error)}")
