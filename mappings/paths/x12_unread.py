"""What a set holds and no rule reads: a quick look that says nothing is, and a slow one that says what."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from canonical import Where
from mappings.paths.navigation import Cover, Node
from mappings.paths.x12_segment import matcher, meets

_MOST_ELEMENTS = 60


@dataclass(slots=True)
class Plan:
    """A cover made ready for the quick look."""

    limit: int
    """A segment no longer than this (its tag counted) is read whole."""
    gaps: tuple[int, ...]
    """Elements no rule reads, from `limit` on."""
    whole: bool
    many: bool
    matches: Callable[[Sequence[str]], bool] | None
    children: dict[str, list["Plan"]] = field(default_factory=dict)


def plan_of(cover: Cover, matches: Callable[[Sequence[str]], bool] | None = None) -> Plan:
    """Prepare a cover."""
    end = _MOST_ELEMENTS if cover.beyond is None else cover.beyond
    gaps = () if cover.whole else tuple(index for index in range(1, end) if index not in cover.names)
    children = {
        tag: [plan_of(below, matcher(test) if test else None) for test, below in entries]
        for tag, entries in cover.children.items()
    }
    limit = gaps[0] if gaps else _MOST_ELEMENTS * 2
    return Plan(limit, gaps, cover.whole, cover.many, matches, children)


def is_read(node: Node, plan: Plan) -> bool:
    """Whether surely everything below `node` is read; False may also mean that a closer look is needed."""
    elements = node.elements
    if len(elements) > plan.limit:
        size = len(elements)
        for index in plan.gaps:
            if index >= size:
                break
            if elements[index]:
                return False
    children = node.children
    if children and not plan.whole:
        for tag, nodes in children.items():
            known = plan.children.get(tag)
            if known is None or not _are_read(nodes, known):
                return False
    return True


def _are_read(nodes: Sequence[Node], known: list[Plan]) -> bool:
    if len(known) == 1 and known[0].matches is None and (known[0].many or len(nodes) == 1):
        plan = known[0]
        return all(is_read(node, plan) for node in nodes)
    taken: set[int] = set()
    for node in nodes:
        fits = [plan for plan in known if plan.matches is None or plan.matches(node.elements)]
        fits = [plan for plan in fits if plan.many or id(plan) not in taken]
        if not any(is_read(node, plan) for plan in fits):
            return False
        taken.update(map(id, fits))
    return True


def unread_places(node: Node, covers: list[Cover], found: list[tuple[Where, str]]) -> None:
    """Collect the places of segments and elements nothing reads."""
    elements, position = node.elements, node.position
    for index in range(1, len(elements)):
        if elements[index] and not any(_reads(cover, index) for cover in covers):
            where: Where = {"segment": position, "tag": elements[0], "element": index}
            found.append((where, f"{elements[0]}{index:02d}"))
    for tag, children in node.children.items():
        below = [entry for cover in covers for entry in cover.children.get(tag, ())]
        for child in children:
            read = [cover for test, cover in below if not test or meets(child.elements, test)]
            below = [entry for entry in below if entry[1].many or not any(entry[1] is cover for cover in read)]
            if not read:
                found.append(({"segment": child.position, "tag": tag}, tag))
            elif not any(cover.whole for cover in read):
                unread_places(child, read, found)


def _reads(cover: Cover, index: int) -> bool:
    return index in cover.names or (cover.beyond is not None and index >= cover.beyond)
