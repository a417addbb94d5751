"""What is expected of a token, by issuer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from groundwire_server.adapters.authentication.key_sets import check_place
from groundwire_server.domain.caller import Caller, Role

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"})
"""Signatures by public keys. None with a shared secret: a public key must never serve as one."""


@dataclass(frozen=True, slots=True)
class ClaimPaths:
    """Where a token says who calls: names of claims, or paths into them such as `realm.roles`."""

    tenant: str = "tenant"
    subject: str = "sub"
    principals: str = "groups"
    roles: str = "roles"


@dataclass(frozen=True, slots=True)
class IssuerOptions:
    """One issuer of tokens.

    Attributes:
        issuer: its name, which `iss` must equal.
        audience: what `aud` must name.
        jwks: its key set: a URL, or a file's path.
        algorithms: those accepted, whatever a token asks for.
        refresh_seconds: how often the key set is read again.
        skew_seconds: how far its clock may be from ours.
        claims: where its tokens say who calls.
        roles: what its words for roles mean; a word that is the name of a role needs no entry.
    """

    issuer: str
    audience: str
    jwks: str
    algorithms: Sequence[str] = ("RS256", "ES256")
    refresh_seconds: float = 300.0
    skew_seconds: float = 30.0
    claims: ClaimPaths = ClaimPaths()
    roles: Mapping[str, Role] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wrong = sorted(set(self.algorithms) - ALGORITHMS)
        if wrong or not self.algorithms:
            allowed = ", ".join(sorted(ALGORITHMS))
            raise ValueError(f"algorithms of tokens: {', '.join(wrong) or 'none'} cannot be accepted; use {allowed}")
        if not self.issuer or not self.audience:
            raise ValueError("tokens need an issuer and an audience to be checked against")
        if self.refresh_seconds < 1.0 or self.skew_seconds < 0.0:
            raise ValueError("refresh_seconds must be at least 1, skew_seconds at least 0")
        check_place(self.jwks)

    def caller(self, claims: Mapping[str, object]) -> Caller:
        """Who the claims say calls.

        Raises:
            ValueError: when they do not say it.
        """
        words = _words(_at(claims, self.claims.roles))
        roles = {role for word in words if (role := self.roles.get(word) or _ROLES.get(word)) is not None}
        tenant, subject = _at(claims, self.claims.tenant), _at(claims, self.claims.subject)
        if not isinstance(tenant, str) or not isinstance(subject, str):
            raise ValueError("the claims of tenant and subject must be strings")
        return Caller.checked(tenant, subject, frozenset(_words(_at(claims, self.claims.principals))), roles)


_ROLES: Mapping[str, Role] = {role.value: role for role in Role}


def _at(claims: Mapping[str, object], path: str) -> object:
    """The claim of that whole name, as names may hold dots; else what the path leads to."""
    if path in claims:
        return claims[path]
    value: object = claims
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _words(value: object) -> Sequence[str]:
    """A list of strings, or one string; it is never split, for a group's name may hold spaces."""
    if value is None:
        return ()
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError("the claims of principals and roles must be strings or lists of strings")
    return words
