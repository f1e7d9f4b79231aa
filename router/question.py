"""One question of an order: asked once, waited for until its deadline, and what follows when nobody answers."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from canonical import Answer, Question
from router.asking import Asking
from router.decision import Trouble, Withdrawal
from router.hold import lift_holds, place_hold
from router.order import Asked, Gate, Hold
from router.workings import Workings

LONGEST_WAIT = timedelta(hours=1)
UNASKED = "unasked"
"""The number of a question before it is asked."""


@dataclass(frozen=True, slots=True)
class Topic:
    """Something orders ask about. Its functions amend the order; none of them sees the world outside."""

    name: str
    gate: Callable[[Workings], Gate | None]
    """The step before which it asks; None where it asks nothing of this order."""
    ask: Callable[[Workings], None]
    """Ask what the order, as it now stands, must know. Called whenever the order moves: the same is asked once."""
    take: Callable[[Workings, Asked, Answer], None]
    """Make use of an answer."""
    go_without: Callable[[Workings, Asked], None]
    """Work out what can be worked out here, since nobody answers."""
    give_back: Callable[[Workings, Asked, Answer], None]
    """Undo what an answer bought that came too late to be of use."""
    needs: Callable[[Workings, Asked], bool]
    """Whether the order, as it now stands, still has use for an answer."""


def buys_nothing(_work: Workings, _asked: Asked, _answer: Answer) -> None:
    """What `give_back` does where answers bind nobody."""


def heading(work: Workings) -> dict[str, Any]:
    """The fields that questions of an order share, for `ask` to number."""
    return {"number": UNASKED, "order": work.order.id, "asked_at": work.world.now, "usage": work.usage}


def ask(
    work: Workings, topic: str, question: Question, asking: Asking, *, about: str = "", holds: bool = True
) -> Asked:
    """Ask, unless the same was asked last: then that one stands. What was asked before is superseded.

    `about` is the part of the order it is about. Unless it `holds`, the order goes on meanwhile.
    """
    before = [asked for asked in work.order.questions if (asked.topic, asked.about) == (topic, about)]
    digest = _digest(question)
    if before and before[-1].digest == digest and before[-1].status != "superseded":
        return await_again(work, before[-1], asking) if before[-1].status == "dropped" else before[-1]
    if before and before[-1].status != "superseded":
        supersede(work, before[-1])
    again = before[-1].waited if before and before[-1].digest == digest else 0
    number = _number(work, topic, about, len(before), digest)
    asked = Asked(
        number=number,
        topic=topic,
        about=about,
        to=asking.ask,
        digest=digest,
        binds=question.binds,
        holds=holds,
        asked_at=work.world.now,
        deadline=work.world.now + _patience(asking.within, again),
        within=asking.within,
        silence=asking.silence,
        waited=again,
    )
    return _send(work, question, asked, asking)


def supersede(work: Workings, asked: Asked) -> None:
    """The question is no longer of interest: what has not left stays here, and its answer will be ignored."""
    if asked.status in ("open", "refused"):
        work.withdrawn.append(Withdrawal(asked.number, not asked.binds))
        work.wake(_name(asked), None, "superseded")
    restate(work, asked, status="superseded", deadline=None)
    work.tell("question_superseded", topic=asked.topic, question=asked.number)


def drop(work: Workings, asked: Asked) -> None:
    """The order has no use for an answer any more, and nothing waits for it. What may have had its effect over there
    still counts when it comes."""
    if asked.status == "open":
        work.withdrawn.append(Withdrawal(asked.number, not asked.binds))
    counts = asked.binds and asked.status == "open"
    restate(work, asked, status="dropped" if counts else "superseded", holds=False, deadline=None)
    work.wake(_name(asked), None, "dropped")
    work.tell("question_dropped", topic=asked.topic, about=asked.about, question=asked.number)
    _let_go(work, asked, "nothing is left of the order that it was asked for")


def forget(work: Workings, asked: Asked) -> None:
    """It never left, so that no answer will come: whatever the order still must know is asked anew."""
    restate(work, asked, status="superseded", holds=False, deadline=None)
    work.wake(_name(asked), None, "withdrawn")
    _let_go(work, asked, "the question never left")


def await_again(work: Workings, asked: Asked, asking: Asking) -> Asked:
    """The order has use again for the answer to a question that was dropped."""
    waited_for = restate(work, asked, status="open", holds=True, deadline=work.world.now + asking.within)
    _watch(work, waited_for)
    _hold(work, waited_for, asking)
    return waited_for


def settle(work: Workings, asked: Asked) -> None:
    """It is answered: nobody waits for it any more."""
    restate(work, asked, status="answered", deadline=None)
    work.wake(_name(asked), None, "answered")
    _let_go(work, asked, f"{asked.to} answered")


def proceed(work: Workings, topic: Topic, asked: Asked, because: str) -> None:
    """Go on without the answer."""
    work.withdrawn.append(Withdrawal(asked.number, not asked.binds))
    restate(work, asked, status="silent", deadline=None)
    work.wake(_name(asked), None, "gone on without")
    work.tell("went_on_without_answer", topic=asked.topic, about=asked.about, question=asked.number, because=because)
    topic.go_without(work, asked)
    _let_go(work, asked, because)


def face_silence(work: Workings, topic: Topic, asked: Asked, because: str) -> None:
    """Take the way the policy has for silence: the deadline passed, or no answer will come."""
    match asked.silence:
        case "proceed":
            proceed(work, topic, asked, because)
        case "escalate":
            restate(work, asked, deadline=None, waited=asked.waited + 1)
            work.wake(_name(asked), None, "a person looks")
            escalate(work, asked, because)
        case "wait":
            _wait_longer(work, asked, because)


def escalate(work: Workings, asked: Asked, because: str) -> None:
    """Tell somebody that the order waits."""
    owner = next((hold.owner for hold in work.order.holds if hold.kind == asked.topic), "order desk")
    reason = f"the order waits to hear about {asked.topic} from {asked.to}: {because}"
    facts = {"order": work.order.id, "topic": asked.topic, "about": asked.about, "question": asked.number}
    work.troubles.append(Trouble(code="answer-missing", reason=reason, owner=owner, facts=facts))


def ask_anew(work: Workings, asked: Asked) -> None:
    """The question was refused: when the order next asks, it is asked under a new number."""
    restate(work, asked, status="superseded", deadline=None, waited=asked.waited + 1)


def restate(work: Workings, asked: Asked, **fields: Any) -> Asked:
    """Change what is kept of a question."""
    changed = asked.model_copy(update=fields)
    kept = (changed if one.number == asked.number else one for one in work.order.questions)
    work.amend(questions=tuple(kept))
    return changed


def _digest(question: Question) -> str:
    said = question.model_dump_json(exclude={"number", "asked_at", "deadline"}, exclude_none=True)
    return hashlib.sha256(f"{question.kind}:{said}".encode()).hexdigest()


def _let_go(work: Workings, asked: Asked, because: str) -> None:
    """Lift the topic's hold, once nothing is waited for under it."""
    waiting = (one for one in work.order.questions if one.holds and one.status in ("open", "refused"))
    if all(one.topic != asked.topic for one in waiting):
        lift_holds(work, frozenset({asked.topic}), because)


