"""The issuers of tokens, and the callers that their tokens identify."""

from collections.abc import Mapping, Sequence

from pydantic import Field, field_validator

from groundwire_server.adapters.authentication.key_sets import check_place
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.options import Options

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"})
"""Signatures by public keys. None with a shared secret: a public key must never serve as one."""


class ClaimOptions(Options):
    """The claims of a token that identify the caller: names of claims, or paths into them such as `realm.roles`."""

    tenant: str = Field("tenant", min_length=1, description="The tenant.")
    subject: str = Field("sub", min_length=1, description="The subject.")
    principals: str = Field("groups", min_length=1, description="The principals, a string or a list of them.")
    roles: str = Field("roles", min_length=1, description="The roles, a string or a list of them.")


class IssuerOptions(Options):
    """An issuer of tokens (JWT)."""

    issuer: str = Field(
        min_length=1, description="The name of the issuer, which `iss` must equal.", examples=["https://id.example.com"]
    )
    audience: str = Field(min_length=1, description="The audience that `aud` must contain.", examples=["groundwire"])
    jwks: str = Field(
        min_length=1,
        description="The key set: an https:// URL, or the path of a file.",
        examples=["https://id.example.com/jwks.json"],
    )
    algorithms: tuple[str, ...] = Field(
        ("RS256", "ES256"),
        min_length=1,
        description="Signature algorithms that are accepted, whatever a token asks for.",
    )
    refresh_seconds: float = Field(300.0, ge=1, le=86_400, description="Seconds between two reads of the key set.")
    skew_seconds: float = Field(30.0, ge=0, le=600, description="Clock skew that is tolerated, in seconds.")
    claims: ClaimOptions = Field(default_factory=ClaimOptions, description="The claims that identify the caller.")
    roles: dict[str, Role] = Field(
        default_factory=dict,
        description="Roles by the issuer's names for them; the name of a role needs no entry.",
        examples=[{"platform-admins": "admin"}],
    )

    @field_validator("algorithms")
    @classmethod
    def _asymmetric(cls, algorithms: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := sorted(set(algorithms) - ALGORITHMS):
            allowed = ", ".join(sorted(ALGORITHMS))
            raise ValueError(f"{', '.join(map(repr, wrong))} cannot be accepted; use {allowed}")
        return algorithms

    @field_validator("jwks")
    @classmethod
    def _readable(cls, place: str) -> str:
        check_place(place)
        return place

    def caller(self, claims: Mapping[str, object]) -> Caller:
        """Return the caller that the claims identify.

        Raises:
            ValueError: when they do not identify one.
        """
        words = _words(_at(claims, self.claims.roles))
        roles = {role for word in words if (role := self.roles.get(word) or _ROLES.get(word)) is not None}
        tenant, subject = _at(claims, self.claims.tenant), _at(claims, self.claims.subject)
        if not isinstance(tenant, str) or not isinstance(subject, str):
            raise ValueError("the claims of tenant and subject must be strings")
        return Caller.checked(tenant, subject, frozenset(_words(_at(claims, self.claims.principals))), roles)


_ROLES: Mapping[str, Role] = {role.value: role for role in Role}


def _at(claims: Mapping[str, object], path: str) -> object:
    """Return the claim of that whole name, since names may hold dots, or else the value at the path."""
    if path in claims:
        return claims[path]
    value: object = claims
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _words(value: object) -> Sequence[str]:
    """Return the words of a list of strings, or of one string; it is never split, since names may hold spaces."""
    if value is None:
        return ()
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError("the claims of principals and roles must be strings or lists of strings")
    return words
