"""What a manifest says of pushed events: how they prove themselves, and what each topic brings."""

from datetime import timedelta
from ipaddress import ip_network
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from canonical import Text
from connectors.manifest_auth import Credential
from connectors.manifest_limits import Path, Template, TextTemplate
from mappings.yaml_model import ConfigModel


class Timestamp(ConfigModel):
    """What says when an event was sent: a header, or a part of the signature's own. One sent longer ago (or ahead) than
    `window` is refused."""

    header: Text | None = None
    reads: Literal["iso", "epoch", "epoch_ms", "rfc2822"] = "iso"
    window: timedelta = timedelta(minutes=5)


class Parts(ConfigModel):
    """The names of a signature header's parts, such as `t=1492774577,v1=5257a869e7`. While a sender changes its key
    there may be several signatures, of which one must hold."""

    signature: Text
    timestamp: Text | None = None
    separator: str = Field(default=",", min_length=1)


class Hmac(ConfigModel):
    """An HMAC over the raw body, or over `signed`, which may name `{method}`, `{path}`, `{timestamp}`, `{body}`,
    `{body_sha256}` (hexadecimal) and `{headers.NAME}` (in lower case)."""

    kind: Literal["hmac"]
    algorithm: Literal["sha256", "sha512", "sha1"] = "sha256"
    header: Text
    encoding: Literal["base64", "hex"]
    prefix: str = ""
    parts: Parts | None = None
    """Where the header holds more than the signature."""
    key: Credential
    normalized: Literal["NFC", "NFD", "NFKC", "NFKD"] | None = None
    """The Unicode form that the key is brought into first."""
    signed: Credential = "{body}"
    timestamp: Timestamp | None = None

    @model_validator(mode="after")
    def _held(self) -> Self:
        if ("{timestamp}" in self.signed) != (self.timestamp is not None):
            raise ValueError("a signed {timestamp} has its header and window under timestamp, and only such a one")
        within = self.parts is not None and self.parts.timestamp is not None
        if self.timestamp and within == (self.timestamp.header is not None):
            raise ValueError("a timestamp is either in a header of its own or a part of the signature's")
        return self


class SharedSecret(ConfigModel):
    """A header that holds what only the two of us know."""

    kind: Literal["shared_secret"]
    header: Text
    value: Credential


class BasicProof(ConfigModel):
    """RFC 7617: they log in with us."""

    kind: Literal["basic"]
    username: Credential
    password: Credential


class PublicKey(ConfigModel):
    """A signature (ECDSA) over the raw body, by a key of theirs that is asked for by its id and kept for a while.

    The header is base64 of a JSON object that holds the key's id and the signature, in base64 too.
    """

    kind: Literal["public_key"]
    header: Text
    key_id: Path = "kid"
    signature: Path = "signature"
    digest: Literal["sha1", "sha256"] = "sha256"
    path: TextTemplate
    """Where the key `{key_id}` is asked for, below the base URL."""
    key: Path = "key"
    """Where the answer holds it (PEM)."""
    keep: timedelta = timedelta(hours=1)


class NoProof(ConfigModel):
    """The sender proves nothing: only its address tells, so `addresses` are needed."""

    kind: Literal["none"]


Signature = Annotated[Hmac | SharedSecret | BasicProof | PublicKey | NoProof, Field(discriminator="kind")]


class Challenge(ConfigModel):
    """How an address proves that it is ours before events are sent there.

    `echo` answers with the query parameter itself; `hash` with `answer`, where `{hash}` is the digest of `of`, in
    which the parameter is `{challenge}`.
    """

    kind: Literal["echo", "hash"]
    query: Text
    of: Credential = "{challenge}"
    answer: Template = "{hash}"


class InBody(ConfigModel):
    """A value of the body in the place of a header, or several that only together tell one event from another."""

    body: Path | tuple[Path, ...]


class Topic(ConfigModel):
    """What a webhook's topic brings. Without a map it is acknowledged, kept and left alone."""

    kind: Text | None = None
    map: Text | None = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.kind is None) != (self.map is None):
            raise ValueError("a topic names a canonical kind and a map, or neither")
        return self


class Webhooks(ConfigModel):
    """How pushed events prove themselves and name what they bring."""

    docs: str = ""
    signature: tuple[Signature, ...] = Field(min_length=1)
    """One proof, or several of which one must hold."""
    addresses: tuple[str, ...] = ()
    """The networks that events come from, such as `203.0.113.0/24`; none: anywhere."""
    challenge: Challenge | None = None
    delivery_id: Text | InBody
    """The header, or place in the body, that is the same when an event is delivered again."""
    topic: Text | InBody
    """The header, or place in the body, that names the topic."""
    expect: dict[str, TextTemplate] = Field(default_factory=dict)
    """Headers that must have this value, such as the shop's own name."""
    topics: dict[str, Topic] = Field(min_length=1)

    @field_validator("signature", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return value if isinstance(value, list | tuple) else (value,)

    @field_validator("addresses")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network)
        return value

    @model_validator(mode="after")
    def _proved(self) -> Self:
        if any(proof.kind == "none" for proof in self.signature) and not self.addresses:
            raise ValueError("a sender that proves nothing is known by its addresses alone; name them")
        return self
