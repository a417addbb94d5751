"""Reviews that are decided in a ticketing system: its signed call becomes calls of ReviewService."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from groundwire.v1.review_pb2 import Review
from groundwire_server.domain.access_denied import AccessDenied, DenialReason
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.standard_webhooks import is_signed
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.gateway.callback_calls import CallbackDecision, CallbackFailedError, UnsupportedTextError
from groundwire_server.edge.gateway.callback_options import ReviewCallbackOptions
from groundwire_server.edge.gateway.callback_request import CallbackError, callback_request
from groundwire_server.edge.gateway.http_call import HttpCall
from groundwire_server.edge.gateway.reply import reply_json
from groundwire_server.edge.gateway.routes import BodyTooLargeError, HttpRoute, read_body
from groundwire_server.edge.identity import network_of, peer_of
from groundwire_server.edge.interceptors.limits import NoPlaceError, Places
from groundwire_server.options.signing import signing_key

PATH: Final = "/v1/reviews:callback"

MAX_BYTES: Final = 512 * 1024
"""Of a body: a text of 64 KiB may be six times as long in JSON."""

MAX_BODIES: Final = 64
"""Bodies that may arrive at once: who has sent one is known when all of it is there."""

MAX_BODIES_OF_NETWORK: Final = 8
"""The same from one address, or one /64 of IPv6."""

_BODY_SECONDS: Final = 10.0


class ReviewCallbacks:
    """Serves the endpoint of ticketing systems.

    A system acts as the person whom it names, in its own tenant, with the role reviewer and the principals that are
    configured for it. Its calls pass the interceptors as all others do: they are limited, traced and recorded.

    Args:
        handlers: of ReviewService's methods by their names, behind the interceptors.
        systems: by name.
        now: returns the seconds since 1970.
    """

    def __init__(
        self, handlers: Mapping[str, Any], systems: Mapping[str, ReviewCallbackOptions], now: Callable[[], float]
    ) -> None:
        self._handlers = handlers
        self._systems = [(options, signing_key(options.secret)) for options in systems.values()]
        self._now = now
        self._bodies = Places("callback_bodies", MAX_BODIES, MAX_BODIES_OF_NETWORK)

    def route(self) -> HttpRoute:
        """Return the endpoint."""
        return HttpRoute(PATH, ("POST",), ("application/json",), self.serve)

    async def serve(self, call: HttpCall) -> None:
        """Serve one request."""
        try:
            with self._bodies.place(network_of(peer_of(call.peer))):
                body = await read_body(call, MAX_BYTES, _BODY_SECONDS)
        except NoPlaceError:
            message = "too many requests arrive at once: send it again"
            await _refuse(call, 503, Reason.OVERLOADED, message, [(b"retry-after", b"1")])
            return
        except BodyTooLargeError:
            await _refuse(call, 413, "TOO_LARGE", f"send at most {MAX_BYTES // 1024} KiB")
            return
        except TimeoutError:
            await _refuse(call, 408, "TOO_SLOW", "send the body at once")
            return
        except ConnectionError:
            return
        system = self._sender(call.headers, body)
        try:
            if system is None:
                await self._deny(call)
                return
            asked = callback_request(body)
            caller = Caller.checked(
                system.tenant, system.subject_prefix + asked.reviewer, system.principals, (Role.REVIEWER,)
            )
            review = await CallbackDecision(call, self._handlers, lambda: caller).decide(asked)
        except (CallbackError, ValueError) as wrong:
            await _refuse(call, 400, "INVALID_REQUEST", str(wrong))
        except UnsupportedTextError as unsupported:
            await _refuse(call, 422, unsupported.reason, unsupported.message, sentences=unsupported.sentences)
        except CallbackFailedError as failed:
            headers = () if failed.wait is None else [(b"retry-after", str(failed.wait).encode())]
            await _refuse(call, failed.status, failed.reason, failed.message, headers)
        else:
            await reply_json(call.send, 200, _decided(review))

    async def _deny(self, call: HttpCall) -> None:
        """Refuse a request that no system has signed, by a call that is limited and recorded as all denials are."""
        try:
            await CallbackDecision(call, self._handlers, _denied).denied()
        except CallbackFailedError as failed:
            if failed.reason != Reason.UNAUTHENTICATED:
                raise
            message = "sign with the secret of this server's configuration, and send within five minutes"
            await _refuse(call, 401, failed.reason, message)

    def _sender(self, headers: Mapping[str, str], body: bytes) -> ReviewCallbackOptions | None:
        """Return the system that has signed a request; None where none has."""
        now = self._now()
        return next((options for options, key in self._systems if is_signed(key, headers, now, body)), None)


def _denied() -> Caller:
    raise AccessDenied(DenialReason.CALLBACK_SIGNATURE)


def _decided(review: Review) -> Mapping[str, str]:
    return {
        "ticket": review.ticket,
        "state": Review.State.Name(review.state).removeprefix("STATE_"),
        "reviewer": review.reviewer,
        "decide_time": review.decide_time.ToJsonString(),
    }


async def _refuse(
    call: HttpCall,
    status: int,
    reason: str,
    message: str,
    headers: Iterable[tuple[bytes, bytes]] = (),
    **more: object,
) -> None:
    await reply_json(call.send, status, {"reason": reason, "message": message, **more}, headers)
