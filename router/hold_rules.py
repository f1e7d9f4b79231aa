"""Holds that the rules in config/routing.yaml ask for."""

from router.adjustment import goods_as_ordered
from router.decision import Trouble
from router.hold import place_hold
from router.hold_rule import HoldRule
from router.order import Hold
from router.workings import Workings


def rules_taking(work: Workings) -> dict[str, tuple[int, HoldRule]]:
    """By kind the first rule that takes the order, with its place. A test order is never held: it would tell nobody
    anything."""
    found: dict[str, tuple[int, HoldRule]] = {}
    if work.usage == "test" or not work.policy.routing.holds:
        return found
    total = goods_as_ordered(work)
    for index, rule in enumerate(work.policy.routing.holds):
        if rule.kind not in found and rule.takes(work.order.channel, total) and _meets(work, rule):
            found[rule.kind] = index, rule
    return found


def hold_by_rule(work: Workings) -> None:
    """Place the holds that wait for a person; about the others somebody is asked (`router.screening`)."""
    for index, rule in rules_taking(work).values():
        if not rule.check:
            hold_for_owner(work, rule, f"{rule.reason} ({work.policy.rule(f'routing.holds.{index}')})")


def hold_for_owner(work: Workings, rule: HoldRule, reason: str) -> None:
    """Place a rule's hold, and put it before its owner."""
    now = work.world.now
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
    work.troubles.append(trouble_of(work, "order-held", reason, hold))


def _meets(work: Workings, rule: HoldRule) -> bool:
    """Whether the order is to or for whom, where and what the rule is about."""
    parties = work.order.document.parties
    names = " ".join(party.name.casefold() for party in parties if party.name)
    regions = {work.policy.region_of(to.address) for to in work.order.destinations if to.address}
    classes = {kind for state in work.lines.values() if state.sku for kind in work.item(state.sku).classes.values()}
    return (
        (not rule.names or any(name.casefold() in names for name in rule.names))
        and (not rule.regions or not regions.isdisjoint(rule.regions))
        and (not rule.classes or not classes.isdisjoint(rule.classes))
    )


def trouble_of(work: Workings, code: str, reason: str, hold: Hold) -> Trouble:
    """A hold, put before its owner."""
    facts = {"order": work.order.id, "hold": hold.kind}
    return Trouble(code=code, reason=reason, owner=hold.owner, facts=facts)
