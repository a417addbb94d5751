"""Client certificates: the caller is in a name (SAN) of the certificate that the handshake has verified."""

import re
from dataclasses import dataclass, field

from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import TENANT_PATTERN, Caller, Role
from groundwire_server.domain.credentials import Credentials

_PLACEHOLDERS = ("{tenant}", "{subject}")
_IN_A_URI = "[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
_IN_A_DNS_NAME = "[A-Za-z0-9][A-Za-z0-9_-]{0,127}"
"""A dot separates the labels of a DNS name, and may not be a part of one."""
_APART = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class CertificatePattern:
    """How a certificate's name says who calls.

    A pattern with `://` is matched against URI names, such as SPIFFE ids, any other against DNS names.

    Attributes:
        pattern: such as `spiffe://example.org/tenant/{tenant}/service/{subject}`.
        roles: what such callers may do.
        principals: what they may see as.
    """

    pattern: str
    roles: frozenset[Role] = frozenset({Role.READER})
    principals: frozenset[str] = frozenset()
    expression: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for placeholder in _PLACEHOLDERS:
            if self.pattern.count(placeholder) != 1:
                raise ValueError(f"the certificate pattern must hold {placeholder} once")
        before, first, between, second, after = re.split(r"({tenant}|{subject})", self.pattern)
        if not _APART.search(between):
            raise ValueError("something other than letters, digits, `_` and `-` must part {tenant} from {subject}")
        subject = _IN_A_URI if self.of_uris else _IN_A_DNS_NAME
        groups = {"{tenant}": f"(?P<tenant>{TENANT_PATTERN})", "{subject}": f"(?P<subject>{subject})"}
        parts = (re.escape(before), groups[first], re.escape(between), groups[second], re.escape(after))
        object.__setattr__(self, "expression", re.compile("".join(parts)))

    @property
    def of_uris(self) -> bool:
        """Whether URI names are meant."""
        return "://" in self.pattern


class Certificates:
    """Reads the caller from the one name that the pattern matches."""

    def __init__(self, pattern: CertificatePattern) -> None:
        self._pattern = pattern

    async def authenticate(self, credentials: Credentials) -> Caller:
        """Return the caller whom the certificate names."""
        names = credentials.uris if self._pattern.of_uris else credentials.dns_names
        found = {match.group("tenant", "subject") for name in names if (match := self._match(name))}
        if len(found) != 1:
            raise AccessDenied(DenialReason.CERTIFICATE_NAMES)
        tenant, subject = found.pop()
        return Caller.checked(tenant, subject, self._pattern.principals, self._pattern.roles)

    def _match(self, name: str) -> re.Match[str] | None:
        return self._pattern.expression.fullmatch(name)
