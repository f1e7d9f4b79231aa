"""API tokens: each proves a partner or a role; only their hashes are kept."""

import secrets

from sqlalchemy import insert, select

from router.ports import Bearer
from store.database import Database
from store.digest import sha256
from store.tables import token


class Access:
    """Issues tokens and says whom they prove."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def issue(self, *, partner: str | None = None, role: str | None = None) -> str:
        """A new token for a partner or a role, shown this once."""
        issued = f"cd_{secrets.token_urlsafe(32)}"
        row = {"sha256": sha256(issued), "partner": partner, "role": role}
        await self._database.write(
            lambda transaction: transaction.execute(insert(token).values(row | {"issued_at": transaction.now}))
        )
        return issued

    async def bearer(self, presented: str) -> Bearer | None:
        """Whom a token proves; None when it was never issued."""
        digest = sha256(presented)
        found = await self._database.read(
            lambda transaction: transaction.execute(select(token).where(token.c.sha256 == digest)).one_or_none()
        )
        return Bearer(found.partner, found.role) if found else None
