"""The directories that partners' profiles name, below the data directory."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from connectors.profile import Profile
from connectors.transport.directory import DirectoryCourier, DirectoryPickup


def partner_pickups(profiles: Iterable[Profile], data: Path, largest: int) -> list[DirectoryPickup]:
    """One for each directory that a partner puts files into. A file beyond `largest` bytes is refused."""
    return [
        DirectoryPickup(
            name=f"{profile.partner}/inbound",
            source=profile.partner,
            directory=data / inbound.directory,
            patterns=inbound.patterns,
            settle=inbound.settle.total_seconds(),
            largest=largest,
        )
        for profile in profiles
        if (inbound := profile.transport.inbound)
    ]


def partner_couriers(profiles: Iterable[Profile], data: Path) -> Mapping[str, DirectoryCourier]:
    """One for each partner that takes files from a directory, by its id."""
    return {
        profile.partner: DirectoryCourier(data / profile.transport.outbound.directory)
        for profile in profiles
        if profile.transport.outbound
    }
