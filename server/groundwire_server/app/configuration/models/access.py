"""Who is let in."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from groundwire_server.adapters.authentication.certificates import CertificatePattern
from groundwire_server.adapters.authentication.issuers import ClaimPaths, IssuerOptions
from groundwire_server.app.access import AccessOptions
from groundwire_server.app.configuration.models.section import Section
from groundwire_server.domain.caller import TENANT_PATTERN, Role

Tenant = Annotated[str, Field(pattern=f"^{TENANT_PATTERN}$")]


class ApiKeys(Section):
    """API keys, made with `groundwire keys create`."""

    file: Path = Field(
        description="The file of keys; it holds their hashes alone, and is read again when it changes.",
        examples=["groundwire-keys.json"],
    )


class Claims(Section):
    """Where a token says who calls: names of claims, or paths into them such as `realm.roles`."""

    tenant: str = Field("tenant", min_length=1, description="The tenant.")
    subject: str = Field("sub", min_length=1, description="The subject.")
    principals: str = Field("groups", min_length=1, description="The principals, a string or a list of them.")
    roles: str = Field("roles", min_length=1, description="The roles, a string or a list of them.")


class Issuer(Section):
    """One issuer of tokens (JWT)."""

    issuer: str = Field(
        min_length=1, description="Its name, which `iss` must equal.", examples=["https://id.example.com"]
    )
    audience: str = Field(min_length=1, description="What `aud` must name.", examples=["groundwire"])
    jwks: str = Field(
        min_length=1,
        description="Its key set: an https:// URL, or a file's path.",
        examples=["https://id.example.com/jwks.json"],
    )
    algorithms: tuple[str, ...] = Field(("RS256", "ES256"), description="Signatures accepted.")
    refresh_seconds: float = Field(300.0, ge=1, le=86_400, description="How often the key set is read again.")
    skew_seconds: float = Field(30.0, ge=0, le=600, description="How far its clock may be from ours.")
    claims: Claims = Field(default_factory=Claims, description="Where its tokens say who calls.")
    roles: dict[str, Role] = Field(
        default_factory=dict,
        description="Its words for roles; a role's own name needs no row.",
        examples=[{"platform-admins": "admin"}],
    )

    @model_validator(mode="after")
    def _usable(self) -> Self:
        self.options()
        return self

    def options(self) -> IssuerOptions:
        """What the verifier takes."""
        return IssuerOptions(
            self.issuer,
            self.audience,
            self.jwks,
            self.algorithms,
            self.refresh_seconds,
            self.skew_seconds,
            ClaimPaths(self.claims.tenant, self.claims.subject, self.claims.principals, self.claims.roles),
            self.roles,
        )


class Certificates(Section):
    """Client certificates as credentials; they need `server.tls.client_ca`."""

    pattern: str = Field(
        description="The URI or DNS name that says who calls, with {tenant} and {subject} in their places.",
        examples=["spiffe://example.org/tenant/{tenant}/service/{subject}"],
    )
    roles: frozenset[Role] = Field(frozenset({Role.READER}), description="What such callers may do.")
    principals: frozenset[str] = Field(frozenset(), description="What they may see as.")

    @model_validator(mode="after")
    def _usable(self) -> Self:
        self.options()
        return self

    def options(self) -> CertificatePattern:
        """What the verifier takes."""
        return CertificatePattern(self.pattern, self.roles, self.principals)


class Authentication(Section):
    """How callers prove who they are. Without any of it they are believed, on this machine alone."""

    api_keys: ApiKeys | None = Field(None, description="API keys in a file.")
    tokens: tuple[Issuer, ...] = Field((), description="Issuers of tokens (JWT).")
    certificates: Certificates | None = Field(None, description="Client certificates.")

    def options(self, tenants: tuple[str, ...] | None) -> AccessOptions:
        """What `app/access.py` takes."""
        return AccessOptions(
            None if self.api_keys is None else self.api_keys.file,
            tuple(issuer.options() for issuer in self.tokens),
            None if self.certificates is None else self.certificates.options(),
            None if tenants is None else frozenset(tenants),
        )
