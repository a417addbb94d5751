"""Translation of Weaviate's errors into faults and causes. Its messages hold names and values, and are dropped here."""

from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError
from typing import Final

import httpx
from weaviate.exceptions import (
    AuthenticationFailedError,
    EmptyResponseError,
    MissingScopeError,
    ResponseCannotBeDecodedError,
    UnexpectedStatusCodeError,
    WeaviateBaseError,
    WeaviateClosedClientError,
    WeaviateConnectionError,
    WeaviateGRPCUnavailableError,
    WeaviateRetryError,
    WeaviateStartUpError,
    WeaviateTimeoutError,
)

from groundwire_server.domain.failure import Failure, Fault, GroundwireError
from groundwire_server.domain.vocabulary import Cause


class WeaviateFault(Fault):
    """A fault of Weaviate or of the way to it, with advice for the operator."""

    UNAVAILABLE = ("Weaviate does not answer", "check that it runs and that its HTTP and gRPC ports can be reached")
    SLOW = ("Weaviate took longer than the call's deadline",)
    OVERLOADED = ("Weaviate is short of memory or refuses more work", "give it more memory, or send it less work")
    WRONG_KEY = ("Weaviate refuses the API key", "configure one that may read and write the collections")
    MISSING_TENANT = ("Weaviate does not have the tenant", "create it, or let groundwire create tenants")
    INACTIVE_TENANT = ("Weaviate has deactivated the tenant", "activate it")
    MISSING_COLLECTION = ("Weaviate does not have the collections", "run `groundwire corpus apply`")
    SCHEMA = ("Weaviate's collections do not match this configuration", "run `groundwire corpus apply`")
    READ_ONLY = (
        "Weaviate is read-only, as it is when its disk is nearly full",
        "free space and set its shards to READY",
    )
    MODULE = ("Weaviate's vectorizer module fails", "check that it is enabled, that it reaches its model, and its key")
    TOO_FEW_NODES = (
        "Weaviate has fewer nodes than the configured replicas",
        "lower the store's `replicas`, or add nodes",
    )
    NO_WEAVIATE = ("the server at the gRPC address is not Weaviate, or is too old", "correct the store's `grpc`")
    OTHER = ("Weaviate failed internally", "see its log")


class WireError(GroundwireError):
    """A gRPC call came back without a reply.

    Attributes:
        code: the status's name.
        details: Weaviate's own words, to be classified and not to be shown.
    """

    def __init__(self, code: str, details: str) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


class RefusedObjectsError(GroundwireError):
    """Weaviate has taken a batch and refused objects in it.

    Attributes:
        count: how many.
        details: what Weaviate says about the first.
    """

    def __init__(self, count: int, details: str) -> None:
        super().__init__(count)
        self.count = count
        self.details = details


_CAUSES: Final = {
    WeaviateFault.UNAVAILABLE: Cause.STORE_UNAVAILABLE,
    WeaviateFault.SLOW: Cause.STORE_TIMEOUT,
    WeaviateFault.OVERLOADED: Cause.STORE_UNAVAILABLE,
    WeaviateFault.WRONG_KEY: Cause.STORE_MISCONFIGURED,
    WeaviateFault.MISSING_TENANT: Cause.STORE_MISCONFIGURED,
    WeaviateFault.INACTIVE_TENANT: Cause.STORE_MISCONFIGURED,
    WeaviateFault.MISSING_COLLECTION: Cause.STORE_MISCONFIGURED,
    WeaviateFault.SCHEMA: Cause.STORE_MISCONFIGURED,
    WeaviateFault.READ_ONLY: Cause.STORE_MISCONFIGURED,
    WeaviateFault.MODULE: Cause.EMBEDDER_UNAVAILABLE,
    WeaviateFault.TOO_FEW_NODES: Cause.STORE_MISCONFIGURED,
    WeaviateFault.NO_WEAVIATE: Cause.STORE_MISCONFIGURED,
    WeaviateFault.OTHER: Cause.STORE_UNAVAILABLE,
}

_CODES: Final = {
    "DEADLINE_EXCEEDED": WeaviateFault.SLOW,
    "UNAVAILABLE": WeaviateFault.UNAVAILABLE,
    "CANCELLED": WeaviateFault.UNAVAILABLE,
    "ABORTED": WeaviateFault.UNAVAILABLE,
    "RESOURCE_EXHAUSTED": WeaviateFault.OVERLOADED,
    "UNAUTHENTICATED": WeaviateFault.WRONG_KEY,
    "PERMISSION_DENIED": WeaviateFault.WRONG_KEY,
    "UNIMPLEMENTED": WeaviateFault.NO_WEAVIATE,
}
"""gRPC codes that are clear by themselves; nearly everything else is UNKNOWN with a sentence."""

