"""The configuration proves itself: each fault is found, and the example has none."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from router.destination import Destination, PostingMode, TellingEvent
from router.network import Network
from router.policy import Policy
from router.posting import Posting, PostingLine, PostingRule, Selector, Worth, journal_entry
from router.routing import FreightBand, Routing

CONFIG = Path(__file__).parents[2] / "config"
PARTNERS = frozenset(file.stem for file in (CONFIG / "partners").glob("*.yaml"))
CONNECTIONS = frozenset(file.stem for file in (CONFIG / "connections").glob("*.yaml"))


def codes(policy: Policy) -> list[str]:
    return [finding.code for finding in policy.check(PARTNERS, CONNECTIONS)]


def with_posting(policy: Policy, *rules: PostingRule) -> Policy:
    posting = policy.posting.model_copy(update={"rules": (*rules, *policy.posting.rules)})
    return policy.model_copy(update={"posting": posting})


def rule(*lines: PostingLine) -> PostingRule:
    return PostingRule(name="tried", event="invoice", lines=lines)


def test_the_example_hub_is_sound(policy: Policy) -> None:
    assert policy.check(PARTNERS, CONNECTIONS) == []


def test_a_rule_that_forgets_an_amount_does_not_balance(policy: Policy) -> None:
    lines = (PostingLine(debit="1100", amount="total"), PostingLine(credit="4000", amount="goods"))
    [finding] = with_posting(policy, rule(*lines)).check()
    assert finding.code == "posting-unbalanced"
    assert "+1 x tax" in finding.message
    assert "-1 x allowances" in finding.message


def test_a_rule_may_not_name_unknown_accounts_or_amounts(policy: Policy) -> None:
    lines = (PostingLine(debit="9999", amount="goods"), PostingLine(credit="4000", amount="gods"))
    assert codes(with_posting(policy, rule(*lines))) == ["account-unknown", "amount-unknown", "posting-unbalanced"]


def test_an_amount_is_divided_only_by_what_its_parts_are_known_by(policy: Policy) -> None:
    lines = (
        PostingLine(debit="1100", amount="goods", by="kind", accounts={"food": "9999"}),
        PostingLine(credit="4000", amount="goods", by="tax_jurisdiction"),
        PostingLine(debit="1100", amount="freight", by="kind"),
        PostingLine(credit="4000", amount="freight"),
    )
    assert codes(with_posting(policy, rule(*lines))) == ["account-unknown", "part-unknown", "part-unknown"]
    with pytest.raises(ValueError, match="say what divides it"):
        PostingLine(credit="4000", amount="goods", accounts={"food": "4010"})


def test_an_erp_that_books_from_documents_cannot_divide_an_amount_among_accounts(policy: Policy) -> None:
    lines = (
        PostingLine(debit="1100", amount="goods"),
        PostingLine(credit="4000", amount="goods", by="class", accounts={"kitchen": "4050"}),
    )
    divided = with_posting(policy, rule(*lines))
    books = (Destination(connection="books", mode="documents"),)
    posting = divided.posting.model_copy(update={"destinations": books})
    assert codes(divided) == []
    assert codes(divided.model_copy(update={"posting": posting})) == ["parts-untold"]


def test_goods_are_posted_by_item_class_and_taxes_by_jurisdiction() -> None:
    lines = (
        PostingLine(debit="1100", amount="total"),
        PostingLine(credit="4000", amount="goods", by="kind", accounts={"food": "4010"}),
        PostingLine(credit="2200", amount="tax", by="tax_jurisdiction", accounts={"US-CA": "2210"}),
    )
    kinds = {"OATS": {"kind": "food"}, "RICE": {"kind": "food"}, "TENT": {"kind": "shelter"}, "LAMP": {}}
    goods = {"OATS": "5", "RICE": "4", "TENT": "80", "LAMP": "9"}
    amounts = {"goods": "100", "tax": "8", "total": "108"}  # two of the goods and one of the tax are of no part
    parts = {"goods": goods, "tax": {"US-CA": "6", "US-CA-037": "1"}}
    worth = Worth(
        {name: Decimal(amount) for name, amount in amounts.items()},
        {name: {part: Decimal(amount) for part, amount in of.items()} for name, of in parts.items()},
        lambda sku: kinds[sku],
    )
    entry = journal_entry(
        rule(*lines), worth, key="k", order="o", on=date(2026, 11, 22), currency="USD", facts={"channel": "webshop"}
    )
    assert entry
    assert [(line.account, line.debit - line.credit, dict(line.dimensions)) for line in entry.lines] == [
        ("1100", 108, {"channel": "webshop"}),
        ("4010", -9, {"channel": "webshop", "kind": "food"}),
        ("4000", -80, {"channel": "webshop", "kind": "shelter"}),
        ("4000", -11, {"channel": "webshop"}),
        ("2210", -6, {"channel": "webshop", "tax_jurisdiction": "US-CA"}),
        ("2200", -1, {"channel": "webshop", "tax_jurisdiction": "US-CA-037"}),
        ("2200", -1, {"channel": "webshop"}),
    ]


def test_an_event_that_no_rule_takes_always_is_a_gap(policy: Policy) -> None:
    posting = policy.posting.model_copy(update={"rules": policy.posting.rules[:-1]})
    assert codes(policy.model_copy(update={"posting": posting})) == ["posting-gap"]


def test_names_nobody_has_are_found(policy: Policy) -> None:
    found = {finding.code for finding in policy.check(frozenset({"northwind"}), frozenset())}
    assert found == {"partner-unknown", "channel-unknown", "connection-unknown"}


@pytest.mark.parametrize("miles", [(None, None), (300, 150), (150, 300)])
def test_freight_bands_must_rise_and_leave_no_distance_out(
    policy: Policy, miles: tuple[int | None, int | None]
) -> None:
    band = policy.routing.freight[0]
    bands: tuple[FreightBand, ...] = tuple(band.model_copy(update={"miles": reach}) for reach in miles)
    routing: Routing = policy.routing.model_copy(update={"freight": bands})
    assert codes(policy.model_copy(update={"routing": routing})) == ["freight-bands"]


def test_a_node_listed_twice_and_a_code_used_twice_are_found(policy: Policy) -> None:
    nodes = (*policy.network.nodes, policy.network.nodes[0])
    network: Network = policy.network.model_copy(update={"nodes": nodes})
    assert codes(policy.model_copy(update={"network": network})) == ["node-twice"]
    channels = dict(policy.routing.channels)
    channels["trailhead"] = channels["northwind"]
    routing = policy.routing.model_copy(update={"channels": channels})
    assert codes(policy.model_copy(update={"routing": routing})) == ["channel-code-twice"]


def test_a_finding_stands_where_its_value_is_written(policy: Policy) -> None:
    posting: Posting = policy.posting.model_copy(update={"destinations": (Destination(connection="ledgers"),)})
    origins = {"posting.destinations": "config/posting.yaml:44"}
    tried = policy.model_copy(update={"posting": posting, "origins": origins})
    [finding] = tried.check(PARTNERS, CONNECTIONS)
    assert finding.where == {"file": "config/posting.yaml", "line": 44, "column": 1}
    assert tried.rule("posting.destinations.0") == "posting.destinations.0 (posting.yaml:44)"


def test_the_digest_follows_values_and_not_their_places(policy: Policy) -> None:
    moved = policy.model_copy(update={"origins": {"routing": "elsewhere.yaml:3"}})
    assert moved.digest == policy.digest
    assert Policy.model_validate(moved.model_dump()).digest == policy.digest
    routing = policy.routing.model_copy(update={"split_limit": 1})
    assert policy.model_copy(update={"routing": routing}).digest != policy.digest


def test_an_erp_is_told_of_each_event_in_one_way_that_it_takes(policy: Policy) -> None:
    modes: dict[TellingEvent, PostingMode] = {"order": "none", "invoice": "journal", "shipment": "none"}
    books = Destination(connection="books", mode="documents", events=modes)
    assert {event: books.mode_of(event) for event in EVENTS} == {
        "order": "none", "invoice": "journal", "credit": "documents", "shipment": "none", "return": "none",
        "capture": "journal",
    }  # fmt: skip
    posting: Posting = policy.posting.model_copy(update={"destinations": (books, books)})
    tried = policy.model_copy(update={"posting": posting})
    takes = {"books": frozenset({"JournalEntry"})}
    found = [finding.code for finding in tried.check(PARTNERS, CONNECTIONS, takes)]
    assert found == ["document-untaken", "destination-twice", "document-untaken"]


@pytest.mark.parametrize(
    ("mode", "events", "found"),
    [
        ("documents", {}, []),
        ("journal", {}, []),
        ("documents", {"order": "none", "shipment": "journal"}, []),
        ("documents", {"invoice": "none", "credit": "none"}, []),
        ("documents", {"shipment": "journal"}, [("booked-twice", "shipment")]),
        ("documents", {"invoice": "journal"}, [("booked-twice", "invoice")]),
        ("journal", {"order": "documents"}, [("booked-twice", "shipment"), ("booked-twice", "invoice")]),
        ("journal", {"shipment": "none", "return": "journal"}, [("booked-half", "return")]),
        ("documents", {"credit": "none"}, [("booked-half", "credit")]),
    ],
)
def test_ways_of_telling_that_book_twice_or_half_are_refused(
    policy: Policy, mode: PostingMode, events: dict[TellingEvent, PostingMode], found: list[tuple[str, TellingEvent]]
) -> None:
    books = Destination(connection="books", mode=mode, events=events)
    assert [(clash.code, clash.event) for clash in books.clashes] == found
    posting: Posting = policy.posting.model_copy(update={"destinations": (books,)})
    assert codes(policy.model_copy(update={"posting": posting})) == [code for code, _ in found]


def test_an_event_without_a_document_cannot_be_told_as_one() -> None:
    with pytest.raises(ValueError, match="a capture has no document"):
        Destination(connection="books", events={"capture": "documents"})
    with pytest.raises(ValueError, match="an order posts nothing"):
        Destination(connection="books", events={"order": "journal"})


def test_a_posting_rule_applies_by_where_goods_go_and_in_what_currency() -> None:
    california = Selector(jurisdictions=("US-CA",), currencies=("USD",))
    facts = {"channel": "northwind", "jurisdiction": "US-CA", "currency": "USD"}
    assert california.takes(facts)
    assert not california.takes({**facts, "jurisdiction": "US-NV"})
    assert not california.takes({**facts, "currency": "CAD"})


EVENTS: tuple[TellingEvent, ...] = ("order", "invoice", "credit", "shipment", "return", "capture")
SHIPPING = frozenset({"RateRequest", "LabelRequest", "TrackingRequest"})


@pytest.mark.parametrize(
    ("takes", "code", "told"),
    [
        ({"ups": SHIPPING}, None, ""),
        ({"ups": SHIPPING - {"LabelRequest"}}, "document-untaken", "'ups' takes no LabelRequest"),
        ({"ups": SHIPPING - {"TrackingRequest"}}, "document-untaken", "'ups' takes no TrackingRequest"),
        ({}, "connection-unknown", "'ups' is asked for a LabelRequest, which no connection file describes"),
    ],
)
def test_who_sells_carriage_is_there_and_can_be_asked_for_it(
    policy: Policy, takes: dict[str, frozenset[str]], code: str | None, told: str
) -> None:
    connections = frozenset(CONNECTIONS - {"ups"} | takes.keys())
    found = [one for one in policy.check(PARTNERS, connections, takes) if one.facts["path"] == "routing.shipping.ask"]
    assert [one.code for one in found] == ([code] if code else [])
    assert all(told in one.message for one in found)


def test_carriage_that_the_hub_is_to_buy_needs_somebody_to_buy_it_of(policy: Policy) -> None:
    without = policy.model_copy(update={"routing": policy.routing.model_copy(update={"shipping": None})})
    [finding] = without.check(PARTNERS, CONNECTIONS)
    assert (finding.code, finding.facts["path"]) == ("shipping-missing", "network.nodes.2.ships")
