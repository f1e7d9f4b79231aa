"""The tax on an order: what is asked of a provider or our own table, and how its answer becomes the order's taxes."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from canonical import (
    Address,
    Adjustment,
    Answer,
    JurisdictionTax,
    Quantity,
    Tax,
    TaxedLine,
    TaxLine,
    TaxQuote,
    TaxRequest,
    round_money,
    share,
)
from router.adjustment import adjustment_amount, unit_value
from router.line_view import document_line, shown_items
from router.order import ZERO, Asked, Gate, LineState
from router.question import Topic, ask, heading
from router.taxation import quote
from router.taxes import Taxed
from router.workings import Workings

NAME = "tax"
_CODES = {"state": "state_sales", "county": "county_tax", "city": "city_sales", "district": "local_sales"}


def gate(work: Workings) -> Gate | None:
    """The step before which the tax must be known."""
    rule = _rule(work)
    if rule is None or not _standing(work):
        return None
    return rule.provider.gate if rule.provider else "release"


def ask_tax(work: Workings) -> None:
    """Ask the provider, or work it out."""
    rule = _rule(work)
    assert rule is not None, "asked only where the order is taxed"
    request = tax_request(work, rule)
    if rule.provider:
        ask(work, NAME, request, rule.provider)
    else:
        _apply(work, quote(request, work.policy.taxes.rates, rule.rounding), rule)


def take_quote(work: Workings, _asked: Asked, answer: Answer) -> None:
    """The provider's taxes are the order's."""
    rule = _rule(work)
    if rule and isinstance(answer, TaxQuote):
        _apply(work, answer, rule)


def estimate(work: Workings, _asked: Asked) -> None:
    """The provider is silent: our own table's taxes are the order's until the truth is known."""
    rule = _rule(work)
    if rule:
        _apply(work, quote(tax_request(work, rule), work.policy.taxes.rates, rule.rounding), rule)


def ignore(_work: Workings, _asked: Asked, _answer: Answer) -> None:
    """A quote buys nothing."""


TAX = Topic(name=NAME, gate=gate, ask=ask_tax, take=take_quote, go_without=estimate, give_back=ignore)


def tax_request(work: Workings, rule: Taxed) -> TaxRequest:
    """What is asked of the order as it now stands: what was not cancelled of it, net of allowances."""
    order, taxes = work.order, work.policy.taxes
    to = _address(work)
    freight, others = _charges(work)
    return TaxRequest(
        **heading(work),
        transaction=order.number,
        on=order.document.ordered_on,
        currency=order.document.currency,
        customer=order.channel,
        included=rule.included,
        exemption=taxes.exemption(_names(work), to),
        ship_from=work.policy.company.address or to,
        ship_to=to,
        lines=(*_lines(work, to), *others),
        freight=freight,
        freight_tax_code=taxes.freight_code,
    )


def _rule(work: Workings) -> Taxed | None:
    return work.policy.taxes.rule_for(work.order.channel, _address(work))


def _address(work: Workings) -> Address:
    first = min((state.destination for state in work.lines.values()), default=0)
    places = work.order.destinations
    return (places[first].address if first < len(places) else None) or Address()


def _names(work: Workings) -> frozenset[str]:
    """By what a customer may be known to be exempt: the channel, and every identifier of the buyer."""
    parties = (party for party in work.order.document.parties if party.role in ("buyer", "bill_to", "ship_to"))
    return frozenset({work.order.channel, *(value for party in parties for value in party.identifiers.values())})


def _standing(work: Workings) -> list[LineState]:
    return [state for state in work.lines.values() if _units(state)]


def _units(state: LineState) -> Decimal:
    return state.ledger.ordered - state.ledger.cancelled


def _lines(work: Workings, to: Address) -> list[TaxLine]:
    states = _standing(work)
    amounts = [_net(work, state) for state in states]
    allowed = sum((adjustment_amount(one, sum(amounts, ZERO)) for one in _off(work.order.document.allowances)), ZERO)
    parts = share(round_money(allowed, work.order.document.currency), amounts, work.order.document.currency)
    return [_line(work, state, amount - part, to) for state, amount, part in zip(states, amounts, parts, strict=True)]


def _line(work: Workings, state: LineState, amount: Decimal, to: Address) -> TaxLine:
    item = work.item(state.sku or "")
    there = work.order.destinations[state.destination].address if work.order.destinations else None
    return TaxLine(
        number=state.number,
        items=shown_items(work, state),
        description=item.description or document_line(work, state).description,
        quantity=Quantity(value=_units(state), unit=item.unit),
        amount=amount,
        tax_code=work.policy.taxes.code(item),
        ship_to=there if there != to else None,
    )


def _net(work: Workings, state: LineState) -> Decimal:
    """What stands of a line, with its own charges and without its allowances."""
    ordered, whole = document_line(work, state), unit_value(work, state) * state.ledger.ordered
    more = sum((adjustment_amount(one, whole) for one in _off(ordered.charges)), ZERO)
    less = sum((adjustment_amount(one, whole) for one in _off(ordered.allowances)), ZERO)
    kept = _units(state) / state.ledger.ordered
    return round_money((whole + more - less) * kept, work.order.document.currency)


def _charges(work: Workings) -> tuple[Decimal, list[TaxLine]]:
    """The freight, and the order's other charges as lines of their own."""
    document, freight, others = work.order.document, ZERO, list[TaxLine]()
    for index, charge in enumerate(document.charges):
        amount = round_money(adjustment_amount(charge, ZERO), document.currency)
        if charge.settlement != "off_invoice" or not amount:
            continue
        if charge.code in work.policy.posting.freight_codes:
            freight += amount
            continue
        one = Quantity(value=Decimal(1))
        others.append(TaxLine(number=f"charge-{index}", description=charge.description, quantity=one, amount=amount))
    return freight, others


