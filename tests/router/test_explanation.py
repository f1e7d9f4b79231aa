"""What an explanation says, and that it only says."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from router.decide import decide
from router.decision import World
from router.goods import unit_cost_terms
from router.haul import COST_SCALE
from router.policy import Policy
from router.sourcing import source
from router.workings import Workings
from tests.router.documents import DALLAS, line, purchase_order, ship_to

SKUS = ("CS-1001", "CS-1002", "CS-1003", "CS-1005")


def test_explaining_changes_nothing_but_the_explanation(policy: Policy, world: World) -> None:
    document = purchase_order(line("1", "CS-1001", "5"), line("2", "CS-1005", "30"), line("3", "NO-SUCH", "1"))
    short = decide(None, document, world, policy, sender="northwind")
    whole = decide(None, document, world, policy, sender="northwind", explaining=True)
    assert short.model_copy(update={"explanation": whole.explanation, "send": whole.send}) == whole
    assert [(sent.to, sent.document) for sent in short.send] == [(sent.to, sent.document) for sent in whole.send]
    assert short.explanation == whole.explanation.model_copy(update={"lines": (), "runner_up": None})
    assert [told.line for told in whole.explanation.lines] == ["3", "1", "2"]


def test_the_runner_up_does_without_a_chosen_node_and_costs_more(policy: Policy, world: World) -> None:
    document = purchase_order(line("1", "CS-1001", "5"))
    told = decide(None, document, world, policy, sender="northwind", explaining=True).explanation
    assert told.runner_up
    assert told.runner_up["nodes"] == ["dc-columbus"]
    assert Decimal(told.runner_up["dearer_by"]) > 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 60)), min_size=1, max_size=4, unique_by=lambda x: x[0]))
def test_the_search_weighs_what_the_explanation_shows(
    policy: Policy, world: World, wanted: list[tuple[str, int]]
) -> None:
    lines = [line(str(number), sku, str(units)) for number, (sku, units) in enumerate(wanted, 1)]
    document = purchase_order(*lines, parties=(ship_to(DALLAS),))
    opened = decide(None, document, world.model_copy(update={"stock": ()}), policy, sender="northwind").order
    assert opened
    reopened = opened.model_copy(
        update={
            "lines": tuple(
                state.model_copy(
                    update={"ledger": state.ledger.model_copy(update={"open": state.ledger.ordered, "backordered": 0})}
                )
                for state in opened.lines
            )
        }
    )
    work = Workings(reopened, world, policy)
    [outcome] = source(work)
    for want, demand in zip(outcome.wants, outcome.problem.demands, strict=True):
        for route, cost in zip(outcome.routes.each, demand.unit_costs, strict=True):
            shown = sum(unit_cost_terms(work, want.sku, route).values())
            assert abs(Decimal(cost) / COST_SCALE - shown) * 2 * COST_SCALE <= 1
