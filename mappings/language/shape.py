"""What kind of value a canonical field holds, read from its model."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel

Kind: TypeAlias = Literal["text", "decimal", "int", "bool", "moment", "instant", "model", "list", "dict", "json"]


@dataclass(frozen=True, slots=True)
class Shape:
    """A canonical type: `model` with its class, `list` and `dict` with the shape of what they hold."""

    kind: Kind
    model: type[BaseModel] | None = None
    item: "Shape | None" = None
    choices: tuple[str, ...] = ()

    def field(self, name: str) -> "Shape | None":
        """The shape of a model's field or of a dict's values; None when there is no such field."""
        if self.kind == "json":
            return self
        if self.kind == "dict":
            return self.item
        found = self.model.model_fields.get(name) if self.model else None
        return shape_of(found.annotation) if found else None


JSON = Shape("json")
TEXT = Shape("text")
_PLAIN: Mapping[Any, Shape] = {
    str: TEXT,
    int: Shape("int"),
    bool: Shape("bool"),
    Decimal: Shape("decimal"),
    date: Shape("moment"),
    datetime: Shape("instant"),
    AwareDatetime: Shape("instant"),
}


def shape_of(annotation: Any) -> Shape:
    """The shape of a type as a canonical model annotates it."""
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return shape_of(parts[0])
    if origin in (Union, UnionType):
        return _shape_of_union([part for part in parts if part is not type(None)])
    if origin is Literal:
        return Shape("text", choices=tuple(map(str, parts)))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Shape("model", model=annotation)
    return _shape_of_container(origin, parts)


def _shape_of_container(origin: Any, parts: tuple[Any, ...]) -> Shape:
    if origin in (tuple, list):
        return Shape("list", item=shape_of(parts[0]))
    return Shape("dict", item=shape_of(parts[1])) if origin is dict else JSON


def _shape_of_union(parts: list[Any]) -> Shape:
    shapes = [shape_of(part) for part in parts]
    if {shape.kind for shape in shapes} == {"moment", "instant"}:
        return Shape("moment")
    return shapes[0] if len(shapes) == 1 else JSON