def _off(adjustments: Iterable[Adjustment]) -> list[Adjustment]:
    return [one for one in adjustments if one.settlement == "off_invoice"]


def _apply(work: Workings, told: TaxQuote, rule: Taxed) -> None:
    """Write the taxes into the order: each line's own, and the rest into its header."""
    document, grouped = work.order.document, _by_position(work, told.lines)
    lines = tuple(
        line.model_copy(update={"taxes": _taxes(grouped.get(position, ()), rule)})
        for position, line in enumerate(document.lines)
    )
    rest = [tax for one in told.lines if one.number not in work.lines for tax in one.taxes]
    header = _taxes(rest, rule) or _unsplit(told, rule)
    taxed = document.changed(lines=lines, taxes=header)
    if taxed != document or not work.order.taxed:
        work.amend(document=taxed, taxed="estimated" if told.estimated else "quoted")
        work.tell("order_taxed", amount=str(told.amount), estimated=told.estimated)


def _by_position(work: Workings, lines: Iterable[TaxedLine]) -> Mapping[int, list[JurisdictionTax]]:
    grouped: dict[int, list[JurisdictionTax]] = {}
    for line in lines:
        if line.number in work.lines:
            grouped.setdefault(work.lines[line.number].position, []).extend(line.taxes)
    return grouped


def _taxes(parts: Sequence[JurisdictionTax], rule: Taxed) -> tuple[Tax, ...]:
    """One tax for each jurisdiction's, in a sequence that stays when amounts change."""
    summed: dict[tuple[str, str, str], Tax] = {}
    for part in parts:
        key = (part.level or "", part.jurisdiction, part.name or "")
        before = summed[key].amount or ZERO if key in summed else ZERO
        summed[key] = Tax(
            code=_code(part),
            amount=before + part.amount,
            rate=part.rate,
            jurisdiction=part.jurisdiction,
            description=part.name,
            included=rule.included,
        )
    return tuple(tax for _, tax in sorted(summed.items()) if tax.amount)


def _unsplit(told: TaxQuote, rule: Taxed) -> tuple[Tax, ...]:
    """The whole tax, where the provider does not say what it is on."""
    split = any(line.taxes for line in told.lines)
    return () if split or not told.amount else (Tax(code="sales", amount=told.amount, included=rule.included),)


def _code(part: JurisdictionTax) -> str:
    """The kind of tax, as code lists know it."""
    if part.level in _CODES:
        return _CODES[part.level]
    return "goods_and_services" if "GST" in (part.name or "") else "value_added" if part.level else "sales"
