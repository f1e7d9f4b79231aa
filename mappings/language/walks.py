"""How the nodes that a path's branches reach are visited when reading, and made when writing."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mappings.language.rule import Read, Write
from mappings.paths.navigation import Branch, Node, Run

if TYPE_CHECKING:
    from mappings.language.compiler import Compiler


def walker(
    compiler: "Compiler", branches: Sequence[Branch], body: Read, *, numbered: bool
) -> Callable[[Node, Run, list[Any]], None]:
    """What visits every node the branches reach and collects what `body` gives."""
    branch, *rest = branches
    inner = walker(compiler, rest, body, numbered=numbered) if rest else None

    def step(item: Node, run: Run, found: list[Any]) -> None:
        if inner:
            inner(item, run, found)
        else:
            value = body(item, run)
            if value is not None:
                found.append(value)

    if compiler.tracing:
        return _tracing_walk(branch, step, numbered=numbered and inner is None, last=inner is None)
    if branch.scope.indexed and inner:
        return _numbering_walk(branch, step)
    return _numbered_walk(branch, body) if branch.scope.indexed else _plain_walk(branch, body, inner)


def _plain_walk(
    branch: Branch, body: Read, inner: Callable[[Node, Run, list[Any]], None] | None
) -> Callable[[Node, Run, list[Any]], None]:
    find = branch.find

    def walk(node: Node, run: Run, found: list[Any]) -> None:
        nodes = find(node, run)
        if nodes:
            run.up.append(node)
            if inner:
                for item in nodes:
                    inner(item, run, found)
            else:
                found.extend([value for item in nodes if (value := body(item, run)) is not None])
            run.up.pop()

    return walk


def _numbered_walk(branch: Branch, body: Read) -> Callable[[Node, Run, list[Any]], None]:
    find = branch.find

    def walk(node: Node, run: Run, found: list[Any]) -> None:
        index = run.index
        run.up.append(node)
        index.append(0)
        for item in find(node, run):
            index[-1] += 1
            value = body(item, run)
            if value is not None:
                found.append(value)
        index.pop()
        run.up.pop()

    return walk


def _numbering_walk(
    branch: Branch, step: Callable[[Node, Run, list[Any]], None]
) -> Callable[[Node, Run, list[Any]], None]:
    def walk(node: Node, run: Run, found: list[Any]) -> None:
        run.up.append(node)
        for number, item in enumerate(branch.find(node, run), 1):
            run.index.append(number)
            step(item, run, found)
            run.index.pop()
        run.up.pop()

    return walk


def _tracing_walk(
    branch: Branch, step: Callable[[Node, Run, list[Any]], None], *, numbered: bool, last: bool
) -> Callable[[Node, Run, list[Any]], None]:
    def walk(node: Node, run: Run, found: list[Any]) -> None:
        nodes = branch.standing(node, run) if branch.standing else list(enumerate(branch.find(node, run)))
        before = run.before
        if last:
            run.before = 0
        run.up.append(node)
        for number, (index, item) in enumerate(nodes, 1):
            run.spots.append(branch.spot(run.spots[-1], index))
            run.index.append(number)
            if numbered:
                run.path.append(before + len(found))
            step(item, run, found)
            if numbered:
                run.path.pop()
            run.index.pop()
            run.spots.pop()
        run.up.pop()
        run.before = before

    return walk


def grower(branches: Sequence[Branch]) -> Callable[[Node, Run, Any, Write], None]:
    """What makes a node for a value and writes the value into it."""

    def grow(node: Node, run: Run, value: Any, put: Write) -> None:
        depth = len(run.up)
        for branch in branches:
            run.up.append(node)
            node = branch.make(node, run)
        put(value, node, run)
        if branches[-1].close:
            branches[-1].close(node)
        del run.up[depth:]

    return grow
