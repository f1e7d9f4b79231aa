"""The flow: intake, translate, route, render, deliver, schedule; each a step that can be taken alone."""

from router.flow.breaker import Breaker
from router.flow.deliver import Deliver, RetryPolicy
from router.flow.effects import effect_of, stays_inside
from router.flow.flow import ROLES, Flow
from router.flow.intake import Intake
from router.flow.pace import Pace
from router.flow.ready import readiness
from router.flow.render import Render
from router.flow.replay import Difference, replay
from router.flow.route import Decide, NeedsOf, RouteOrders
from router.flow.schedule import Schedule
from router.flow.translate import Translate

__all__ = [
    "ROLES",
    "Breaker",
    "Decide",
    "Deliver",
    "Difference",
    "Flow",
    "Intake",
    "NeedsOf",
    "Pace",
    "Render",
    "RetryPolicy",
    "RouteOrders",
    "Schedule",
    "Translate",
    "effect_of",
    "readiness",
    "replay",
    "stays_inside",
]