def _number(work: Workings, topic: str, about: str, revision: int, digest: str) -> str:
    key = f"{work.order.id}/{topic}/{about}/{revision}/{digest}"
    return f"{topic}-{revision + 1}-{hashlib.sha256(key.encode()).hexdigest()[:20]}"


def _send(work: Workings, question: Question, asked: Asked, asking: Asking) -> Asked:
    numbered = question.changed(number=asked.number, deadline=asked.deadline)
    work.amend(questions=(*work.order.questions, asked))
    work.dispatch(numbered, asked.to, dict.fromkeys(type(question).model_fields, f"rule:{asked.topic}"))
    _watch(work, asked)
    work.tell("question_asked", topic=asked.topic, question=asked.number, to=asked.to)
    if asked.holds:
        _hold(work, asked, asking)
    return asked


def _hold(work: Workings, asked: Asked, asking: Asking) -> None:
    reason = f"{asked.to} is asked about {asked.topic}"
    place_hold(
        work, Hold(kind=asked.topic, gate=asking.gate, reason=reason, placed_at=work.world.now, owner=asking.owner)
    )


def _wait_longer(work: Workings, asked: Asked, because: str) -> None:
    """Wait twice as long as before, up to an hour. The first time somebody is told."""
    if not asked.waited:
        escalate(work, asked, because)
    waited = asked.waited + 1
    deadline = work.world.now + _patience(asked.within, waited)
    _watch(work, restate(work, asked, deadline=deadline, waited=waited))


def _patience(within: timedelta, waited: int) -> timedelta:
    return max(within, min(within * float(2 ** min(waited, 20)), LONGEST_WAIT))


def _watch(work: Workings, asked: Asked) -> None:
    work.wake(_name(asked), asked.deadline, f"{asked.to} was to answer about {asked.topic} by then")


def _name(asked: Asked) -> str:
    return f"question/{asked.number}"
