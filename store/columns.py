"""Column types that mean the same on SQLite and PostgreSQL."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

from sqlalchemy import BigInteger, Dialect, Numeric, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from canonical import canonical_json

Bind = Callable[[Any], Any]
"""Turns a value into what the driver takes."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SCALE = 6
_MILLION = 10**_SCALE
_WHOLE = Decimal(_MILLION)


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept as whole microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def binder(self, dialect: str) -> Bind:  # noqa: ARG002
        """What turns an instant into the driver's value."""
        return _microseconds

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return _microseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Exact(TypeDecorator[Decimal]):
    """An exact decimal with at most six places: NUMERIC on PostgreSQL, whole millionths on SQLite, which has none."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        exact = Numeric(30, _SCALE) if dialect.name == "postgresql" else BigInteger()
        return dialect.type_descriptor(exact)

    def binder(self, dialect: str) -> Bind:
        """What turns a decimal into the driver's value; it refuses more than six places."""
        return _exact if dialect == "postgresql" else _millionths

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | int | None:
        bound: Decimal | int | None = self.binder(dialect.name)(value)
        return bound

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else exact_reader(dialect.name)(value)


def exact_reader(dialect: str) -> Callable[[Any], Decimal]:
    """What turns a value of an `Exact` column, as the driver gives it, into its decimal."""
    return _plain if dialect == "postgresql" else _of_millionths


@lru_cache(16_384)
def _of_millionths(value: int) -> Decimal:
    whole, rest = divmod(value, _MILLION)
    return Decimal(value).scaleb(-_SCALE).normalize() if rest else Decimal(whole)


@lru_cache(16_384)
def _plain(value: Decimal) -> Decimal:
    """Without zeros behind the point, and without an exponent."""
    whole = int(value)
    return Decimal(whole) if whole == value else value.normalize()


class Json(TypeDecorator[Any]):
    """A JSON value as text, byte for byte as it was written."""

    impl = Text
    cache_ok = True

    def binder(self, dialect: str) -> Bind:  # noqa: ARG002
        """What turns a value into JSON."""
        return _text

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return _text(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any | None:  # noqa: ARG002
        return None if value is None else json.loads(value)


@lru_cache(1_024)
def _microseconds(instant: datetime | None) -> int | None:
    """A commit writes one instant in most of its rows."""
    return None if instant is None else (instant - _EPOCH) // _MICROSECOND


@lru_cache(16_384)
def _millionths(value: Decimal | None) -> int | None:
    if value is None:
        return None
    scaled = value * _WHOLE
    whole = int(scaled)
    if whole != scaled:
        raise ValueError(f"{value} has more than {_SCALE} decimal places")
    return whole


def _exact(value: Decimal | None) -> Decimal | None:
    _millionths(value)
    return value


def _text(value: Any | None) -> str | None:
    return value if value is None or isinstance(value, str) else canonical_json(value)


@lru_cache(16_384)
def quoted(text: str) -> str:
    """A text as `canonical_json` writes it. It is for names, which come again and again."""
    return encode_basestring(text)
