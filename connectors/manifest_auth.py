"""How a connector proves who it is to those it calls."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from canonical import Text
from connectors.engine.template import refuse_bad_paths
from connectors.manifest_limits import Path, Template, readable_path
from mappings.yaml_model import ConfigModel


def _readable(template: str) -> str:
    refuse_bad_paths(template)
    return template


Credential = Annotated[str, AfterValidator(_readable)]
"""A template over the settings, such as `{settings.access_token}`."""


def _place(text: str) -> str:
    return _readable(text) if "{" in text else readable_path(text)


TokenPlace = Annotated[str, AfterValidator(_place)]
"""A path into an answer, or with braces a text made of several: `{user.id}:{session}`."""


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
    """RFC 6749: the client's own grant (4.4), a refresh token (6), or a person's consent (4.1) with PKCE (RFC 7636),
    asked for by `crossdock connector login`.

    A refresh token that comes with an access token replaces the one before it, and is kept on the disk.
    """

    kind: Literal["oauth2"]
    grant: Literal["client_credentials", "refresh_token", "authorization_code"]
    token_url: Credential
    authorize_url: Credential | None = None
    """Where a person consents."""
    authorize_query: dict[str, Credential] = Field(default_factory=dict)
    """What the vendor wants to know there beside RFC 6749's own."""
    redirect_uri: Credential | None = None
    """Where the person is sent back to, if the vendor takes no loopback address: that address is then pasted."""
    client_id: Credential
    client_secret: Credential
    client_auth: Literal["basic", "body"] = "basic"
    refresh_token: Credential | None = None
    scope: str | None = None
    header: str = "Authorization"
    prefix: str = "Bearer "
    prefixes: dict[str, str] = Field(default_factory=dict)
    """By pattern of a call's path, such as `/post-order/*`, what stands before the token there instead."""
    token_headers: dict[str, Credential] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.grant == "refresh_token") != (self.refresh_token is not None):
            raise ValueError("the grant refresh_token, and no other, has a refresh_token")
        if (self.grant == "authorization_code") != (self.authorize_url is not None):
            raise ValueError("the grant authorization_code, and no other, has an authorize_url")
        return self


class OAuth1(ConfigModel):
    """RFC 5849: every request is signed with HMAC."""

    kind: Literal["oauth1"]
    consumer_key: Credential
    consumer_secret: Credential
    token: Credential = ""
    token_secret: Credential = ""
    algorithm: Literal["sha256", "sha1"] = "sha256"
    realm: Credential | None = None


class TokenExchange(ConfigModel):
    """A token got by a request of the vendor's own: a log-in, a session, a token for restricted data."""

    kind: Literal["token_exchange"]
    url: Credential
    method: Literal["GET", "POST"] = "POST"
    headers: dict[str, Credential] = Field(default_factory=dict)
    body: Template = None
    encoding: Literal["json", "form"] = "json"
    token: TokenPlace = "access_token"  # noqa: S105 - a path
    """Where the answer holds it, or what it is made of; the empty path when it is the whole answer."""
    expires_in: Path | None = None
    """Where the answer says for how many seconds it lives, else it lives `lifetime`."""
    lifetime: timedelta = timedelta(hours=1)
    header: str = "Authorization"
    prefix: Credential = "Bearer "


Auth = Annotated[NoAuth | ApiKey | Basic | Bearer | OAuth2 | OAuth1 | TokenExchange, Field(discriminator="kind")]
