"""What gets and puts the element an X12 path names, by the shortest way that serves it."""

from collections.abc import Callable, Sequence

from mappings.paths.navigation import Child, Element, Node, Run
from mappings.paths.x12_route import Route
from mappings.paths.x12_segment import Segment, matcher


def element_of(route: Route, index: int) -> Element | None:
    """The element itself where it stands in the node or in a child of it; None where the way is longer."""
    if route.rooted or route.up or len(route.steps) > 1:
        return None
    if not route.steps:
        return Element(index)
    [(tag, test)] = route.steps
    if not test:
        return Element(index, Child(tag))
    (first, wanted, options), *others = test
    usual = (first, options[0]) if wanted and options and not others else None
    return Element(index, Child(tag, matcher(test), usual))


def getter(route: Route, index: int) -> Callable[[Node, Run], str | None]:
    """What gets the element without blanks around it, None where there is none."""
    if not route.rooted and not route.up and len(route.steps) <= 1:
        if not route.steps:
            return _own_getter(index)
        [(tag, test)] = route.steps
        return _tested_child_getter(tag, matcher(test), index) if test else _first_child_getter(tag, index)

    find = route.segment_finder()

    def get(node: Node, run: Run) -> str | None:
        segment = find(node, run)
        if segment is None:
            return None
        elements = segment.elements
        return (elements[index].strip() or None) if len(elements) > index else None

    return get


def _own_getter(index: int) -> Callable[[Node, Run], str | None]:
    def get(node: Node, _run: Run) -> str | None:
        elements = node.elements
        return (elements[index].strip() or None) if len(elements) > index else None

    return get


def _first_child_getter(tag: str, index: int) -> Callable[[Node, Run], str | None]:
    def get(node: Node, _run: Run) -> str | None:
        children = node.children.get(tag)
        if not children:
            return None
        elements = children[0].elements
        return (elements[index].strip() or None) if len(elements) > index else None

    return get


def _tested_child_getter(
    tag: str, matches: Callable[[Sequence[str]], bool], index: int
) -> Callable[[Node, Run], str | None]:
    def get(node: Node, _run: Run) -> str | None:
        for child in node.children.get(tag, ()):
            elements = child.elements
            if matches(elements):
                return (elements[index].strip() or None) if len(elements) > index else None
        return None

    return get


def element_at(elements: Sequence[str], index: int) -> str:
    """The element, empty where the segment is shorter."""
    return elements[index] if index < len(elements) else ""


def component_of(get: Callable[[Node, Run], str | None], component: int) -> Callable[[Node, Run], str | None]:
    """What gets one component of what `get` gives."""

    def get_component(node: Node, run: Run) -> str | None:
        text = get(node, run)
        separator = run.context.component
        parts = text.split(separator) if text and separator else [text]
        return (parts[component - 1] or None) if len(parts) >= component else None

    return get_component


def putter(route: Route, index: int, component: int) -> Callable[[Node, Run, str | None], None]:
    """What sets the element, or one component of it, and makes its segment."""

    def put(node: Node, run: Run, text: str | None) -> None:
        if not text:
            return
        segment = route.grow(node, run)
        if component:
            parts = segment.elements[index].split(run.context.component) if len(segment.elements) > index else []
            parts += [""] * (component - len(parts))
            parts[component - 1] = text
            text = run.context.component.join(parts)
        segment.put(index, text)

    return put


def is_made(route: Route, node: Node, run: Run) -> bool:
    """Whether the segment is already there in a tree being written."""
    segment = route.base(node, run)
    for step in route.steps:
        segment = segment.made.get(step)
        if segment is None:
            return False
    return True


def another(route: Route, node: Node, run: Run) -> Segment:
    """A new last segment, beneath the route's other steps."""
    if not route.steps:
        segment: Segment = route.base(node, run)
        return segment
    parent: Segment = route.base(node, run)
    for tag, test in route.steps[:-1]:
        parent = parent.child(tag, test)
    return parent.add(*route.steps[-1])
