"""UsageService."""

from dataclasses import replace
from typing import Any

import grpc.aio

from groundwire.v1 import usage_service_pb2
from groundwire.v1.usage_service_pb2_grpc import UsageServiceServicer
from groundwire_server.admission.usage_book import STALE_SECONDS
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Feature
from groundwire_server.edge.call import current_call
from groundwire_server.edge.convert.usage import (
    book_to_pb,
    place_from_texts,
    place_to_texts,
    query_from_pb,
    row_to_pb,
)
from groundwire_server.edge.limits import PAGE_LIMIT
from groundwire_server.edge.paging import PageTokens
from groundwire_server.edge.snapshot import CurrentSnapshot
from groundwire_server.ports.clock import Clock


class UsageQueries(UsageServiceServicer):
    """Says what the caller's tenant has consumed."""

    def __init__(self, current: CurrentSnapshot, clock: Clock) -> None:
        self._current = current
        self._clock = clock

    async def QueryUsage(
        self, request: usage_service_pb2.QueryUsageRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> usage_service_pb2.QueryUsageResponse:
        """Return a page of sums.

        Raises:
            Rejection: FEATURE_NOT_OFFERED where there are no accounts, INVALID_REQUEST for days that cannot be.
        """
        accounts = self._current.snapshot.usage
        if accounts is None:
            raise Rejection.not_offered(Feature.USAGE)
        tenant = current_call().caller.tenant
        query = query_from_pb(tenant, request, self._clock.today().date())
        tokens, after = _tokens(tenant, request), None
        if (place := tokens.read(request.page_token, place_from_texts(query.group_by))) is not None:
            # The days of the first page, also where today has become tomorrow.
            first, last, after = place
            query = replace(query, first=first, last=last)
        size = min(request.page_size or PAGE_LIMIT, PAGE_LIMIT)
        # Before the sums: these hold at least what is said to be counted.
        books = await accounts.books(query, STALE_SECONDS)
        rows = await accounts.query(query, after, size)
        response = usage_service_pb2.QueryUsageResponse(
            rows=[row_to_pb(row) for row in rows],
            next_page_token=tokens.write(*place_to_texts(query, rows[-1])) if len(rows) == size else "",
            open=[book_to_pb(book) for book in books.open],
        )
        response.counted_time.FromDatetime(books.counted)
        return response


def _tokens(tenant: str, request: usage_service_pb2.QueryUsageRequest) -> PageTokens:
    """Return the tokens of a list: everything but the page makes it another."""
    asked = usage_service_pb2.QueryUsageRequest()
    asked.CopyFrom(request)
    asked.ClearField("page_size")
    asked.ClearField("page_token")
    return PageTokens("usage", tenant, asked)
