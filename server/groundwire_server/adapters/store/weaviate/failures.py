"""Translation of Weaviate's errors into faults and causes. Its messages hold names and values, and are dropped here."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final

from weaviate.exceptions import (
    UnexpectedStatusCodeError,
    WeaviateBaseError,
    WeaviateClosedClientError,
    WeaviateConnectionError,
    WeaviateGRPCUnavailableError,
    WeaviateStartUpError,
    WeaviateTimeoutError,
)

from groundwire_server.domain.failure import Failure, GroundwireError
from groundwire_server.domain.vocabulary import Cause


class Fault(StrEnum):
    """A fault of Weaviate or of the way to it, with advice for the operator."""

    UNAVAILABLE = "Weaviate does not answer: check that it runs and that its HTTP and gRPC ports can be reached"
    SLOW = "Weaviate took longer than the call's deadline"
    OVERLOADED = "Weaviate is short of memory or refuses more work: give it more memory, or send it less work"
    WRONG_KEY = "Weaviate refuses the API key: configure one that may read and write the collections"
    MISSING_TENANT = "Weaviate does not have the tenant: create it, or let groundwire create tenants"
    INACTIVE_TENANT = "Weaviate has deactivated the tenant: activate it"
    MISSING_COLLECTION = "Weaviate does not have the collections: run `groundwire corpus apply`"
    SCHEMA = "Weaviate's collections do not match this configuration: run `groundwire corpus apply`"
    READ_ONLY = "Weaviate is read-only, as it is when its disk is nearly full: free space and set its shards to READY"
    MODULE = "Weaviate's vectorizer module fails: check that it is enabled, that it reaches its model, and its key"
    TOO_FEW_NODES = "Weaviate has fewer nodes than the configured replicas: lower the store's `replicas`, or add nodes"
    NO_WEAVIATE = "the server at the gRPC address is not Weaviate, or is too old: correct the store's `grpc`"
    OTHER = "Weaviate failed internally: see its log"


_CAUSES: Final = {
    Fault.UNAVAILABLE: Cause.STORE_UNAVAILABLE,
    Fault.SLOW: Cause.STORE_TIMEOUT,
    Fault.OVERLOADED: Cause.STORE_UNAVAILABLE,
    Fault.WRONG_KEY: Cause.STORE_MISCONFIGURED,
    Fault.MISSING_TENANT: Cause.STORE_MISCONFIGURED,
    Fault.INACTIVE_TENANT: Cause.STORE_MISCONFIGURED,
    Fault.MISSING_COLLECTION: Cause.STORE_MISCONFIGURED,
    Fault.SCHEMA: Cause.STORE_MISCONFIGURED,
    Fault.READ_ONLY: Cause.STORE_MISCONFIGURED,
    Fault.MODULE: Cause.EMBEDDER_UNAVAILABLE,
    Fault.TOO_FEW_NODES: Cause.STORE_MISCONFIGURED,
    Fault.NO_WEAVIATE: Cause.STORE_MISCONFIGURED,
    Fault.OTHER: Cause.STORE_UNAVAILABLE,
}

_CODES: Final = {
    "DEADLINE_EXCEEDED": Fault.SLOW,
    "UNAVAILABLE": Fault.UNAVAILABLE,
    "CANCELLED": Fault.UNAVAILABLE,
    "ABORTED": Fault.UNAVAILABLE,
    "RESOURCE_EXHAUSTED": Fault.OVERLOADED,
    "UNAUTHENTICATED": Fault.WRONG_KEY,
    "PERMISSION_DENIED": Fault.WRONG_KEY,
    "UNIMPLEMENTED": Fault.NO_WEAVIATE,
}
"""gRPC codes that are clear by themselves; nearly everything else is UNKNOWN with a sentence."""

_SENTENCES: Final = (
    ("unauthorized", Fault.WRONG_KEY),
    ("forbidden", Fault.WRONG_KEY),
    ("tenant not found", Fault.MISSING_TENANT),
    ("tenant not active", Fault.INACTIVE_TENANT),
    ("could not find class", Fault.MISSING_COLLECTION),
    # The answer to a batch for a collection that does not exist.
    ("not present in schema", Fault.MISSING_COLLECTION),
    ("has multi-tenancy disabled", Fault.MISSING_COLLECTION),
    ("multi-tenancy is not enabled", Fault.MISSING_COLLECTION),
    ("read-only", Fault.READ_ONLY),
    ("not enough memory", Fault.OVERLOADED),
    ("deadline exceeded", Fault.SLOW),
    ("vectorize", Fault.MODULE),
    ("API Key: no api key found", Fault.MODULE),
    ("vector lengths don't match", Fault.SCHEMA),
    ("vector dimensions do not match", Fault.SCHEMA),
    ("does not have named vector", Fault.SCHEMA),
    ("does not have configuration for vector", Fault.SCHEMA),
    ("no such prop", Fault.SCHEMA),
    ("class not found", Fault.MISSING_COLLECTION),
    ("not find enough weaviate nodes", Fault.TOO_FEW_NODES),
    ("not enough storage replicas", Fault.TOO_FEW_NODES),
    ("invalid", Fault.SCHEMA),
)
"""Parts of Weaviate 1.40's messages; the first that occurs decides."""

_UNAUTHORIZED: Final = (401, 403)
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500


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


class StoreFailure(Failure):
    """A failure that says what is wrong with Weaviate.

    Attributes:
        fault: for the operator.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(_CAUSES[fault])
        self.fault = fault


@contextmanager
def map_failures() -> Iterator[None]:
    """Turn the client's errors into a `StoreFailure`."""
    try:
        yield
    except TimeoutError:
        raise StoreFailure(Fault.SLOW) from None
    except (WireError, RefusedObjectsError, WeaviateBaseError) as error:
        # Not `from error`: its text is Weaviate's and may hold what was stored.
        raise StoreFailure(classified(error)) from None


def classified(error: WireError | RefusedObjectsError | WeaviateBaseError) -> Fault:
    """Return the fault behind an error of the client."""
    match error:
        case WireError():
            return _CODES.get(error.code) or _said(error.details)
        case RefusedObjectsError():
            return _said(error.details)
        case UnexpectedStatusCodeError():
            return _by_status(error)
        case WeaviateTimeoutError():
            return Fault.SLOW
        case (
            WeaviateConnectionError()
            | WeaviateStartUpError()
            | WeaviateGRPCUnavailableError()
            | WeaviateClosedClientError()
        ):
            return Fault.UNAVAILABLE
        case _:
            return _said(error.message)


def _by_status(error: UnexpectedStatusCodeError) -> Fault:
    if error.status_code in _UNAUTHORIZED:
        return Fault.WRONG_KEY
    if error.status_code == _TOO_MANY:
        return Fault.OVERLOADED
    fault = _said(error.message)
    if fault is Fault.OTHER and error.status_code >= _SERVER_ERROR:
        return Fault.UNAVAILABLE
    return fault


def _said(sentence: str) -> Fault:
    return next((fault for words, fault in _SENTENCES if words in sentence), Fault.OTHER)
