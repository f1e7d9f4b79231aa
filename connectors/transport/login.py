"""What proves us to a partner's SFTP server, fetched from where the profile says it lies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from canonical import Misconfigured
from connectors.secret import Redaction, Secret
from connectors.transport.settings import SftpServer

if TYPE_CHECKING:
    from asyncssh import SSHKey


@dataclass(frozen=True, slots=True)
class Login:
    """A server with the secrets that open it."""

    server: SftpServer
    secrets: Mapping[str, Secret]
    """`key`, `passphrase`, `password`: those that are there."""
    missing: Mapping[str, str]
    """Those that are not, and where each was looked for."""

    def require(self) -> None:
        """Raise `Misconfigured` unless every secret is there."""
        for name, place in self.missing.items():
            raise Misconfigured(f"{self.server.place}: {name} has no value; set {place}")

    @property
    def password(self) -> str | None:
        """The password, where one is used."""
        password = self.secrets.get("password")
        return password.reveal() if password else None

    def private_key(self) -> "SSHKey | None":
        """Our private key, where one is used. Raises `Misconfigured` when the secret is no key that opens."""
        from asyncssh import KeyEncryptionError, KeyImportError, import_private_key

        key, passphrase = self.secrets.get("key"), self.secrets.get("passphrase")
        if key is None:
            return None
        try:
            return import_private_key(key.reveal() + "\n", passphrase.reveal() if passphrase else None)
        except (KeyEncryptionError, KeyImportError):
            message = "is no private key in OpenSSH or PEM form, or its passphrase is another"
            raise Misconfigured(f"{self.server.place}: {self.server.key} {message}") from None

    def faults(self) -> Iterator[tuple[str, str, str]]:
        """What would forbid logging in: the setting, the finding's code, the message."""
        for name, place in self.missing.items():
            yield name, "secret-missing", f"{name} has no value yet; set {place}"
        if self.missing:
            return
        try:
            self.private_key()
        except Misconfigured as error:
            yield "key", "secret-unusable", error.message

    @property
    def redaction(self) -> Redaction:
        """Hides the secrets."""
        return Redaction(self.secrets.values())


def login_of(server: SftpServer, environment: Mapping[str, str]) -> Login:
    """Fetch the secrets that the server's settings refer to."""
    references = {"key": server.key, "passphrase": server.passphrase, "password": server.password}
    wanted = {name: reference for name, reference in references.items() if reference}
    found = {name: reference.resolve(environment) for name, reference in wanted.items()}
    return Login(
        server=server,
        secrets={name: secret for name, secret in found.items() if secret},
        missing={name: str(wanted[name]) for name, secret in found.items() if not secret},
    )
