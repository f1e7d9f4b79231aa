"""The files we exchange with partners: who puts theirs where, and where ours go."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from canonical.exchange import Arrival
from connectors.configuration import Trade
from connectors.personal_data import Folders
from connectors.profile import Profile
from connectors.transport.couriers import Courier
from connectors.transport.directory import ARCHIVE, REFUSED, DirectoryCourier, DirectoryPickup
from connectors.transport.settings import Inbound, Outbound, RemoteInbound, RemoteOutbound

if TYPE_CHECKING:
    from connectors.transport.sftp_session import SftpSession


class Pickup(Protocol):
    """A watched place."""

    @property
    def name(self) -> str: ...

    def collect(self) -> AsyncIterator[Arrival]: ...


@dataclass(frozen=True, slots=True)
class FileExchange:
    """The ways of files, in and out."""

    pickups: Sequence[Pickup]
    couriers: Mapping[str, Courier]
    """By partner."""
    sessions: Sequence["SftpSession"]
    folders: Folders
    """Where files lie that we put there."""

    async def close(self) -> None:
        """Log out everywhere."""
        for session in self.sessions:
            await session.close()


def file_exchange(trade: Trade, data: Path) -> FileExchange:
    """The exchange with every partner who has a directory, in the data directory or on a server of its own."""
    pickups: list[Pickup] = []
    couriers: dict[str, Courier] = {}
    sessions = _sessions(trade)
    for profile in trade.partners.by_id.values():
        session = sessions.get(profile.partner)
        if pickup := _pickup(profile, data, trade.settings.listen.largest_body, session):
            pickups.append(pickup)
        if courier := _courier(profile, data, session):
            couriers[profile.partner] = courier
    return FileExchange(pickups, couriers, list(sessions.values()), _folders(pickups, couriers))


def _folders(pickups: Sequence[Pickup], couriers: Mapping[str, Courier]) -> Folders:
    watched = [pickup.directory for pickup in pickups if isinstance(pickup, DirectoryPickup)]
    return Folders(
        archives=[directory / ARCHIVE for directory in watched],
        refused=[directory / REFUSED for directory in watched],
        outbound=[courier.directory for courier in couriers.values() if isinstance(courier, DirectoryCourier)],
    )


def _sessions(trade: Trade) -> Mapping[str, "SftpSession"]:
    """One for each server: what comes in and what goes out share it."""
    if not trade.logins:
        return {}
    from connectors.transport.sftp_session import SftpSession

    return {partner: SftpSession(login) for partner, login in trade.logins.items()}


def _pickup(profile: Profile, data: Path, largest: int, session: "SftpSession | None") -> Pickup | None:
    name, inbound = f"{profile.partner}/inbound", profile.transport.inbound
    if isinstance(inbound, Inbound):
        settle = inbound.settle.total_seconds()
        return DirectoryPickup(
            name, profile.partner, data / inbound.directory, inbound.patterns, settle=settle, largest=largest
        )
    if not isinstance(inbound, RemoteInbound) or session is None:
        return None
    from connectors.transport.remote_folder import RemoteFolder
    from connectors.transport.sftp import SftpPickup
    from connectors.transport.taken import TakenFiles

    return SftpPickup(
        name=name,
        source=profile.partner,
        folder=RemoteFolder(session, inbound.remote),
        taken=TakenFiles(data / "taken" / f"{profile.partner}.jsonl"),
        patterns=inbound.patterns,
        settle=inbound.settle.total_seconds(),
        every=inbound.every.total_seconds(),
        after=inbound.after,
        largest=largest,
    )


def _courier(profile: Profile, data: Path, session: "SftpSession | None") -> Courier | None:
    outbound = profile.transport.outbound
    if isinstance(outbound, Outbound):
        return DirectoryCourier(data / outbound.directory)
    if not isinstance(outbound, RemoteOutbound) or session is None:
        return None
    from connectors.transport.remote_folder import RemoteFolder
    from connectors.transport.sftp import SftpCourier

    return SftpCourier(RemoteFolder(session, outbound.remote))
