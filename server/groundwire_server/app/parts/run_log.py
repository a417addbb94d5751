"""The answers in flight: those of this process, or of all that share a Redis."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from google.protobuf.message import DecodeError

from groundwire.v1.answer_service_pb2 import StreamAnswerResponse
from groundwire_server.adapters.redis.options import RedisOptions
from groundwire_server.adapters.run_log.memory import MemoryRunLog
from groundwire_server.adapters.run_log.redis.records import EventCodec
from groundwire_server.app.clock import SystemClock
from groundwire_server.corpus.erase import ProcessTexts
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.erasure import EntireTenant, Erasure
from groundwire_server.domain.event import NumberedEvent
from groundwire_server.domain.failure import SetupError
from groundwire_server.edge.convert.event import event_to_pb
from groundwire_server.edge.convert.recorded_event import event_from_pb
from groundwire_server.runs.registry import RunRegistry


def _decode(data: bytes) -> NumberedEvent:
    try:
        return event_from_pb(StreamAnswerResponse.FromString(data))
    except DecodeError:
        raise ValueError("not an event of a stream") from None


_FORGET_SECONDS: Final = 0.8
"""How long one step of forgetting may take that another process waits for."""

CODEC: Final = EventCodec(lambda event: event_to_pb(event).SerializeToString(), _decode)
"""Events as the contract's messages."""


@asynccontextmanager
async def open_runs(options: RedisOptions | None, texts: ProcessTexts) -> AsyncIterator[RunRegistry]:
    """Yield the registry of a process's runs.

    Args:
        options: of the Redis that other processes share; None keeps runs in this process alone.
        texts: those in the memory of this process, which other processes may have erased.

    Raises:
        SetupError: when the extra `redis` is not installed, or Redis would lose what it has acknowledged.
    """
    if options is None:
        yield RunRegistry(MemoryRunLog(SystemClock()))
        return
    try:
        # Imported here: a server without Redis starts without its client.
        from groundwire_server.adapters.redis.connection import connected  # noqa: PLC0415
        from groundwire_server.adapters.redis.durability import FORGETS, KEEPING, keeps_writes  # noqa: PLC0415
        from groundwire_server.adapters.run_log.redis.log import RedisRunLog  # noqa: PLC0415
    except ImportError:
        raise SetupError("`redis` needs the extra: pip install 'groundwire-server[redis]'") from None
    # Of its own: what is read while waiting takes connections that limits must not wait for.
    async with connected(options) as client:
        # One that is away cannot be asked: the server starts, and doctor asks again.
        if not options.accept_loss and await keeps_writes(client) is False:
            raise SetupError(f"redis.url: {FORGETS}: {KEEPING}, or accept it with redis.accept_loss")
        log = RedisRunLog(client, options.key_prefix, CODEC, SystemClock())
        runs = RunRegistry(log)

        async def forget(tenant: str) -> bool:
            # It has to answer in time; where an answer in flight takes longer, it is asked again.
            ended = await runs.tenant_ended(tenant, _FORGET_SECONDS)
            by = Deadline(SystemClock().now() + _FORGET_SECONDS)
            places = await texts.erase(Erasure(tenant, EntireTenant()), by)
            return ended and all(place.complete for place in places)

        async with log.serving(runs.cancel_here, forget):
            try:
                yield runs
            finally:
                await runs.ended()
