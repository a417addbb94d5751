"""Translation of Pinecone's errors into faults and causes. Its messages hold names and values, and are dropped here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pinecone import (
    ApiError,
    PineconeConnectionError,
    PineconeError,
    PineconeTimeoutError,
    RateLimitError,
    ResponseParsingError,
)

from groundwire_server.domain.failure import Failure, Fault
from groundwire_server.domain.vocabulary import Cause


class PineconeFault(Fault):
    """A fault of Pinecone or of the way to it, with advice for the operator."""

    UNAVAILABLE = ("Pinecone does not answer", "check its status page, the hosts of the indexes, and the way to them")
    SLOW = ("Pinecone took longer than the call's deadline",)
    THROTTLED = ("Pinecone refuses more calls for now", "send it less work, or raise the limits of the plan")
    WRONG_KEY = ("Pinecone refuses the API key", "configure one that may read and write both indexes")
    QUOTA = ("Pinecone's plan is used up or unpaid", "see the project's usage and billing")
    MISSING_INDEX = ("Pinecone has no such index", "create it, or correct `sparse_host` and `dense_host`")
    WRONG_INDEX = (
        "an index does not match this configuration",
        "see which kind, metric and dimension the page about Pinecone asks for",
    )
    TOO_LARGE = ("Pinecone refuses the size of a request", "lower the store's `batch_records`")
    OTHER = ("Pinecone failed internally", "see its status page")


_CAUSES: Final = {
    PineconeFault.UNAVAILABLE: Cause.STORE_UNAVAILABLE,
    PineconeFault.SLOW: Cause.STORE_TIMEOUT,
    PineconeFault.THROTTLED: Cause.STORE_UNAVAILABLE,
    PineconeFault.WRONG_KEY: Cause.STORE_MISCONFIGURED,
    PineconeFault.QUOTA: Cause.STORE_MISCONFIGURED,
    PineconeFault.MISSING_INDEX: Cause.STORE_MISCONFIGURED,
    PineconeFault.WRONG_INDEX: Cause.STORE_MISCONFIGURED,
    PineconeFault.TOO_LARGE: Cause.STORE_MISCONFIGURED,
    PineconeFault.OTHER: Cause.STORE_UNAVAILABLE,
}

_STATUSES: Final = {
    400: PineconeFault.WRONG_INDEX,
    401: PineconeFault.WRONG_KEY,
    402: PineconeFault.QUOTA,
    403: PineconeFault.WRONG_KEY,
    404: PineconeFault.MISSING_INDEX,
    408: PineconeFault.UNAVAILABLE,
    412: PineconeFault.WRONG_INDEX,
    413: PineconeFault.TOO_LARGE,
    422: PineconeFault.WRONG_INDEX,
    429: PineconeFault.THROTTLED,
}
_SERVER_ERROR: Final = 500


class PineconeFailure(Failure):
    """A failure that says what is wrong with Pinecone.

    Attributes:
        fault: for the operator.
    """

    def __init__(self, fault: PineconeFault, *, retry_after: float | None = None) -> None:
        super().__init__(_CAUSES[fault], retry_after=retry_after)
        self.fault = fault


@contextmanager
def map_failures() -> Iterator[None]:
    """Turn the client's errors into a `PineconeFailure`."""
    try:
        yield
    except PineconeError as error:
        # Not `from error`: its text is Pinecone's and may hold what was stored.
        raise PineconeFailure(_classified(error), retry_after=_retry_after(error)) from None
    except TimeoutError:
        raise PineconeFailure(PineconeFault.SLOW) from None
    except Failure as failure:
        if failure.cause is Cause.CAPACITY_EXHAUSTED:
            # Its turn came too late: the calls before it wait for Pinecone as well.
            raise PineconeFailure(PineconeFault.SLOW) from None
        raise


def _classified(error: PineconeError) -> PineconeFault:
    match error:
        case PineconeTimeoutError():
            return PineconeFault.SLOW
        case PineconeConnectionError():
            return PineconeFault.UNAVAILABLE
        case ApiError(status_code=status):
            fallback = PineconeFault.UNAVAILABLE if status >= _SERVER_ERROR else PineconeFault.OTHER
            return _STATUSES.get(status, fallback)
        case ResponseParsingError():
            return PineconeFault.MISSING_INDEX
        case _:
            return PineconeFault.OTHER


def _retry_after(error: PineconeError) -> float | None:
    return error.retry_after if isinstance(error, RateLimitError) else None
