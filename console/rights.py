"""What each role may do, and who is asking."""

from dataclasses import dataclass
from typing import Literal

Right = Literal["read", "availability", "inside", "send", "stock", "mend"]
"""read: orders and documents; availability: what can be promised; inside: explanations, exceptions, other
partners' documents; send: documents and orders; stock: set it, and say what is sold, to
whom and at what price; mend: retry and resolve exceptions."""

PARTNER_RIGHTS: frozenset[Right] = frozenset({"read", "availability", "send"})
"""A partner's token; what it reads is its own alone."""

ROLES: dict[str, frozenset[Right]] = {
    "viewer": frozenset({"read", "availability", "inside"}),
    "erp": frozenset({"availability", "stock"}),
    "operator": frozenset({"read", "availability", "inside", "send", "stock", "mend"}),
    "admin": frozenset({"read", "availability", "inside", "send", "stock", "mend"}),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a token or session proved."""

    partner: str | None
    role: str | None
    person: str | None = None

    @property
    def name(self) -> str:
        """How the caller is called in the audit trail: by name where the token has one."""
        return self.person or (f"partner {self.partner}" if self.partner else f"role {self.role}")

    def may(self, right: Right) -> bool:
        """Whether the caller has `right`."""
        return right in (PARTNER_RIGHTS if self.partner else ROLES.get(self.role or "", frozenset()))
