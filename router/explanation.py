"""Why each line went where it went: candidates, exclusions, costs, the runner-up, and what would have filled it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from canonical import made
from router.allocation import Assignment, Problem, allocate
from router.decision import Candidate, ConsignmentExplanation, Explanation, LineExplanation
from router.goods import Goods, goods_cost_terms, total_of, unit_cost_terms
from router.haul import COST_SCALE
from router.order_line import ZERO, LineState
from router.price import price_in_words
from router.remedy import remedy
from router.route import Route
from router.rulings import forbidden, reason, rulings, surcharge
from router.sourcing import Sourced, fell_short, terms_rule
from router.workings import Workings


def explained(work: Workings, outcomes: Sequence[Sourced], summary: str) -> Explanation:
    """The explanation of a sourcing: its cost, and where somebody explains it every candidate and the runner-up."""
    terms: dict[str, Decimal] = {}
    for outcome in outcomes:
        for name, amount in cost_terms(work, outcome).items():
            terms[name] = terms.get(name, ZERO) + amount
    return made(
        Explanation,
        summary=summary,
        rule=work.policy.rule("routing.costs") if outcomes else None,
        cost=sum(terms.values(), ZERO) if outcomes else None,
        cost_terms=terms,
        runner_up=runner_up(work, outcomes[0]) if work.explaining and len(outcomes) == 1 else None,
        lines=_all_lines(work, outcomes) if work.explaining else (),
        consignments=_consignments(work) if work.explaining else (),
    )


def _consignments(work: Workings) -> tuple[ConsignmentExplanation, ...]:
    """The choice of a service, for each consignment that was priced."""
    return tuple(
        ConsignmentExplanation(
            consignment=one.number,
            carrier=one.carrier,
            estimated=one.estimated,
            chosen=one.chosen.service if one.chosen else None,
            services=one.services,
        )
        for one in work.weighed
    )


def _all_lines(work: Workings, outcomes: Sequence[Sourced]) -> tuple[LineExplanation, ...]:
    short = any(missing for outcome in outcomes for missing in outcome.unfilled)
    waits = short and work.terms.ship_complete
    return (*_refused(work), *(line for outcome in outcomes for line in _lines(work, outcome, waits=waits)))


def _refused(work: Workings) -> list[LineExplanation]:
    return [
        LineExplanation(line=line.number, sku=line.sku, refused=line.fault, our_price=price_in_words(work, line))
        for line in work.lines.values()
        if line.fault
    ]


def cost_terms(work: Workings, outcome: Sourced) -> dict[str, Decimal]:
    """The chosen assignment's cost by term, in the company's currency; what is unfilled is no money and left out."""
    costs, nodes = work.policy.routing.costs, outcome.assignment.nodes
    terms = {
        "shipments": sum((outcome.routes.each[node].shipment_cost for node in nodes), ZERO),
        "splits": costs.split * max(len(nodes) - 1, 0),
        "split_lines": costs.split_line * sum(len(takes) > 1 for takes in outcome.assignment.takes),
    }
    for route, carried, added in _carried(outcome):
        for name, amount in goods_cost_terms(work, carried, route).items():
            terms[name] = terms.get(name, ZERO) + amount
        terms["rules"] = terms.get("rules", ZERO) + added
    return {name: amount for name, amount in terms.items() if amount}


def _carried(outcome: Sourced) -> Iterator[tuple[Route, Goods, Decimal]]:
    """For each chosen route what goes over it, and what the sourcing rules add to that."""
    taken: dict[str, tuple[Route, list[tuple[Goods, Decimal]], list[Decimal]]] = {}
    for want, takes in zip(outcome.wants, outcome.takes, strict=True):
        for route, quantity in takes:
            _, parts, added = taken.setdefault(route.node.id, (route, [], []))
            parts.append((want.unit, quantity))
            if want.rulings:
                added.append(surcharge(want.rulings, route) * quantity)
    for route, parts, added in taken.values():
        yield route, total_of(parts), sum(added, ZERO)


def runner_up(work: Workings, outcome: Sourced) -> dict[str, Any] | None:
    """The best assignment that does without one of the chosen nodes, and how much dearer it is."""
    problem, chosen = outcome.problem, outcome.assignment
    others = [allocate(_without(problem, node)) for node in chosen.nodes]
    if not others:
        return None
    best = min(others, key=lambda other: (other.cost, len(other.nodes), other.nodes))
    short = _shipped(chosen) - _shipped(best)
    dearer = best.cost - chosen.cost - short * problem.unfilled
    return {
        "nodes": [outcome.routes.each[node].node.id for node in best.nodes],
        "cost_terms": {
            name: str(amount) for name, amount in cost_terms(work, replace(outcome, assignment=best)).items()
        },
        "dearer_by": str(Decimal(dearer) / COST_SCALE / outcome.scale),
        "fewer_units": str(Decimal(short) / outcome.scale),
    }


def _without(problem: Problem, node: int) -> Problem:
    demands = tuple(
        demand._replace(available=(*demand.available[:node], 0, *demand.available[node + 1 :]))
        for demand in problem.demands
    )
    return replace(problem, demands=demands)


def _shipped(assignment: Assignment) -> int:
    return sum(units for takes in assignment.takes for _, units in takes)


def _lines(work: Workings, outcome: Sourced, *, waits: bool) -> list[LineExplanation]:
    """Each line of a destination. One that `waits` could be filled, and is not, since others can't be."""
    lines: list[LineExplanation] = []
    out, given = fell_short(work), _given(outcome)
    rest = f"what other lines lack: the order ships whole by {terms_rule(work, 'ship_complete')}" if waits else None
    for index, want in enumerate(outcome.wants):
        candidates = tuple(_candidate(work, outcome, index, place, out) for place in range(len(outcome.routes.each)))
        change = remedy(work, outcome, index) if outcome.unfilled[index] else None
        for number, units in want.lines:
            chosen, missing = _allocated(work, number), units - given.get(number, ZERO)
            lines.append(
                LineExplanation(
                    line=number, sku=want.sku, candidates=candidates, chosen=chosen,
                    unfilled=units if waits else missing, would_have_filled=change if missing else rest,
                    expected=_expected(work.lines[number]), our_price=price_in_words(work, work.lines[number]),
                )
            )  # fmt: skip
    return lines


