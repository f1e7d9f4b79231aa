"""What orders ask about, and how they take the answers, the late ones, and the silence."""

from collections.abc import Mapping

from canonical import Answer
from router.invoice_tax import INVOICE_TAX
from router.labels import LABELS
from router.order import Asked, Gate
from router.own_work import Unanswered
from router.payment import PAYMENT
from router.question import Topic, ask_anew, drop, escalate, face_silence, forget, proceed, restate, settle
from router.rate_shopping import RATES
from router.screening import CREDIT, FRAUD
from router.tax import TAX
from router.workings import Workings

TOPICS: Mapping[str, Topic] = {topic.name: topic for topic in (TAX, CREDIT, FRAUD, PAYMENT, RATES, LABELS, INVOICE_TAX)}


def ask_what_is_missing(work: Workings, *gates: Gate) -> None:
    """Ask what must be known before one of these steps."""
    for topic in TOPICS.values():
        if topic.gate(work) in gates:
            topic.ask(work)


def drop_what_is_not_needed(work: Workings) -> None:
    """Wait no more for what the order, as it now stands, need not know: it was cancelled, or goes another way."""
    for asked in work.order.questions:
        if asked.status in ("open", "refused") and not TOPICS[asked.topic].needs(work, asked):
            drop(work, asked)


def take_answer(work: Workings, answer: Answer) -> str:
    """Take an answer in, if it is still of use; what became of it, in words."""
    asked = asked_by(work, answer.question)
    if asked is None:
        work.worry("answer-unasked", f"nobody asked {answer.question}", question=answer.question)
        work.tell("answer_ignored", question=answer.question, because="nobody asked")
        return "nobody asked; a person must look"
    topic = TOPICS[asked.topic]
    if asked.status in ("open", "refused"):
        work.tell("question_answered", topic=asked.topic, about=asked.about, question=asked.number)
        settle(work, asked)
        topic.take(work, asked, answer)
        return "taken in"
    work.tell("answer_ignored", topic=asked.topic, question=asked.number, because=f"the question was {asked.status}")
    if asked.status != "answered":
        topic.give_back(work, asked, answer)
    return f"ignored, since the question was {asked.status}"


_UNHEARD = ("open", "silent", "dropped")


def take_refusal(work: Workings, unanswered: Unanswered) -> None:
    """No answer will come of it as it is. Who waits for it waits until the deadline, and then asks anew."""
    asked = asked_by(work, unanswered.question)
    if asked and asked.status in _UNHEARD and (unanswered.withdrawn or asked.status == "dropped"):
        forget(work, asked)
    if asked is None or asked.status != "open" or unanswered.withdrawn:
        return
    work.tell("question_refused", topic=asked.topic, question=asked.number)
    refused = restate(work, asked, status="refused")
    if refused.silence != "wait":
        face_silence(work, TOPICS[asked.topic], refused, unanswered.reason)
    elif not asked.waited:
        escalate(work, refused, unanswered.reason)


def face_deadlines(work: Workings) -> None:
    """Take the policy's way for each question whose deadline has passed."""
    for asked in work.order.questions:
        if asked.deadline and asked.deadline <= work.world.now and asked.status in ("open", "refused"):
            work.tell("answer_overdue", topic=asked.topic, question=asked.number)
            if asked.status == "refused":
                ask_anew(work, asked)
            else:
                face_silence(work, TOPICS[asked.topic], asked, f"no answer within {asked.within}")


def go_on_without(work: Workings, kinds: frozenset[str], by: str) -> None:
    """A person lifted the holds of these kinds: the order goes on with what it can work out by itself."""
    for asked in work.order.questions:
        if asked.topic in kinds and asked.status in ("open", "refused"):
            proceed(work, TOPICS[asked.topic], asked, by)


def asked_by(work: Workings, number: str) -> Asked | None:
    """The order's question of this number."""
    return next((asked for asked in work.order.questions if asked.number == number), None)
