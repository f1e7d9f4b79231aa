"""Rate shopping: what every service of the carrier would cost is asked before release, and the cheapest that keeps the
promise is taken, with the preferences of `shipping` in config/routing.yaml."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from canonical import Answer, Money, RateQuote, RateRequest, ServiceRate, round_money
from router.consigning import Pending, numbered, pending, shopping, standing
from router.consignment import Consignment, WeighedService
from router.hold import place_hold
from router.order import Asked, Gate, Hold
from router.promise import day_of, delivery_date
from router.question import Topic, ask, buys_nothing, heading
from router.shopping_terms import Shopping
from router.workings import Workings

NAME = "rate"
_WANTED = ("requested_delivery", "delivery_not_later")


def gate(work: Workings) -> Gate | None:
    """Rates are asked before release, of what is about to ship."""
    terms = shopping(work)
    return terms.gate if terms and any(standing(work, one) is None for one in pending(work)) else None


def ask_rates(work: Workings) -> None:
    """Ask what each consignment would cost that was not priced as it now stands."""
    terms = shopping(work)
    for wanted in pending(work) if terms else ():
        if terms and standing(work, wanted) is None:
            ask(work, NAME, _request(work, terms, wanted), terms, about=wanted.place)


def take_rates(work: Workings, asked: Asked, answer: Answer) -> None:
    """Weigh what the carrier offers, and choose."""
    if isinstance(answer, RateQuote):
        for wanted in _asked_about(work, asked):
            _choose(work, asked, wanted, answer)


def go_by_estimates(work: Workings, asked: Asked) -> None:
    """The carrier is silent: our own table says what its services cost."""
    terms = shopping(work)
    for wanted in _asked_about(work, asked):
        if terms:
            _choose(work, asked, wanted, estimated(work, terms, wanted, asked.number))


def needs(work: Workings, asked: Asked) -> bool:
    """Whether what it was about is still to ship."""
    return bool(_asked_about(work, asked))


RATES = Topic(NAME, gate, ask_rates, take_rates, go_by_estimates, give_back=buys_nothing, needs=needs)


def estimated(work: Workings, terms: Shopping, wanted: Pending, question: str) -> RateQuote:
    """What services cost by the zones' freight."""
    band, currency = work.route(wanted.node, wanted.destination).band, work.policy.company.currency
    freight = sum((band.shipment + band.pound * package.weight.value for package in wanted.packages), Decimal(0))
    rates = tuple(
        ServiceRate(
            carrier=one.carrier,
            service=one.service,
            price=Money(amount=round_money(freight * one.times, currency), currency=currency),
            transit_days=band.transit_days if one.transit_days is None else one.transit_days,
        )
        for one in terms.estimates
    )
    return RateQuote(question=question, rates=rates, estimated=True)


def weighed(
    work: Workings, terms: Shopping, rates: Iterable[ServiceRate], ships_on: date, promise: date
) -> list[WeighedService]:
    """What each service costs by our preferences, and why some are left out."""
    delivery, zone = work.policy.routing.carriers.delivery, work.policy.company.time_zone
    found = []
    for rate in rates:
        arrives = day_of(rate.deliver_on, zone) if rate.deliver_on else None
        if arrives is None and rate.transit_days is not None:
            arrives = delivery_date(ships_on, rate.transit_days, delivery)
        cost = rate.price.amount + terms.biased(rate.carrier, rate.service)
        unfit = _unfitness(rate, terms, arrives)
        late = unfit is None and arrives is not None and arrives > promise
        found.append(
            WeighedService(
                carrier=rate.carrier,
                service=rate.service,
                price=rate.price,
                cost=cost,
                arrives_on=arrives,
                excluded=f"arrives after {promise}" if late else unfit,
                late=late,
            )
        )
    return found


def cheapest(services: Sequence[WeighedService]) -> int | None:
    """The index of the cheapest that keeps the promise; where none does, of the one that breaks it least."""
    kept = [i for i, one in enumerate(services) if one.excluded is None]
    if kept:
        return min(kept, key=lambda i: (services[i].cost, services[i].arrives_on or date.max, services[i].service))
    late = [i for i, one in enumerate(services) if one.late]
    return min(late, key=lambda i: (services[i].arrives_on or date.max, services[i].cost, i), default=None)


def _unfitness(rate: ServiceRate, terms: Shopping, arrives: date | None) -> str | None:
    """Why a service would not do even if it were in time."""
    if terms.services and rate.service not in terms.services:
        return "is not among the services that may be taken"
    if terms.most is not None and rate.price.amount > terms.most:
        return f"costs more than {terms.most}"
    return "does not say when it arrives" if arrives is None else None


def _promise(work: Workings, wanted: Pending) -> date:
    """The day the buyer asked for; else the day we told."""
    zone = work.policy.network.by_id[wanted.node].time_zone
    asked = [day_of(at, zone) for name, at in work.order.document.dates.items() if name in _WANTED]
    return min(asked) if asked else wanted.deliver_on or date.max


def _asked_about(work: Workings, asked: Asked) -> list[Pending]:
    """What the question was about, if it is still to ship and not priced."""
    return [one for one in pending(work) if one.place == asked.about and standing(work, one) is None]


def _choose(work: Workings, asked: Asked, wanted: Pending, quote: RateQuote) -> None:
    terms = shopping(work)
    if terms is None:
        return
    services = weighed(work, terms, quote.rates, wanted.ships_on, _promise(work, wanted))
    place = cheapest(services)
    number, reference = numbered(work, wanted)
    consignment = Consignment(
        number=number,
        reference=reference,
        node=wanted.node,
        destination=wanted.destination,
        ship_to=wanted.ship_to,
        packages=wanted.packages,
        ships_on=wanted.ships_on,
        carrier=asked.to,
        services=tuple(services),
        chosen=None if place is None else quote.rates[place],
        estimated=quote.estimated,
        rate_shipment=quote.shipment,
        status="unlabelled" if place is None else "rated",
    )
    work.amend(consignments=(*work.order.consignments, consignment))
    work.weighed.append(consignment)
    _tell(work, terms, consignment)


def _tell(work: Workings, terms: Shopping, consignment: Consignment) -> None:
    chosen = consignment.chosen
    if chosen is None:
        reason = f"no service of {consignment.carrier} will do for what {consignment.node} ships"
        work.worry("service-missing", reason, consignment=consignment.number)
        place_hold(work, Hold(kind=NAME, gate=terms.gate, reason=reason, placed_at=work.world.now, owner=terms.owner))
        return
    work.tell(
        "service_chosen",
        consignment=consignment.number,
        service=chosen.service,
        price=str(chosen.price.amount),
        estimated=consignment.estimated,
        of=len(consignment.services),
    )


def _request(work: Workings, terms: Shopping, wanted: Pending) -> RateRequest:
    node = work.policy.network.by_id[wanted.node]
    return RateRequest(
        **heading(work),
        shipper=work.policy.company.party.model_copy(update={"role": "shipper"}),
        ship_from=node.party,
        ship_to=wanted.ship_to,
        packages=wanted.packages,
        ship_on=wanted.ships_on,
        deliver_by=_promise(work, wanted),
        services=terms.services,
        currency=work.policy.company.currency,
    )