_SENTENCES: Final = (
    ("unauthorized", WeaviateFault.WRONG_KEY),
    ("forbidden", WeaviateFault.WRONG_KEY),
    ("tenant not found", WeaviateFault.MISSING_TENANT),
    ("tenant not active", WeaviateFault.INACTIVE_TENANT),
    ("could not find class", WeaviateFault.MISSING_COLLECTION),
    # The answer to a batch for a collection that does not exist.
    ("not present in schema", WeaviateFault.MISSING_COLLECTION),
    ("has multi-tenancy disabled", WeaviateFault.MISSING_COLLECTION),
    ("multi-tenancy is not enabled", WeaviateFault.MISSING_COLLECTION),
    ("read-only", WeaviateFault.READ_ONLY),
    ("not enough memory", WeaviateFault.OVERLOADED),
    ("deadline exceeded", WeaviateFault.SLOW),
    ("vectorize", WeaviateFault.MODULE),
    ("API Key: no api key found", WeaviateFault.MODULE),
    ("vector lengths don't match", WeaviateFault.SCHEMA),
    ("vector dimensions do not match", WeaviateFault.SCHEMA),
    ("does not have named vector", WeaviateFault.SCHEMA),
    ("does not have configuration for vector", WeaviateFault.SCHEMA),
    ("no such prop", WeaviateFault.SCHEMA),
    ("class not found", WeaviateFault.MISSING_COLLECTION),
    ("not find enough weaviate nodes", WeaviateFault.TOO_FEW_NODES),
    ("not enough storage replicas", WeaviateFault.TOO_FEW_NODES),
    ("invalid", WeaviateFault.SCHEMA),
)
"""Parts of Weaviate 1.40's messages; the first that occurs decides."""

_KINDS: Final[tuple[tuple[type[Exception], WeaviateFault], ...]] = (
    # An address that swallows packets: nobody answers there.
    (httpx.ConnectTimeout, WeaviateFault.UNAVAILABLE),
    (httpx.TimeoutException, WeaviateFault.SLOW),
    (WeaviateTimeoutError, WeaviateFault.SLOW),
    (httpx.UnsupportedProtocol, WeaviateFault.NO_WEAVIATE),
    (httpx.TooManyRedirects, WeaviateFault.NO_WEAVIATE),
    # A connection that breaks: ReadError, WriteError, CloseError, ConnectError, RemoteProtocolError and the like.
    (httpx.TransportError, WeaviateFault.UNAVAILABLE),
    (httpx.StreamError, WeaviateFault.UNAVAILABLE),
    (ConnectionError, WeaviateFault.UNAVAILABLE),
    (WeaviateConnectionError, WeaviateFault.UNAVAILABLE),
    (WeaviateStartUpError, WeaviateFault.UNAVAILABLE),
    (WeaviateGRPCUnavailableError, WeaviateFault.UNAVAILABLE),
    (WeaviateClosedClientError, WeaviateFault.UNAVAILABLE),
    (WeaviateRetryError, WeaviateFault.UNAVAILABLE),
    (AuthenticationFailedError, WeaviateFault.WRONG_KEY),
    (MissingScopeError, WeaviateFault.WRONG_KEY),
    # A reply that is cut off, or that something before Weaviate has written.
    (httpx.DecodingError, WeaviateFault.OTHER),
    (JSONDecodeError, WeaviateFault.OTHER),
    (ResponseCannotBeDecodedError, WeaviateFault.OTHER),
    (EmptyResponseError, WeaviateFault.OTHER),
)
"""Errors that are clear by their class; the first that fits decides. Others of the client have a sentence."""

_RAISED: Final[tuple[type[Exception], ...]] = (
    WireError,
    RefusedObjectsError,
    WeaviateBaseError,
    httpx.HTTPError,
    *(kind for kind, _ in _KINDS),
)
"""All that a use of the client can raise for what is not a mistake of ours."""

UNPROVEN: Final = frozenset(
    {
        WeaviateFault.MISSING_TENANT,
        WeaviateFault.INACTIVE_TENANT,
        WeaviateFault.MISSING_COLLECTION,
        WeaviateFault.SCHEMA,
        WeaviateFault.TOO_FEW_NODES,
    }
)
"""What a Weaviate says too that has opened its ports and not yet loaded what it keeps."""

_UNAUTHORIZED: Final = (401, 403)
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500


class StoreFailure(Failure):
    """A failure that says what is wrong with Weaviate.

    Attributes:
        fault: for the operator.
    """

    def __init__(self, fault: WeaviateFault) -> None:
        super().__init__(_CAUSES[fault])
        self.fault = fault


@contextmanager
def map_failures() -> Iterator[None]:
    """Turn the client's errors into a `StoreFailure`."""
    try:
        yield
    except TimeoutError:
        raise StoreFailure(WeaviateFault.SLOW) from None
    except Failure as failure:
        if failure.cause is Cause.CAPACITY_EXHAUSTED:
            # Its turn came too late: the calls before it wait for Weaviate as well.
            raise StoreFailure(WeaviateFault.SLOW) from None
        raise
    except _RAISED as error:
        # Not `from error`: its text is Weaviate's and may hold what was stored.
        raise StoreFailure(classified(error)) from None


def classified(error: Exception) -> WeaviateFault:
    """Return the fault behind an error of the client, or of a library that it uses."""
    if isinstance(error, WireError):
        return _CODES.get(error.code) or _said(error.details)
    if isinstance(error, RefusedObjectsError):
        return _said(error.details)
    if isinstance(error, UnexpectedStatusCodeError):
        return _by_status(error)
    known = next((fault for kind, fault in _KINDS if isinstance(error, kind)), None)
    if known is not None:
        return known
    return _said(error.message) if isinstance(error, WeaviateBaseError) else WeaviateFault.OTHER


def _by_status(error: UnexpectedStatusCodeError) -> WeaviateFault:
    if error.status_code in _UNAUTHORIZED:
        return WeaviateFault.WRONG_KEY
    if error.status_code == _TOO_MANY:
        return WeaviateFault.OVERLOADED
    fault = _said(error.message)
    if fault is WeaviateFault.OTHER and error.status_code >= _SERVER_ERROR:
        return WeaviateFault.UNAVAILABLE
    return fault


def _said(sentence: str) -> WeaviateFault:
    return next((fault for words, fault in _SENTENCES if words in sentence), WeaviateFault.OTHER)
