"""Who asks, and what it may do."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

EVERYBODY = "*"
"""The principal that stands for everybody in the tenant."""

TENANT_PATTERN = "[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
"""What a tenant's name looks like."""

_TENANT = re.compile(TENANT_PATTERN)
_SUBJECT_LIMIT = 256
_PRINCIPALS_LIMIT = 256
_PRINCIPAL_LIMIT = 256


class Role(StrEnum):
    """What a caller may do; `edge/roles.py` says which calls that is."""

    READER = "reader"
    WRITER = "writer"
    REVIEWER = "reviewer"
    OPERATOR = "operator"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller; made by authenticators alone."""

    tenant: str
    subject: str
    principals: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()

    @classmethod
    def checked(
        cls, tenant: str, subject: str, principals: Collection[str] = (), roles: Collection[Role] = ()
    ) -> "Caller":
        """A caller whose names keep within their limits.

        Raises:
            ValueError: when one does not; the error names the limit and never the value.
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
            raise ValueError(f"`{EVERYBODY}` is what a document grants, not who a caller is")
        return cls(tenant, subject, frozenset(principals), frozenset(roles))

    def may_see(self, allowed_principals: Collection[str]) -> bool:
        """Whether a document with this access list exists for the caller. An empty list means nobody."""
        return EVERYBODY in allowed_principals or not self.principals.isdisjoint(allowed_principals)
