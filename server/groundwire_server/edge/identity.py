"""The only maker of callers.

Until there is authentication the caller says who it is in the call's metadata, and the server listens on the loopback
interface alone: who can reach it may be anybody.
"""

import re
from collections.abc import Mapping

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason

TENANT_KEY = "groundwire-tenant"
SUBJECT_KEY = "groundwire-subject"
PRINCIPALS_KEY = "groundwire-principals"

_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SUBJECT_LIMIT = 256
_PRINCIPALS_LIMIT = 256
_PRINCIPAL_LIMIT = 256


def caller_of(metadata: Mapping[str, str]) -> Caller:
    """Return who calls.

    Args:
        metadata: the call's; principals are separated by commas.

    Raises:
        Rejection: UNAUTHENTICATED when the tenant is missing or any part is malformed.
    """
    tenant = metadata.get(TENANT_KEY, "")
    subject = metadata.get(SUBJECT_KEY, "anonymous")
    named = (part.strip() for part in metadata.get(PRINCIPALS_KEY, "").split(","))
    principals = frozenset(part for part in named if part)
    if (
        not _TENANT.fullmatch(tenant)
        or not 0 < len(subject) <= _SUBJECT_LIMIT
        or len(principals) > _PRINCIPALS_LIMIT
        or any(len(principal) > _PRINCIPAL_LIMIT for principal in principals)
        # `*` is what a document grants, not who a caller is.
        or "*" in principals
    ):
        raise Rejection(Reason.UNAUTHENTICATED)
    return Caller(tenant, subject, principals)
