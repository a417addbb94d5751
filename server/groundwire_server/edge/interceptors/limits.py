"""Limits on calls of which nothing is known yet: how many there may be at once, and how long their request may take."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

import grpc
import grpc.aio

from groundwire_server.domain.failure import GroundwireError, Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.identity import network_of, peer_of
from groundwire_server.edge.options import ArrivalOptions
from groundwire_server.edge.statuses import aborted, set_status
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry import metrics

_OVERLOADED = aborted(Rejection(Reason.OVERLOADED))
"""What a refused call ends with; made once, so that a refusal costs little."""

_LATE = aborted(Rejection(Reason.DEADLINE_EXCEEDED))
"""What a call is aborted with whose request does not arrive in time."""

_MISSING = aborted(Rejection.invalid("", "must be sent before the call is closed", "message.required"))
"""What a call is aborted with that is closed before its request."""


_CANCELLING: Final = (".AnswerService/CancelAnswer", ".Operations/CancelOperation")


class NoPlaceError(GroundwireError):
    """Every place of a kind is taken.

    Attributes:
        limit: which limit it is.
    """

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit


class Places:
    """A number of places, of which one key has at most a part.

    gRPC's own limit (`maximum_concurrent_rpcs`) counts a call that it refuses as one that has ended: a flood widens it.

    Args:
        limit: what they are called in metrics.
        most: the places in all.
        most_of_key: the places of one key; all of them if None.
    """

    def __init__(self, limit: str, most: int, most_of_key: int | None = None) -> None:
        self._limit = limit
        self._most = most
        self._most_of_key = most if most_of_key is None else most_of_key
        self._taken = 0
        self._taken_of: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"{self._taken} of {self._most} {self._limit}"

    def check(self) -> None:
        """Check that there is a place left.

        Raises:
            NoPlaceError: when there is none.
        """
        if self._taken >= self._most:
            raise NoPlaceError(self._limit)

    def place(self, key: str) -> "_Place":
        """Return a place to be held with `with`, which raises NoPlaceError when the key can have no more."""
        return _Place(self, key)

    def take(self, key: str) -> None:
        """Take a place.

        Raises:
            NoPlaceError: when none is left, or the key has its part.
        """
        taken = self._taken_of.get(key, 0)
        if self._taken >= self._most or taken >= self._most_of_key:
            raise NoPlaceError(self._limit)
        self._taken += 1
        self._taken_of[key] = taken + 1

    def give_back(self, key: str) -> None:
        """Give a place back. A key without places is forgotten: callers choose keys."""
        self._taken -= 1
        left = self._taken_of.pop(key) - 1
        if left:
            self._taken_of[key] = left


@dataclass(frozen=True, slots=True)
class _Place:
    """A place of one key, taken on entering and given back on leaving."""

    places: Places
    key: str

    def __enter__(self) -> None:
        self.places.take(self.key)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.places.give_back(self.key)


class CallPlaces:
    """The places that a call goes through: its caller is found out, its request arrives, it is served.

    They are apart, so that callers who prove nothing, or send nothing, take no place from those who do.

    Args:
        unauthenticated: by network.
        waiting: calls without a request, by tenant.
        waiting_of_connection: the same by connection.
        request_streams: streams of requests, by tenant, for as long as they last.
        served: calls whose caller and request are known.
        cancelling: the same of calls that cancel others.
    """

    def __init__(
        self,
        unauthenticated: Places,
        waiting: Places,
        waiting_of_connection: Places,
        request_streams: Places,
        served: Places,
        cancelling: Places,
    ) -> None:
        self.unauthenticated = unauthenticated
        self.waiting = waiting
        self.waiting_of_connection = waiting_of_connection
        self.request_streams = request_streams
        self._served = served
        self._cancelling = cancelling

    def __repr__(self) -> str:
        return f"{self.unauthenticated}, {self.waiting}, {self.request_streams}, {self._served}"

    def served(self, method: str) -> Places:
        """Return the places in which the calls of a method are served.

        Those that cancel others have places of their own: they make room on a server that is full.

        Args:
            method: `package.Service/Method`.
        """
        return self._cancelling if method.endswith(_CANCELLING) else self._served

    @classmethod
    def of_services(cls, options: ArrivalOptions, calls: int) -> "CallPlaces":
        """Return the places of calls of our own services."""
        return cls(
            Places("unauthenticated", options.max_unauthenticated, options.max_unauthenticated_per_address),
            Places("waiting", options.max_waiting, options.max_waiting_per_tenant),
            Places("waiting_of_connection", options.max_waiting, options.max_waiting_per_connection),
            Places("request_streams", options.max_request_streams, options.max_request_streams_per_tenant),
            Places("calls", calls),
            Places("cancelling_calls", calls),
        )

    @classmethod
    def of_reflection(cls, options: ArrivalOptions) -> "CallPlaces":
        """Return the places of calls of the reflection service: few, and none of them another's."""
        most = options.max_reflections
        names = ("unauthenticated", "waiting", "waiting_of_connection", "request_streams", "calls", "cancelling_calls")
        return cls(*(Places(f"reflection_{name}", most) for name in names))


