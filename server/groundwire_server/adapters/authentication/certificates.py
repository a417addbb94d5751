"""Client certificates: the caller is in a name (SAN) of the certificate that the handshake has verified."""

import re
from collections.abc import Iterable
from dataclasses import replace

from pydantic import Field, field_validator

from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import TENANT_PATTERN, Caller, Role
from groundwire_server.domain.credentials import CredentialKind, CredentialReference, Credentials
from groundwire_server.options import Options

_PLACEHOLDERS = ("{tenant}", "{subject}")
_IN_A_URI = "[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
_IN_A_DNS_NAME = "[A-Za-z0-9][A-Za-z0-9_-]{0,127}"
"""A dot separates the labels of a DNS name, and may not be a part of one."""
_APART = re.compile(r"[^A-Za-z0-9_-]")


class CertificateOptions(Options):
    """Client certificates as credentials; they need `server.tls.client_ca`."""

    pattern: str = Field(
        description="The URI or DNS name (SAN) of a certificate, with {tenant} and {subject} in their places.",
        examples=["spiffe://example.org/tenant/{tenant}/service/{subject}"],
    )
    roles: frozenset[Role] = Field(frozenset({Role.READER}), description="The roles of these callers.")
    principals: frozenset[str] = Field(frozenset(), description="The principals of these callers.")

    @field_validator("pattern")
    @classmethod
    def _unambiguous(cls, pattern: str) -> str:
        _expression(pattern)
        return pattern


class Certificates:
    """Reads the caller from the one name that the pattern matches."""

    def __init__(self, options: CertificateOptions) -> None:
        self._options = options
        self._expression = _expression(options.pattern)

    async def authenticate(self, credentials: Credentials) -> Caller:
        """Return the caller whom the certificate names."""
        names = credentials.uris if _is_uri(self._options.pattern) else credentials.dns_names
        return self._caller(names)

    async def renew(self, caller: Caller, *, frozen: bool) -> Caller:
        """Return the caller of the name that its certificate had, with what the configuration gives it now."""
        del frozen  # what a certificate gives is configured, and can always be looked up
        return self._caller(() if caller.credential is None else (caller.credential.name,))

    def _caller(self, names: Iterable[str]) -> Caller:
        """Return the caller of the one name that the pattern matches; one in the same words twice counts once."""
        matches = (self._expression.fullmatch(name) for name in names)
        found = {match.group("tenant", "subject"): match.string for match in matches if match}
        if len(found) != 1:
            raise AccessDenied(DenialReason.CERTIFICATE_NAMES)
        (((tenant, subject), name),) = found.items()
        caller = Caller.checked(tenant, subject, self._options.principals, self._options.roles)
        return replace(caller, credential=CredentialReference(CredentialKind.CERTIFICATE, name))


def _is_uri(pattern: str) -> bool:
    """Whether a pattern is matched against URI names, such as SPIFFE ids; any other is matched against DNS names."""
    return "://" in pattern


def _expression(pattern: str) -> re.Pattern[str]:
    """Return the expression that matches the names of a pattern.

    Raises:
        ValueError: when a name could be read in two ways.
    """
    for placeholder in _PLACEHOLDERS:
        if pattern.count(placeholder) != 1:
            raise ValueError(f"the certificate pattern must hold {placeholder} once")
    before, first, between, second, after = re.split(r"({tenant}|{subject})", pattern)
    if not _APART.search(between):
        raise ValueError("something other than letters, digits, `_` and `-` must part {tenant} from {subject}")
    subject = _IN_A_URI if _is_uri(pattern) else _IN_A_DNS_NAME
    groups = {"{tenant}": f"(?P<tenant>{TENANT_PATTERN})", "{subject}": f"(?P<subject>{subject})"}
    return re.compile("".join((re.escape(before), groups[first], re.escape(between), groups[second], re.escape(after))))
