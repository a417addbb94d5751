"""What the caller may do."""

from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.edge.call import Call
from groundwire_server.edge.layers.chain import Proceed
from groundwire_server.edge.roles import ROLES, allows


class RoleCheck:
    """Refuses a call that none of the caller's roles allows, naming the role that would."""

    async def around(self, call: Call, proceed: Proceed) -> None:
        """Look the call up in the table of roles."""
        check_role(call)
        await proceed()


def check_role(call: Call) -> None:
    """Hold the caller to the table.

    Raises:
        Refused: ROLE_MISSING.
    """
    caller = call.caller
    if not allows(call.method, caller.roles):
        needed = ",".join(sorted(ROLES.get(call.method, ())))
        about = {"tenant": caller.tenant, "needs": needed}
        raise AccessDenied(DenialReason.ROLE_MISSING, about=about, metadata={"role": needed} if needed else None)
