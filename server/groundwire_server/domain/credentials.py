"""What a caller shows to say who it is."""

from dataclasses import dataclass, field
from enum import StrEnum


class CredentialKind(StrEnum):
    """A way to say who one is."""

    TOKEN = "token"  # noqa: S105  # a word, no secret
    API_KEY = "api_key"
    CERTIFICATE = "certificate"
    DECLARED = "declared"
    """A name without a proof; believed only where there is no authentication."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one call and its connection present; the secrets among it stay out of its `repr`.

    Attributes:
        authorization: the whole entry, scheme included.
        api_key: the whole key.
        certificate: whether the connection has a client certificate, verified in the handshake.
        uris: the certificate's URI names (SAN).
        dns_names: its DNS names (SAN).
        tenant: the tenant that the call's metadata names.
        subject: the subject it names.
        principals: the principals it names, separated by commas.
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
        """What is presented beyond a mere name."""
        shown = {
            CredentialKind.TOKEN: self.authorization,
            CredentialKind.API_KEY: self.api_key,
            CredentialKind.CERTIFICATE: self.certificate,
        }
        return frozenset(kind for kind, value in shown.items() if value)
