"""What comes before the interceptors: a place for the call, and its request, in time and within limits.

A call costs next to nothing until its caller is known and its request is there: it is in no trace and no log line. gRPC
itself would wait for the request of a call for ever, and hold up to 16 MiB of it before anybody has seen its metadata.
"""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from typing import Any, Final, Self, TypeAlias

import grpc.aio

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.call import NOBODY
from groundwire_server.edge.convert.request import Received, RequestFormat
from groundwire_server.edge.identity import network_of, peer_of
from groundwire_server.edge.interceptors.limits import CallPlaces, NoPlaceError, first_request, next_request, refuse
from groundwire_server.edge.options import ArrivalOptions, RequestBytesOptions
from groundwire_server.edge.statuses import aborted, set_status
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry import metrics

Precheck: TypeAlias = Callable[[Mapping[str, str], Any], Awaitable[Caller | None]]
"""Returns, from a call's metadata and gRPC's context, who calls; None when the call will be rejected."""

_INLINE_BYTES: Final = 4096
"""A larger request is read in a thread: counting, parsing and validating it can take longer than a millisecond."""

_ENTRY_BYTES: Final = 32
"""What HTTP/2 counts for an entry of metadata beside its name and its value."""

_INTERNAL = aborted(Rejection(Reason.INTERNAL))

_log = logging.getLogger(__name__)


class RequestReader:
    """Makes requests of bytes; of large ones in a thread.

    Args:
        options: the largest requests.
    """

    def __init__(self, options: RequestBytesOptions) -> None:
        self._options = options
        self._sizes: Mapping[str, int] = {
            "AnswerService/Answer": options.question,
            "AnswerService/StreamAnswer": options.question,
            "AnswerService/SubmitAnswer": options.question,
            "RetrievalService/Retrieve": options.question,
            "DocumentService/PutDocument": options.document,
            "DocumentService/IngestDocuments": options.document,
            "GroundingService/CheckGrounding": options.grounding,
        }
        # One: reading is Python's work, so that a second would only take turns with it.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="requests")

    def format_of(self, method: str, parse: Callable[[bytes], Any]) -> RequestFormat:
        """Return how the requests of a method are read.

        Args:
            method: `package.Service/Method`.
            parse: makes a message of bytes.
        """
        return RequestFormat(parse, self._sizes.get(method.rpartition(".")[2], self._options.other))

    async def read(self, form: RequestFormat, data: bytes) -> Received:
        """Return a request."""
        if len(data) <= _INLINE_BYTES:
            return form.read(data)
        return await asyncio.get_running_loop().run_in_executor(self._thread, form.read, data)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class Requests:
    """The requests of a stream, each of which has to arrive in time.

    Args:
        first: the first one's bytes; None for a stream without any.
        read: makes a request of bytes.
        context: gRPC's own.
        seconds: how long the next one may take.
    """

    def __init__(
        self, first: bytes | None, read: Callable[[bytes], Awaitable[Received]], context: Any, seconds: float
    ) -> None:
        self._next = first
        self._ended = first is None
        self._read = read
        self._context = context
        self._seconds = seconds

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Received:
        data, self._next = self._next, None
        if data is None and not self._ended:
            try:
                data = await next_request(self._context, self._seconds)
            except TimeoutError:
                raise Rejection(Reason.DEADLINE_EXCEEDED) from None
        if data is None:
            self._ended = True
            raise StopAsyncIteration
        return await self._read(data)


class Reception:
    """Lets calls in.

    Args:
        places: what calls take while they come in.
        precheck: decides whether the request of a call is read at all.
        reader: makes requests of bytes.
        options: how long requests may take.
        metadata_bytes: how large metadata may be.
        recorder: counts the calls that are refused.
    """

    def __init__(
        self,
        places: CallPlaces,
        precheck: Precheck,
        reader: RequestReader,
        options: ArrivalOptions,
        metadata_bytes: int,
        recorder: Metrics,
    ) -> None:
        self._places = places
        self._precheck = precheck
        self.reader = reader
        self._options = options
        self._metadata_bytes = metadata_bytes
        description = f"must have at most {metadata_bytes} bytes of metadata"
        self._too_much_metadata = aborted(Rejection.invalid("", description, "metadata.max_bytes"))
        self._metrics = recorder

    def __repr__(self) -> str:
        return f"<Reception: {self._places}>"

    async def receive(
        self,
        method: str,
        form: RequestFormat,
        context: Any,
        serve: Callable[[Mapping[str, str], Caller, Received | Requests | None], Awaitable[None]],
        *,
        stream: bool,
    ) -> None:
        """Have a call served once its caller is known and its request is there; refuse it where there is no place.

        Args:
            method: `package.Service/Method`.
            form: how its requests are read.
            context: gRPC's own.
            serve: serves the call, given the text entries of its metadata, its caller and its request; nobody and None
                where the call will be rejected.
            stream: whether it has a stream of requests.
        """
        places = self._places
        served = places.served(method)
        try:
            # Before anything is done for the call: a server that is full has no time.
            served.check()
            metadata = _texts(context.invocation_metadata() or (), self._metadata_bytes)
            if metadata is None:
                self._metrics.add(metrics.CALLS_REFUSED, 1, "metadata")
                set_status(context, self._too_much_metadata)
                return
            peer = context.peer()
            with places.unauthenticated.place(network_of(peer_of(peer))):
                caller = await self._precheck(metadata, context)
                if caller is None:
                    await serve(metadata, NOBODY, None)
                    return
                key = caller.tenant
            with places.request_streams.place(key) if stream else nullcontext():
                with places.waiting_of_connection.place(peer), places.waiting.place(key):
                    data = await first_request(
                        context, self._options.request_seconds, self._metrics, required=not stream
                    )
                with served.place(key):
                    read = partial(self.reader.read, form)
                    if stream:
                        await serve(metadata, caller, Requests(data, read, context, self._options.next_request_seconds))
                    else:
                        await serve(metadata, caller, await read(data))
        except NoPlaceError as full:
            refuse(context, full, self._metrics)
        except grpc.aio.BaseError:
            raise
        except Exception as error:  # noqa: BLE001  # the edge: gRPC would send its text
            _log.error("%s: %s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
            set_status(context, _INTERNAL)


def _texts(metadata: Iterable[tuple[str, str | bytes]], max_bytes: int) -> dict[str, str] | None:
    """Return the text entries; None where they are too large.

    gRPC bounds metadata by the frame, so that a header block in many frames can hold megabytes. The values of a
    repeated key are joined with commas, so that none replaces another.
    """
    texts: dict[str, str] = {}
    left = max_bytes
    for key, value in metadata:
        left -= len(key) + len(value) + _ENTRY_BYTES
        if left < 0:
            return None
        if isinstance(value, str):
            texts[key] = f"{texts[key]},{value}" if key in texts else value
    return texts