def _given(outcome: Sourced) -> dict[str, Decimal]:
    """What nodes were found for, by line."""
    given: dict[str, Decimal] = {}
    for one in outcome.allocations:
        given[one.line] = given.get(one.line, ZERO) + one.quantity
    return given


def _expected(line: LineState) -> str | None:
    return f"leaves {line.expected.node} on {line.expected.ship_on}" if line.expected else None


def _allocated(work: Workings, line: str) -> dict[str, Decimal]:
    chosen: dict[str, Decimal] = {}
    for allocation in work.allocations:
        if allocation.line == line and allocation.outstanding:
            chosen[allocation.node] = chosen.get(allocation.node, ZERO) + allocation.outstanding
    return chosen


def _candidate(work: Workings, outcome: Sourced, index: int, place: int, out: set[tuple[str, str]]) -> Candidate:
    """A node's part in one want; what it costs is said of those that could ship."""
    route, sku = outcome.routes.each[place], outcome.wants[index].sku
    units = outcome.problem.demands[index].available[place]
    if not units:
        short = (sku, route.node.id) in out
        why = _exclusion(work, sku, route, short=short)
        return Candidate.model_construct(node=route.node.id, available=ZERO, excluded=why, cost={}, transit=None)
    costs = {"shipment": route.shipment_cost, **unit_cost_terms(work, sku, route)}
    cost = {name: amount for name, amount in costs.items() if amount}
    available = Decimal(units) / outcome.scale
    known = work.hauls(outcome.destination).each[place].learned
    transit = str(known) if known else None
    return Candidate.model_construct(node=route.node.id, available=available, excluded=None, cost=cost, transit=transit)


def _exclusion(work: Workings, sku: str, route: Route, *, short: bool) -> str:
    if route.excluded:
        return route.excluded
    if short:
        return "said that it cannot ship this item for this order"
    if ruling := forbidden(rulings(work, sku, route.region), route):
        return f"may not ship it by {reason(work, ruling)}"
    row = work.row(sku, route.node.id)
    if row is None or row.on_hand <= 0:
        return "has none"
    if row.available > 0:
        return f"all of its {row.available} go to another destination of the order"
    return f"all of its {row.on_hand} are reserved ({row.reserved}) or safety stock ({row.safety})"
