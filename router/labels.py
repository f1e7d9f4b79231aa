"""Labels: the carriage that was chosen is bought before release, once; what is not shipped is given back."""

from typing import Literal

from canonical import Answer, Label, LabelRequest
from canonical.order import Carrier
from router.asking import Asking
from router.consigning import pending, restate_consignment, shopping, standing, unneeded
from router.consignment import Consignment
from router.order import Asked, Gate
from router.question import Topic, ask, heading
from router.workings import Workings

NAME = "label"
_VOID = "void/"


def gate(work: Workings) -> Gate | None:
    """Labels are bought before release."""
    terms = shopping(work)
    return terms.gate if terms and (pending(work) or unneeded(work) or _to_void(work)) else None


def ask_labels(work: Workings) -> None:
    """Buy what was chosen and is about to ship; give back what will not ship."""
    terms = shopping(work)
    if terms is None:
        return
    for consignment in unneeded(work):
        work.tell("consignment_superseded", consignment=consignment.number)
        restate_consignment(work, consignment, status="superseded")
    for consignment in _to_void(work):
        _ask(work, consignment, terms.labelling, "void")
    for wanted in pending(work):
        found = standing(work, wanted)
        if found and found.status == "rated" and found.chosen:
            _ask(work, found, terms.labelling, "buy")


def take_label(work: Workings, asked: Asked, answer: Answer) -> None:
    """It was bought, or given back."""
    found = _consignment(work, asked.about)
    if not isinstance(answer, Label) or found is None:
        return
    if answer.status == "voided":
        work.tell("label_voided", consignment=found.number, label=found.label)
        restate_consignment(work, found, status="voided")
        return
    tracking = tuple(package.tracking_number for package in answer.packages) or (answer.tracking_number,)
    work.tell(
        "label_bought", consignment=found.number, label=answer.reference, tracking=[one for one in tracking if one]
    )
    restate_consignment(
        work,
        found,
        label=answer.reference or answer.tracking_number,
        price=answer.price or (found.chosen.price if found.chosen else None),
        tracking_numbers=tuple(one for one in tracking if one),
        status="labelled" if found.status == "rated" else found.status,
    )


def take_late(work: Workings, asked: Asked, answer: Answer) -> None:
    """What it bought has been bought, though nobody waited for it any more: unless it still serves, it goes back."""
    found = _consignment(work, asked.about)
    if found is not None and found.label is None and not _asked_again(work, asked):
        take_label(work, asked, answer)


def go_without(work: Workings, asked: Asked) -> None:
    """A person let the order go on: the node ships it as it thinks best."""
    found = _consignment(work, asked.about)
    if found is not None and found.status == "rated":
        restate_consignment(work, found, status="unlabelled")


def needs(work: Workings, asked: Asked) -> bool:
    """What was bought in vain is always given back; else whether what it is for is still to ship."""
    found = _consignment(work, asked.about)
    return asked.about.startswith(_VOID) or (found is not None and found.stands)


LABELS = Topic(NAME, gate, ask_labels, take_label, go_without, give_back=take_late, needs=needs)


def labelled(work: Workings, node: str, destination: int) -> Consignment | None:
    """The labelled consignment that a node is about to be asked to ship to a destination."""
    for wanted in pending(work):
        if (wanted.node, wanted.destination) == (node, destination):
            found = standing(work, wanted)
            return found if found and found.status == "labelled" else None
    return None


def consignment_of(work: Workings, fulfilment_order: str) -> Consignment | None:
    """What was labelled for a fulfilment order."""
    found = (one for one in work.order.consignments if one.fulfilment_order == fulfilment_order)
    return next((one for one in found if one.tracking_numbers), None)


def carrier_of(consignment: Consignment) -> Carrier:
    """Who carries it."""
    chosen = consignment.chosen
    return Carrier(scac=chosen.carrier, service=chosen.service) if chosen else Carrier()


def _to_void(work: Workings) -> list[Consignment]:
    """What was bought and will not ship, and is not given back yet."""
    return [one for one in work.order.consignments if one.label and one.status in ("superseded", "unlabelled")]


def _asked_again(work: Workings, asked: Asked) -> bool:
    same = (one for one in work.order.questions if (one.topic, one.about) == (NAME, asked.about))
    return any(one.number != asked.number and one.status in ("open", "answered") for one in same)


def _consignment(work: Workings, about: str) -> Consignment | None:
    number = about.removeprefix(_VOID)
    return next((one for one in work.order.consignments if one.number == number), None)


def _ask(work: Workings, consignment: Consignment, asking: Asking, purpose: Literal["buy", "void"]) -> None:
    voids = purpose == "void"
    about = f"{_VOID}{consignment.number}" if voids else consignment.number
    asking = asking.model_copy(update={"ask": consignment.carrier, "silence": "wait" if voids else asking.silence})
    ask(work, NAME, _request(work, consignment, purpose), asking, about=about, holds=not voids)


def _request(work: Workings, consignment: Consignment, purpose: Literal["buy", "void"]) -> LabelRequest:
    chosen, terms = consignment.chosen, shopping(work)
    return LabelRequest(
        **heading(work),
        purpose=purpose,
        shipment=consignment.reference,
        voids=consignment.label,
        carrier=carrier_of(consignment),
        shipper=work.policy.company.party.model_copy(update={"role": "shipper"}),
        ship_from=work.policy.network.by_id[consignment.node].party,
        ship_to=consignment.ship_to,
        packages=consignment.packages,
        ship_on=consignment.ships_on,
        format=terms.label if terms else "pdf",
        offer=chosen.reference if chosen else None,
        rate_shipment=consignment.rate_shipment,
        currency=work.policy.company.currency,
    )
