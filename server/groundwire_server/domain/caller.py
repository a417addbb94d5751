"""The caller of a call, and its roles."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

from groundwire_server.domain.credentials import CredentialReference

EVERYBODY = "*"
"""The principal that means everyone in the tenant."""

TENANT_PATTERN = "[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
"""The pattern of a tenant's name."""

_TENANT = re.compile(TENANT_PATTERN)
_SUBJECT_LIMIT = 256
_PRINCIPALS_LIMIT = 256
_PRINCIPAL_LIMIT = 256


class Role(StrEnum):
    """A set of calls that a caller may make; `edge/roles.py` lists them."""

    READER = "reader"
    WRITER = "writer"
    REVIEWER = "reviewer"
    OPERATOR = "operator"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller; only authenticators create one.

    Attributes:
        credential: what has proved it; two callers that differ in nothing else are the same.
    """

    tenant: str
    subject: str
    principals: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()
    credential: CredentialReference | None = field(default=None, compare=False)

    @classmethod
    def checked(
        cls, tenant: str, subject: str, principals: Collection[str] = (), roles: Collection[Role] = ()
    ) -> "Caller":
        """Return a caller after checking its names.

        Raises:
            ValueError: when a name exceeds its limits; the message names the limit, never the value.
        """
        if not _TENANT.fullmatch(tenant):
            raise ValueError("a tenant is 1 to 64 letters, digits, `_` and `-`, and begins with a letter or digit")
        if not (0 < len(subject) <= _SUBJECT_LIMIT and subject.isprintable()):
            raise ValueError(f"a subject is 1 to {_SUBJECT_LIMIT} printable characters")
        if len(principals) > _PRINCIPALS_LIMIT:
            raise ValueError(f"a caller has at most {_PRINCIPALS_LIMIT} principals")
        if not all(0 < len(principal) <= _PRINCIPAL_LIMIT and principal.isprintable() for principal in principals):
            raise ValueError(f"a principal is 1 to {_PRINCIPAL_LIMIT} printable characters")
        if EVERYBODY in principals:
            raise ValueError(f"`{EVERYBODY}` is only for access lists of documents: no caller has it as a principal")
        return cls(tenant, subject, frozenset(principals), frozenset(roles))

    def may_see(self, allowed_principals: Collection[str]) -> bool:
        """Return whether the caller may see a document with this access list. An empty list means nobody."""
        return EVERYBODY in allowed_principals or not self.principals.isdisjoint(allowed_principals)
