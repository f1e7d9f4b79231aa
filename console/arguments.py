"""What an argument on the command line may be; each raises `argparse.ArgumentTypeError` with the mend."""

import argparse
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from canonical import exact_decimal


def port(given: str) -> int:
    """A TCP port."""
    if not given.isdecimal() or int(given) > 65535:
        raise argparse.ArgumentTypeError(f"{given!r} is no port (0 to 65535)")
    return int(given)


def hours(given: str) -> timedelta:
    """So many hours."""
    return timedelta(hours=positive(given))


def positive(given: str) -> int:
    """A whole number above zero."""
    if not given.isdecimal() or int(given) < 1:
        raise argparse.ArgumentTypeError(f"{given!r} is no number above zero")
    return int(given)


def control(given: str) -> int:
    """An X12 control number."""
    number = positive(given)
    if number > 999_999_999:
        raise argparse.ArgumentTypeError("a control number has at most nine digits")
    return number


def instant(given: str) -> datetime:
    """An instant; without an offset it is UTC."""
    try:
        instant = datetime.fromisoformat(given)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{given!r} is no time such as 2026-03-01T09:30:00Z") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def quantity(given: str) -> Decimal:
    """An amount of stock."""
    try:
        quantity = exact_decimal(given)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if quantity < 0:
        raise argparse.ArgumentTypeError("stock cannot be below zero")
    return quantity
