"""Which credentials are accepted, and which tenants."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.credentials import CredentialKind, Credentials
from groundwire_server.edge.roles import allows
from groundwire_server.ports.authenticator import Authenticator

_ASKING: Final = "groundwire.v1.AnswerService/Answer"
"""The call that a caller must still be allowed to make when its queued question is answered."""


@dataclass(frozen=True, slots=True)
class Access:
    """The only way from credentials to a caller.

    Attributes:
        authenticators: by kind of credential; `CredentialKind.DECLARED` means that there is no authentication.
        tenants: the accepted tenants; None accepts every tenant that a credential names.
    """

    authenticators: Mapping[CredentialKind, Authenticator]
    tenants: frozenset[str] | None = None

    @property
    def authenticated(self) -> bool:
        """Whether callers have to present a credential."""
        return CredentialKind.DECLARED not in self.authenticators

    async def caller(self, credentials: Credentials) -> Caller:
        """Return who calls.

        Raises:
            AccessDenied: when not exactly one credential proves it, or its tenant is not accepted.
        """
        caller = await self.authenticators[self._kind(credentials)].authenticate(credentials)
        if credentials.tenant not in {"", caller.tenant}:
            raise AccessDenied(DenialReason.TENANT_CONTRADICTED, about={"tenant": caller.tenant})
        return self.admitted(caller)

    def admitted(self, caller: Caller) -> Caller:
        """Return a caller.

        Raises:
            AccessDenied: when its tenant is not accepted.
        """
        if self.tenants is not None and caller.tenant not in self.tenants:
            raise AccessDenied(DenialReason.TENANT_UNKNOWN, about={"tenant": caller.tenant})
        return caller

    async def renewed(self, caller: Caller, *, frozen: bool) -> Caller | None:
        """Return a caller with the rights that it has now; None where it may not ask any more; see `Rights`."""
        credential = caller.credential
        authenticator = None if credential is None else self.authenticators.get(credential.kind)
        if authenticator is None:
            return None
        try:
            now = await authenticator.renew(caller, frozen=frozen)
        except AccessDenied:
            return None
        same = (now.tenant, now.subject) == (caller.tenant, caller.subject)
        served = self.tenants is None or now.tenant in self.tenants
        return now if same and served and allows(_ASKING, now.roles) else None

    def _kind(self, credentials: Credentials) -> CredentialKind:
        if not self.authenticated:
            return CredentialKind.DECLARED
        proofs = credentials.proofs
        # A connection may need a certificate that does not identify the caller.
        if CredentialKind.CERTIFICATE not in self.authenticators:
            proofs -= {CredentialKind.CERTIFICATE}
        if not proofs:
            raise AccessDenied(DenialReason.NO_CREDENTIAL)
        if len(proofs) > 1:
            raise AccessDenied(DenialReason.SEVERAL_CREDENTIALS)
        (kind,) = proofs
        if kind not in self.authenticators:
            raise AccessDenied(DenialReason.CREDENTIAL_NOT_ACCEPTED)
        return kind