class HealthLimits(grpc.aio.ServerInterceptor):
    """Bounds the calls of the health service, which need no credential, apart from all others.

    Args:
        places: of each method, by its name.
        seconds: how long a request may take to arrive.
        recorder: counts the calls that are refused.
    """

    def __init__(self, places: Mapping[str, Places], seconds: float, recorder: Metrics) -> None:
        self._places = places
        self._seconds = seconds
        self._metrics = recorder
        self._bounded: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"<HealthLimits: {', '.join(map(repr, self._places.values()))}>"

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Return the method's handler within its limits; it is made once."""
        method = handler_call_details.method
        places = self._places.get(method)
        if places is None:
            return await continuation(handler_call_details)
        bounded = self._bounded.get(method)
        if bounded is None:
            handler = await continuation(handler_call_details)
            bounded = self._bounded[method] = self._within(places, handler)
        return bounded

    def _within(self, places: Places, handler: Any) -> Any:
        """Return the same handler as a stream: gRPC itself would wait for a request for ever."""

        async def serve(requests: object, context: Any) -> None:
            try:
                with places.place(network_of(peer_of(context.peer()))):
                    request = await first_request(context, self._seconds, self._metrics, required=True)
                    if handler.response_streaming:
                        await handler.unary_stream(request, context)
                    else:
                        await context.write(await handler.unary_unary(request, context))
            except NoPlaceError as full:
                refuse(context, full, self._metrics)

        return grpc.stream_stream_rpc_method_handler(serve, handler.request_deserializer, handler.response_serializer)


async def first_request(context: Any, seconds: float, recorder: Metrics, *, required: bool) -> Any:
    """Return the first request of a call; None when there is none. A call that is late, or has to have one, is aborted.

    Args:
        context: gRPC's own.
        seconds: how long it may take to arrive.
        recorder: counts the calls that are late.
        required: whether the call has to have one.
    """
    request = None
    try:
        request = await next_request(context, seconds)
    except TimeoutError:
        recorder.add(metrics.CALLS_REFUSED, 1, "arrival")
        await context.abort(*_LATE)
    if request is None and required:
        await context.abort(*_MISSING)
    return request


async def next_request(context: Any, seconds: float) -> Any:
    """Return the next request of a call; None when there is none any more.

    Raises:
        TimeoutError: when it does not arrive in time.
    """
    async with asyncio.timeout(seconds):
        request = await context.read()
    return None if request is grpc.aio.EOF else request


def refuse(context: Any, full: NoPlaceError, recorder: Metrics) -> None:
    """Refuse a call for which there is no place, and count it: nothing else records it."""
    recorder.add(metrics.CALLS_REFUSED, 1, full.limit)
    set_status(context, _OVERLOADED)
