"""The contract's limits, enforced on every request."""

from typing import Any, ClassVar

from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.call import Call
from groundwire_server.edge.convert.violations import violations_of
from groundwire_server.edge.interceptors.access import Authorization
from groundwire_server.edge.interceptors.chain import UNPARSED, Proceed, Reasons


class Validation:
    """Rejects a request that violates its constraints, naming every field.

    A stream of requests is checked message by message in its servicer, which answers each with a result of its own.
    """

    inside: ClassVar[Reasons] = {Authorization: "only callers who may make the call learn what a valid request is"}

    async def intercept(self, call: Call, proceed: Proceed) -> None:
        """Check the request, if there is one."""
        if call.request is not None:
            check(call.request)
        await proceed()


def check(request: Any) -> None:
    """Check one message against its constraints.

    Raises:
        Rejection: INVALID_REQUEST with every violated field.
    """
    if request is UNPARSED:
        raise Rejection.invalid("", "must be a message of this method, nested at most 100 levels", "message.decode")
    violations = violations_of(request)
    if violations:
        raise Rejection(Reason.INVALID_REQUEST, violations=violations)
