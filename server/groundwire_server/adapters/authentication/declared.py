"""Declared identities: trusted without proof, on loopback only."""

from dataclasses import replace
from typing import Final

from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.credentials import CredentialKind, CredentialReference, Credentials

_EVERY_ROLE = frozenset(Role)
_REFERENCE: Final = CredentialReference(CredentialKind.DECLARED)


class DeclaredIdentity:
    """The identity in the call's metadata, trusted as it is, with every role."""

    async def authenticate(self, credentials: Credentials) -> Caller:
        """Return the caller that the metadata names."""
        named = (part.strip() for part in credentials.principals.split(","))
        principals = {part for part in named if part}
        try:
            caller = Caller.checked(credentials.tenant, credentials.subject, principals, _EVERY_ROLE)
        except ValueError:
            word = DenialReason.IDENTITY_MALFORMED if credentials.tenant else DenialReason.NO_CREDENTIAL
            raise AccessDenied(word) from None
        return replace(caller, credential=_REFERENCE)

    async def renew(self, caller: Caller, *, frozen: bool) -> Caller:
        """Return the caller as it is: there is nothing that could be revoked."""
        del frozen
        return caller
