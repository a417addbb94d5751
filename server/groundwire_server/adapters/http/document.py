"""Requests whose responses are read whole."""

from collections.abc import Mapping

from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from groundwire_server.adapters.http.error_response import failure_from
from groundwire_server.adapters.http.exchange import Exchange
from groundwire_server.adapters.http.options import RequestBounds
from groundwire_server.adapters.http.session import Session
from groundwire_server.domain.deadline import Deadline


class DocumentClient:
    """Sends JSON to one path of a provider, and returns what comes back.

    Cancelling a request, or the end of its time, closes it at once.

    Args:
        session: of the provider.
        path: behind the endpoint's base, with its query.
        headers: of each request: credentials.
        bounds: limits of one request.
        model: the provider's name for the model, for the log.
    """

    def __init__(
        self, session: Session, path: str, headers: Mapping[str, str], bounds: RequestBounds, model: str
    ) -> None:
        endpoint = session.endpoint
        self._session = session
        self._url = endpoint.base_url + path
        self._headers = headers
        self._bounds = bounds
        self._model = model
        self._propagator = TraceContextTextMapPropagator() if endpoint.trace_context else None

    async def post(self, body: bytes, deadline: Deadline) -> bytes:
        """Send one request, and return the body of its response.

        Raises:
            Failure: one of the MODEL_ causes, or PROMPT_TOO_LONG.
        """
        exchange = Exchange(self._session, self._bounds, deadline)
        answer = bytearray()
        complete = False
        try:
            headers = dict(self._headers)
            if self._propagator is not None:
                self._propagator.inject(headers)
            response = await exchange.open(self._url, headers, body)
            if response is not None:
                raise failure_from(response, self._session.provider, self._model)
            while data := await exchange.read():
                answer += data
            complete = True
        finally:
            exchange.end(complete=complete)
        return bytes(answer)
