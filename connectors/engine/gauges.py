"""How each kind of limit is reckoned: how long a call waits, and what an answer tells of what is left.

A state is plain JSON, so that it can be kept between processes; instants in it are seconds since 1970.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from canonical import exact_decimal
from connectors.engine.meters import State
from connectors.engine.path import first_at
from connectors.manifest_limits import Bucket, Cost, Daily, Limit, Window

_DAY = 86_400.0
_EPOCH = 1_000_000_000.0
"""A reset larger than this is an instant, else seconds from now."""


def take(limit: Limit, state: State, step: str, now: float, longest: float) -> float:
    """Seconds until the call's turn. The turn is taken, unless it is farther off than `longest`."""
    silent: float = max(state.get("silent", 0.0) - now, 0.0)
    if silent > longest:
        return silent
    match limit:
        case Bucket():
            rate = state.get("rate") or float(limit.calls) / limit.per.total_seconds()
            wait = _draw(state, now, float(limit.burst), rate, 1.0, longest)
        case Cost():
            points = min(state.get("costs", {}).get(step, 1.0), limit.most)
            wait = _draw(state, now, float(limit.most), state.get("rate") or float(limit.restore), points, longest)
        case Window():
            wait = _within(state, now, limit, longest)
        case Daily():
            wait = _today(state, now, limit)
        case _:
            wait = 0.0
    return max(wait, silent)


def learn(limit: Limit, state: State, step: str, headers: Mapping[str, str], tree: Any, now: float) -> None:
    """Take from an answer what it tells."""
    if isinstance(limit, Bucket) and (rate := _number(headers.get((limit.learn or "").lower()))):
        state["rate"] = rate
    if isinstance(limit, Cost):
        _learn_cost(limit, state, step, tree, now)
    remaining, reset = (_number(headers.get((name or "").lower())) for name in (limit.remaining, limit.reset))
    if reset is not None and remaining is not None and remaining <= 0:
        state["silent"] = reset if reset > _EPOCH else now + reset


def _draw(state: State, now: float, most: float, rate: float, points: float, longest: float) -> float:
    """Take points that come back at a rate, in debt if need be."""
    level = min(most, state.get("level", most) + max(now - state.get("at", now), 0.0) * rate)
    wait: float = max(points - level, 0.0) / rate
    state["at"], state["level"] = now, level - points if wait <= longest else level
    return wait


def _within(state: State, now: float, limit: Window, longest: float) -> float:
    """Remember when each call was (or will be) made, as far back as the window reaches."""
    span = limit.per.total_seconds()
    made = [at for at in state.get("made", []) if at > now - span]
    wait: float = max(made[-limit.calls] + span - now, 0.0) if len(made) >= limit.calls else 0.0
    state["made"] = [*made, now + wait] if wait <= longest else made
    return wait


def _today(state: State, now: float, limit: Daily) -> float:
    day = datetime.fromtimestamp(now, UTC).date().isoformat()
    made = state.get("made", 0) if state.get("day") == day else 0
    if made >= limit.calls:
        return _DAY - now % _DAY
    state["day"], state["made"] = day, made + 1
    return 0.0


def _learn_cost(limit: Cost, state: State, step: str, tree: Any, now: float) -> None:
    if (requested := _number(first_at(tree, limit.requested))) is not None:
        state["costs"] = {**state.get("costs", {}), step: requested}
    if (available := _number(first_at(tree, limit.available))) is not None:
        state["level"], state["at"] = available, now
    if limit.rate and (rate := _number(first_at(tree, limit.rate))):
        state["rate"] = rate


def _number(said: Any) -> float | None:
    try:
        return None if said is None else float(exact_decimal(said))
    except ValueError:
        return None
