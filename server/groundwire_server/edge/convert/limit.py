"""How limits stand, as the contract says it."""

from math import ceil

from groundwire.v1 import limit_pb2
from groundwire_server.admission.limit_status import LimitStatus
from groundwire_server.domain.quota import MICROS
from groundwire_server.edge.convert.words import LIMIT_KINDS, LIMIT_MODES

_NANOS = 1_000


def limit_to_pb(status: LimitStatus) -> limit_pb2.Limit:
    """Return a limit with what is used and left of it."""
    limit = status.limit
    value = ceil(limit.most)
    message = limit_pb2.Limit(
        name=limit.name,
        kind=LIMIT_KINDS[limit.kind],
        mode=LIMIT_MODES[limit.row.mode],
        dimensions={scope.value.lower(): name for scope, name in limit.scopes.items()} if limit.key else {},
        value=value,
    )
    if status.level is not None:
        message.used = status.level.used
        message.left = max(0, value - status.level.used)
        if status.level.full_at is not None:
            seconds, micros = divmod(status.level.full_at, MICROS)
            message.full_time.seconds, message.full_time.nanos = seconds, micros * _NANOS
    return message
