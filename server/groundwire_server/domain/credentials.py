"""What a caller presents to identify itself."""

from dataclasses import dataclass, field
from enum import StrEnum


class CredentialKind(StrEnum):
    """A kind of credential."""

    TOKEN = "token"  # noqa: S105  # a word, no secret
    API_KEY = "api_key"
    CERTIFICATE = "certificate"
    DECLARED = "declared"
    """A name without proof; accepted only where there is no authentication."""


@dataclass(frozen=True, slots=True)
class CredentialReference:
    """Which credential has proved a caller, without any of its secret: what its rights can be looked up by again.

    Attributes:
        name: a key's id, or the name in a certificate that a caller is configured by; empty where there is nothing to
            look up, as for a token.
        expires: when it ends by itself, in seconds since 1970 in UTC; None where it does not.
    """

    kind: CredentialKind
    name: str = ""
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials of a call and its connection; the `repr` leaves secrets out.

    Attributes:
        authorization: the metadata entry, with its scheme.
        api_key: the whole key.
        certificate: whether the connection has a client certificate, verified in the handshake.
        uris: the certificate's URI names (SAN).
        dns_names: its DNS names (SAN).
        tenant: the tenant that the call's metadata names.
        subject: the subject that it names.
        principals: the principals that it names, separated by commas.
    """

    authorization: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    certificate: bool = False
    uris: tuple[str, ...] = ()
    dns_names: tuple[str, ...] = ()
    tenant: str = ""
    subject: str = "anonymous"
    principals: str = ""

    @property
    def proofs(self) -> frozenset[CredentialKind]:
        """The kinds of credentials that are presented, other than a declared name."""
        shown = {
            CredentialKind.TOKEN: self.authorization,
            CredentialKind.API_KEY: self.api_key,
            CredentialKind.CERTIFICATE: self.certificate,
        }
        return frozenset(kind for kind, value in shown.items() if value)
