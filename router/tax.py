"""The tax on an order: what is asked of a provider or our own table, and how its answer becomes the order's taxes."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

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
from router.order import Asked, Gate
from router.order_line import ZERO, LineState
from router.question import Topic, ask, buys_nothing, heading
from router.tax_record import NAME, ask_to_record, settle_record
from router.taxation import quote
from router.taxes import Taxed
from router.workings import Workings

_CODES = {"state": "state_sales", "county": "county_sales", "city": "city_sales", "district": "local_sales"}


def gate(work: Workings) -> Gate | None:
    """The step before which the tax must be known."""
    rule = rule_of(work)
    if rule is None or not (_to_come(work) or work.order.unrecorded):
        return None
    return rule.provider.gate if rule.provider else "release"


def ask_tax(work: Workings) -> None:
    """Ask the provider, or work it out."""
    rule = rule_of(work)
    if rule is None:
        return
    if rule.provider:
        ask_to_record(work, rule.provider)
    if not _to_come(work):
        return
    request = tax_request(work, rule)
    if rule.provider:
        ask(work, NAME, request, rule.provider)
    else:
        _apply(work, quote(request, work.policy.taxes.rates, rule.rounding), rule)


def take_quote(work: Workings, asked: Asked, answer: Answer) -> None:
    """The provider's taxes are the order's; or it has recorded what was charged, and says what it should have been."""
    rule = rule_of(work)
    if not isinstance(answer, TaxQuote):
        return
    if asked.about:
        settle_record(work, asked.about, answer, rule.provider if rule else None)
    elif rule:
        _apply(work, answer, rule)


def estimate(work: Workings, _asked: Asked) -> None:
    """The provider is silent: our own table's taxes are the order's until the truth is known."""
    rule = rule_of(work)
    if rule:
        _apply(work, quote(tax_request(work, rule), work.policy.taxes.rates, rule.rounding), rule)


def needs(work: Workings, asked: Asked) -> bool:
    """What was charged is always recorded; what is not charged yet is asked for while anything is to be invoiced."""
    return bool(asked.about) or (rule_of(work) is not None and _to_come(work))


TAX = Topic(NAME, gate, ask_tax, take_quote, estimate, give_back=buys_nothing, needs=needs)


def tax_request(work: Workings, rule: Taxed) -> TaxRequest:
    """What is asked of the order as it now stands: what was not cancelled of it, net of allowances."""
    document = work.order.document
    freight, others = charges_of(work, document.charges)
    lines = (*_lines(work, address_of(work)), *others)
    return TaxRequest(
        **terms_of(work, rule, address_of(work)),
        transaction=work.order.number,
        on=document.ordered_on,
        lines=lines,
        freight=freight,
        total=sum((line.amount for line in lines), freight),
    )


def terms_of(work: Workings, rule: Taxed, to: Address) -> dict[str, Any]:
    """What all of an order's requests that go to one place share."""
    taxes = work.policy.taxes
    return {
        **heading(work),
        "currency": work.order.document.currency,
        "customer": work.order.channel,
        "included": rule.included,
        "exemption": taxes.exemption(_names(work), to),
        "ship_from": work.policy.company.address or to,
        "ship_to": to,
        "freight_tax_code": taxes.freight_code,
    }


def rule_of(work: Workings) -> Taxed | None:
    """The row of `config/taxes.yaml` that takes the order, if any."""
    return work.policy.taxes.rule_for(work.order.channel, address_of(work))


def address_of(work: Workings) -> Address:
    """Where the order goes: its first destination."""
    first = min((state.destination for state in work.lines.values()), default=0)
    places = work.order.destinations
    return (places[first].address if first < len(places) else None) or Address()


def _names(work: Workings) -> frozenset[str]:
    """By what a customer may be known to be exempt: the channel, and every identifier of the buyer."""
    parties = (party for party in work.order.document.parties if party.role in ("buyer", "bill_to", "ship_to"))
    return frozenset({work.order.channel, *(value for party in parties for value in party.identifiers.values())})


def _to_come(work: Workings) -> bool:
    """Whether anything is still to be invoiced."""
    return any(_units(state) > state.ledger.invoiced for state in work.lines.values())


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


def charges_of(work: Workings, charges: Sequence[Adjustment]) -> tuple[Decimal, list[TaxLine]]:
    """The freight, and other charges as lines of their own."""
    freight, others = ZERO, list[TaxLine]()
    for index, charge in enumerate(charges):
        amount = round_money(adjustment_amount(charge, ZERO), work.order.document.currency)
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


def taxes_by_line(
    told: TaxQuote, numbers: Sequence[str], currency: str, rule: Taxed
) -> tuple[dict[str, tuple[Tax, ...]], tuple[Tax, ...]]:
    """The taxes of each of these lines, and those of the rest."""
    summing = [_summing(line, currency) for line in told.lines]
    own = {number: [tax for one in summing if one.number == number for tax in one.taxes] for number in numbers}
    rest = [tax for one in summing if one.number not in own for tax in one.taxes]
    return {number: _taxes(taxes, rule) for number, taxes in own.items()}, _taxes(rest, rule) or _unsplit(told, rule)


def _apply(work: Workings, told: TaxQuote, rule: Taxed) -> None:
    """Write the taxes into the order: each line's own, and the rest into its header."""
    told = told.changed(lines=tuple(_summing(line, work.order.document.currency) for line in told.lines))
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


def _summing(line: TaxedLine, currency: str) -> TaxedLine:
    """A line whose jurisdictions' taxes make up its tax: providers round each of them by itself."""
    amounts = [tax.amount for tax in line.taxes]
    if sum(amounts, ZERO) == line.amount:
        return line
    parts = zip(line.taxes, share(line.amount, amounts, currency), strict=True)
    return line.model_copy(update={"taxes": tuple(tax.model_copy(update={"amount": part}) for tax, part in parts)})


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
