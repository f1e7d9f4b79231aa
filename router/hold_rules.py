"""Holds that the rules in config/routing.yaml ask for, and what follows when nobody speaks by their deadlines."""

from router.adjustment import goods_as_ordered
from router.change import withdraw
from router.decision import Trouble
from router.hold import lift_holds, place_hold, rest
from router.order import Hold
from router.routing import HoldRule
from router.workings import Workings


def hold_by_rule(work: Workings) -> None:
    """Place the holds that the rules ask for. A test order is never held for them: it would tell nobody anything."""
    if work.usage == "test":
        return
    total = goods_as_ordered(work)
    for index, rule in enumerate(work.policy.routing.holds):
        if rule.takes(work.order.channel, total) and _meets(work, rule):
            _place(work, rule, work.policy.rule(f"routing.holds.{index}"))


def _place(work: Workings, rule: HoldRule, place: str) -> None:
    reason, now = f"{rule.reason} ({place})", work.world.now
    hold = Hold(
        kind=rule.kind,
        gate=rule.gate,
        reason=reason,
        placed_at=now,
        owner=rule.owner,
        within=rule.within,
        deadline=now + rule.within if rule.within else None,
        on_silence=rule.on_silence,
        two_people=rule.two_people,
    )
    place_hold(work, hold)
    work.troubles.append(_trouble(work, "order-held", reason, hold))


def _meets(work: Workings, rule: HoldRule) -> bool:
    """Whether the order is to or for whom, where and what the rule is about."""
    parties = work.order.document.parties
    names = " ".join(party.name.casefold() for party in parties if party.name)
    regions = {f"{to.address.country or 'US'}-{to.address.region}" for to in work.order.destinations if to.address}
    classes = {kind for state in work.lines.values() if state.sku for kind in work.item(state.sku).classes.values()}
    return (
        (not rule.names or any(name.casefold() in names for name in rule.names))
        and (not rule.regions or not regions.isdisjoint(rule.regions))
        and (not rule.classes or not classes.isdisjoint(rule.classes))
    )


def face_hold_deadlines(work: Workings) -> None:
    """Take each hold's way for silence once its deadline has passed."""
    for hold in work.order.holds:
        if hold.deadline and hold.deadline <= work.world.now:
            work.tell("hold_overdue", hold=hold.kind, owner=hold.owner, then=hold.on_silence)
            _face(work, hold)


def _face(work: Workings, hold: Hold) -> None:
    silence = f"the {hold.owner} said nothing by {hold.deadline:%Y-%m-%d %H:%M} UTC"
    match hold.on_silence:
        case "release":
            lift_holds(work, frozenset({hold.kind}), silence)
        case "cancel":
            lift_holds(work, frozenset({hold.kind}), silence)
            withdraw(work, silence)
        case "escalate":
            rest(work, hold, None)
            work.troubles.append(_trouble(work, "hold-overdue", f"{hold.kind}: {silence}", hold))
        case "wait":
            rest(work, hold, work.world.now + hold.within if hold.within else None)


def _trouble(work: Workings, code: str, reason: str, hold: Hold) -> Trouble:
    facts = {"order": work.order.id, "hold": hold.kind}
    return Trouble(code=code, reason=reason, owner=hold.owner, facts=facts)
