"""How a partner's bytes travel: `transport:` of its profile."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from canonical import Text
from connectors.connection import SecretReference
from mappings.yaml_model import ConfigModel


class SftpServer(ConfigModel):
    """A partner's SFTP server and how we log in to it.

    `host_keys` are the server's public keys as OpenSSH writes them; no other key is ever accepted. `key` is our private
    key in OpenSSH or PEM form, `passphrase` what opens it. With a key and a password the server gets both.
    """

    host: str = Field(pattern=r"^[A-Za-z0-9._:-]+$")
    port: int = Field(default=22, ge=1, le=65535)
    user: Text
    host_keys: tuple[Text, ...] = Field(min_length=1)
    key: SecretReference | None = None
    passphrase: SecretReference | None = None
    password: SecretReference | None = None
    timeout: timedelta = Field(default=timedelta(seconds=30), gt=timedelta(0))
    """How long the server may take for one step: the log-in, a listing's next entry, a chunk of a file."""

    @field_validator("host_keys")
    @classmethod
    def _public_keys(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        from asyncssh import KeyImportError, import_public_key

        for key in keys:
            try:
                import_public_key(key)
            except KeyImportError:
                message = "not a public key such as 'ssh-ed25519 AAAAC3...'; copy the part of ssh-keyscan's line after"
                raise ValueError(f"{message} the host, once the partner confirmed its fingerprint") from None
        return keys

    @model_validator(mode="after")
    def _proof(self) -> "SftpServer":
        if self.key is None and self.password is None:
            raise ValueError("add 'key: {file: PATH}' or 'password: {env: NAME}'; without one nobody can log in")
        if self.passphrase and self.key is None:
            raise ValueError("a passphrase opens a key; add 'key', or remove 'passphrase'")
        return self

    @property
    def place(self) -> str:
        """The server as a URL: who logs in where."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"sftp://{self.user}@{host}:{self.port}"

    def url(self, directory: str) -> str:
        """A directory on it; `~` stands for the log-in directory."""
        return f"{self.place}{directory if directory.startswith('/') else f'/~/{directory}'}".rstrip("/")


class Inbound(ConfigModel):
    """The directory we take their files from, in the data directory. `settle` is how long a file must not have changed
    before it is taken; 0 when they rename finished files into place."""

    directory: Text
    patterns: tuple[Text, ...] = ("*",)
    settle: timedelta = timedelta(seconds=2)

    @field_validator("directory")
    @classmethod
    def _inside(cls, directory: str) -> str:
        return inside_data(directory)


class RemoteInbound(ConfigModel):
    """The directory on their server we take files from; one not from the root is below the log-in directory.

    A file must stand still for `settle` (0 when they rename finished files into place). `after` says what becomes of
    one that was taken: into `archive/` beside it, deleted, or left where it is and remembered.
    """

    remote: Text
    patterns: tuple[Text, ...] = ("*",)
    settle: timedelta = Field(default=timedelta(seconds=10), ge=timedelta(0))
    every: timedelta = Field(default=timedelta(seconds=10), ge=timedelta(seconds=1))
    """How often to look."""
    after: Literal["archive", "delete", "leave"] = "archive"

    @field_validator("remote")
    @classmethod
    def _straight(cls, directory: str) -> str:
        return straight(directory)


class Outbound(ConfigModel):
    """The directory we put their files into, in the data directory."""

    directory: Text

    @field_validator("directory")
    @classmethod
    def _inside(cls, directory: str) -> str:
        return inside_data(directory)


class RemoteOutbound(ConfigModel):
    """The directory on their server we put files into."""

    remote: Text

    @field_validator("remote")
    @classmethod
    def _straight(cls, directory: str) -> str:
        return straight(directory)


def _where(way: object) -> str:
    remote = "remote" in way if isinstance(way, Mapping) else isinstance(way, RemoteInbound | RemoteOutbound)
    return "remote" if remote else "local"


WayIn = Annotated[Annotated[Inbound, Tag("local")] | Annotated[RemoteInbound, Tag("remote")], Discriminator(_where)]
WayOut = Annotated[Annotated[Outbound, Tag("local")] | Annotated[RemoteOutbound, Tag("remote")], Discriminator(_where)]


class Transport(ConfigModel):
    """How bytes travel: through a directory in the data directory, or one on their SFTP server."""

    sftp: SftpServer | None = None
    inbound: WayIn | None = None
    outbound: WayOut | None = None

    @model_validator(mode="after")
    def _served(self) -> "Transport":
        used = isinstance(self.inbound, RemoteInbound) or isinstance(self.outbound, RemoteOutbound)
        if used and self.sftp is None:
            raise ValueError("'remote' is a directory on their server; add 'sftp' with host, user, host_keys and key")
        if self.sftp and not used:
            raise ValueError("'sftp' is not used; add 'inbound: {remote: DIRECTORY}' or 'outbound', or remove it")
        return self

    @property
    def local(self) -> bool:
        """Whether both ways are directories in the data directory."""
        return isinstance(self.inbound, Inbound) and isinstance(self.outbound, Outbound)

    @property
    def source(self) -> str | None:
        """The place their files come from, one text for one place."""
        if isinstance(self.inbound, RemoteInbound) and self.sftp:
            return self.sftp.url(self.inbound.remote)
        return self.inbound.directory if isinstance(self.inbound, Inbound) else None


def inside_data(directory: str) -> str:
    """A directory relative to the data directory, or `ValueError`."""
    if directory.startswith(("/", "~")) or ".." in directory.split("/"):
        raise ValueError("give a path inside the data directory, without '..' and not from the root")
    return directory


def straight(directory: str) -> str:
    """A directory on a server, said without detours, or `ValueError`."""
    if directory.startswith("~") or ".." in directory.split("/"):
        raise ValueError("give the path without '..' and '~'; one not from the root is below the log-in directory")
    return directory
