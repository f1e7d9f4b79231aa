"""The base of every canonical document."""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, JsonValue

from canonical.model import Model

Usage = Literal["production", "test"]


class Document(Model):
    """One canonical document. `kind` is the class's name; `schema_version` rises when a field changes its meaning."""

    kinds: ClassVar[dict[str, type["Document"]]] = {}

    schema_version: Literal[1] = 1
    usage: Usage = "production"
    extensions: dict[str, JsonValue] = Field(default_factory=dict)
    """What the source said and no field holds, under the name of its origin, e.g. `x12`, `shopify`."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        Document.kinds[cls.__name__] = cls

    @property
    def kind(self) -> str:
        """The canonical name, as in `PurchaseOrder`."""
        return type(self).__name__

    @property
    def identity(self) -> str:
        """The business identity within (sender, kind): number, and what distinguishes documents of one number."""
        return str(getattr(self, "number", ""))

    def as_json(self) -> dict[str, Any]:
        """The document as outsiders read it: decimals and dates as texts, absent values left out."""
        return self.model_dump(mode="json", exclude_none=True)

    def changed(self, **fields: Any) -> Self:
        """A copy with some fields replaced by already valid values."""
        return self.model_copy(update=fields)


def document_of(kind: str, content: str | bytes) -> Document:
    """Build a stored document again from its kind and JSON."""
    return Document.kinds[kind].model_validate_json(content)
