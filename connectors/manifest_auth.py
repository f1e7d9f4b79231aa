"""How a connector proves who it is, and how those who call it do."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from canonical import Text
from connectors.engine.template import refuse_bad_paths
from mappings.yaml_model import ConfigModel


def _readable(template: str) -> str:
    refuse_bad_paths(template)
    return template


Credential = Annotated[str, AfterValidator(_readable)]
"""A template over the settings, such as `{settings.access_token}`."""


class NoAuth(ConfigModel):
    """Nothing to prove."""

    kind: Literal["none"] = "none"


class ApiKey(ConfigModel):
    """A fixed key in a header or in the query."""

    kind: Literal["api_key"]
    place: Literal["header", "query"] = Field(default="header", alias="in")
    name: Text
    value: Credential


class Basic(ConfigModel):
    """RFC 7617."""

    kind: Literal["basic"]
    username: Credential
    password: Credential


class Bearer(ConfigModel):
    """RFC 6750, a token that doesn't expire while we use it."""

    kind: Literal["bearer"]
    token: Credential


class OAuth2(ConfigModel):
    """RFC 6749: the client's own grant (4.4) or a refresh token (6)."""

    kind: Literal["oauth2"]
    grant: Literal["client_credentials", "refresh_token"]
    token_url: Credential
    client_id: Credential
    client_secret: Credential
    client_auth: Literal["basic", "body"] = "basic"
    refresh_token: Credential | None = None
    scope: str | None = None
    header: str = "Authorization"
    prefix: str = "Bearer "
    token_headers: dict[str, Credential] = Field(default_factory=dict)


Auth = Annotated[NoAuth | ApiKey | Basic | Bearer | OAuth2, Field(discriminator="kind")]


class Hmac(ConfigModel):
    """An HMAC over the raw body."""

    kind: Literal["hmac"]
    algorithm: Literal["sha256", "sha512", "sha1"] = "sha256"
    header: Text
    encoding: Literal["base64", "hex"]
    prefix: str = ""
    key: Credential


class SharedSecret(ConfigModel):
    """A header that holds what only the two of us know."""

    kind: Literal["shared_secret"]
    header: Text
    value: Credential


Signature = Annotated[Hmac | SharedSecret, Field(discriminator="kind")]
