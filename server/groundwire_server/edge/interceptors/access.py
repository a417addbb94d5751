"""Who calls, what that caller may do, and the record of those who are turned away."""

from collections.abc import Mapping
from typing import Any, ClassVar

from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.credentials import CredentialKind
from groundwire_server.edge.access import Access
from groundwire_server.edge.call import NOBODY, Call
from groundwire_server.edge.identity import credentials_of, peer_of
from groundwire_server.edge.interceptors.chain import Proceed, Reasons
from groundwire_server.edge.interceptors.context import CallDeadline
from groundwire_server.edge.interceptors.errors import ErrorMapping
from groundwire_server.edge.roles import ROLES, allows
from groundwire_server.edge.security_events import SecurityEventLog
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.telemetry import names


class SecurityEvents:
    """Records every denial in the security log."""

    inside: ClassVar[Reasons] = {ErrorMapping: "the log needs the denial's reason, which the status does not reveal"}

    def __init__(self, log: SecurityEventLog) -> None:
        self._log = log

    async def intercept(self, call: Call, proceed: Proceed) -> None:
        """Serve the call; record a denial and let it pass."""
        try:
            await proceed()
        except AccessDenied as denied:
            about = {**denied.about, "method": call.method, "request_id": call.request_id, "trace_id": call.trace_id}
            self._log.record(peer_of(call.context.peer()), denied.word, about)
            raise


class Authentication:
    """Finds out who calls before anything is done for the caller: once, before its request is read."""

    inside: ClassVar[Reasons] = {
        CallDeadline: "it may wait for an issuer's keys, and that wait counts against the deadline",
        SecurityEvents: "every rejected credential is a security event",
    }

    def __init__(self, current: CurrentSnapshot) -> None:
        self._current = current

    async def intercept(self, call: Call, proceed: Proceed) -> None:
        """Deny a call whose credentials, or those of its connection, prove nobody."""
        if call.caller is NOBODY:
            call.caller = await caller_of(call, self._current.snapshot.access)
        call.span.set_attribute(names.TENANT, call.caller.tenant)
        await proceed()

    async def precheck(self, metadata: Mapping[str, str], context: Any) -> Caller | None:
        """Return who calls; None for a call that will be rejected."""
        try:
            return await _caller(metadata, context, self._current.snapshot.access)
        except Exception:  # noqa: BLE001  # the interceptors meet it again, whatever it is, and answer with a status
            return None


class ReflectionAuthentication(Authentication):
    """The same for reflection, which needs no identity on a server without authentication."""

    async def intercept(self, call: Call, proceed: Proceed) -> None:
        """Let the call pass where there is no authentication; otherwise require a valid credential."""
        if self._current.snapshot.access.authenticated:
            await super().intercept(call, proceed)
        else:
            await proceed()

    async def precheck(self, metadata: Mapping[str, str], context: Any) -> Caller | None:
        """Return who calls; nobody in particular where there is no authentication."""
        return await super().precheck(metadata, context) if self._current.snapshot.access.authenticated else NOBODY


class Authorization:
    """Denies a call that none of the caller's roles allows."""

    inside: ClassVar[Reasons] = {Authentication: "roles belong to a caller, who has to be known first"}

    async def intercept(self, call: Call, proceed: Proceed) -> None:
        """Look the call up in the table of roles."""
        check_role(call)
        await proceed()


async def caller_of(call: Call, access: Access) -> Caller:
    """Return who calls.

    Raises:
        AccessDenied: when the credentials do not prove it.
    """
    return await _caller(call.metadata, call.context, access)


async def _caller(metadata: Mapping[str, str], context: Any, access: Access) -> Caller:
    # Only a context that the server itself has made can have it: no metadata leads here.
    identify = getattr(context, "identify", None)
    if identify is not None:
        return access.admitted(identify())
    # Reading the connection copies its certificate: only where certificates are accepted.
    connection = context.auth_context() if CredentialKind.CERTIFICATE in access.authenticators else {}
    return await access.caller(credentials_of(metadata, connection))


def check_role(call: Call) -> None:
    """Check the caller's roles against the table.

    Raises:
        AccessDenied: ROLE_MISSING, naming the roles that would do.
    """
    caller = call.caller
    if not allows(call.method, caller.roles):
        needed = ",".join(sorted(ROLES.get(call.method, ())))
        about = {"tenant": caller.tenant, "needs": needed}
        raise AccessDenied(DenialReason.ROLE_MISSING, about=about, metadata={"role": needed} if needed else None)
