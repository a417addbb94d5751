"""A double of the gateway with a review service in memory: what a real one does rarely, it does when a test says so."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web

from groundwire_server.edge.gateway.pages import POLICY, Pages
from tests.page.contents import moment, span

_SERVICE: Final = "groundwire.v1.ReviewService"
_OPEN: Final = {"STATE_PENDING", "STATE_CLAIMED"}
_END: Final = 2
_STATUSES: Final = {"unauthenticated": 401, "aborted": 409, "not_found": 404, "permission_denied": 403}


class Refusal(Exception):  # a status, as the protocol has it
    """A call that the service refuses."""

    def __init__(self, code: str, reason: str, metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        info = {"reason": reason, "domain": "groundwire.io", "metadata": dict(metadata or {})}
        self.code = code
        self.shown = {"code": code, "message": "", "details": [{"type": "google.rpc.ErrorInfo", "debug": info}]}


class ReviewingServer:
    """Serves the page, and reviews by the Connect protocol in JSON.

    Attributes:
        reviews: by ticket.
        tokens: the subjects of the tokens and API keys that are accepted; where there are none, names are enough.
        lease: seconds that a claim holds.
        watched: whether reviews can be watched.
        calls: the methods called, in order, with their requests.
        answer: the events of StreamAnswer; a None holds the stream until `goes_on` is set.
        left: set when the reader of an answer has gone.
    """

    def __init__(self, reviews: list[dict[str, Any]]) -> None:
        self.reviews = {review["ticket"]: review for review in reviews}
        self.tokens: dict[str, str] = {}
        self.roles = ["ROLE_REVIEWER", "ROLE_OPERATOR", "ROLE_READER"]
        self.lease = 900.0
        self.watched = True
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answer: list[dict[str, Any] | None] = []
        self.goes_on = asyncio.Event()
        self.left = asyncio.Event()
        self.operation: dict[str, Any] = {}
        self.address = ""
        self._changed: set[asyncio.Queue[dict[str, Any] | None]] = set()
        self._pages = Pages.packaged()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ReviewingServer"]:
        """Serve on loopback while the context is held."""
        app = web.Application()
        app.router.add_post("/{service}/{method}", self._call)
        app.router.add_get("/{path:.*}", self._file)
        runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    def change(self, ticket: str, **changes: Any) -> dict[str, Any]:
        """Change a review, and tell those that watch."""
        review = self.reviews[ticket]
        review.update(changes, etag=str(int(review["etag"]) + 1))
        for queue in self._changed:
            queue.put_nowait(_listed(review))
        return review

    def expire(self) -> None:
        """End each watch as the server does when the credential of its caller has expired."""
        for queue in self._changed:
            queue.put_nowait(None)

    async def _file(self, request: web.Request) -> web.Response:
        path = request.path
        if not self._pages.has(path):
            return web.Response(status=404)
        file = self._pages._files[self._pages._path(path)]  # as the gateway sends it
        headers = {key.decode(): value.decode() for key, value in file.headers}
        return web.Response(body=file.data, headers={**headers, "content-security-policy": POLICY})

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = f"{request.match_info['service']}/{request.match_info['method']}"
        body = await request.read()
        streamed = request.content_type == "application/connect+json"
        message = json.loads(body[5:] if streamed else body)
        self.calls.append((method, message))
        if streamed:
            return await self._stream(request, message)
        try:
            return web.json_response(self._reply(method, message, self._caller(request)))
        except Refusal as refusal:
            return web.json_response(refusal.shown, status=_STATUSES.get(refusal.code, 400))

    async def _stream(self, request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "application/connect+json"})
        await response.prepare(request)
        try:
            self._caller(request)
            if "filter" in message and not self.watched:
                raise Refusal("unimplemented", "FEATURE_NOT_OFFERED", {"feature": "REVIEWS"})
        except Refusal as refusal:
            await response.write(_envelope({"error": refusal.shown}, _END))
            return response
        if "question" in message:
            return await self._answer(response)
        if "name" in message:
            await response.write(_envelope({"operation": {**self.operation, "done": False}}))
            await self.goes_on.wait()
            await response.write(_envelope({"operation": {**self.operation, "done": True}}))
            await response.write(_envelope({}, _END))
            return response
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._changed.add(queue)
        try:
            states = message["filter"]["states"]
            for review in list(self.reviews.values()):
                if review["state"] in states:
                    await response.write(_envelope({"review": _listed(review)}))
            while (review_now := await queue.get()) is not None:
                await response.write(_envelope({"review": review_now}))
            await response.write(_envelope({"error": Refusal("unauthenticated", "UNAUTHENTICATED").shown}, _END))
            return response
        finally:
            self._changed.discard(queue)

    async def _answer(self, response: web.StreamResponse) -> web.StreamResponse:
        try:
            for sequence, event in enumerate(self.answer, 1):
                if event is None:
                    await self.goes_on.wait()
                else:
                    await response.write(_envelope({"sequence": sequence, **event}))
            await response.write(_envelope({}, _END))
        except (asyncio.CancelledError, ConnectionError):
            self.left.set()
            raise
        return response

    def _caller(self, request: web.Request) -> str:
        if not self.tokens:
            return request.headers.get("groundwire-subject", "anonymous")
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        token = request.headers.get("groundwire-api-key", token)
        if token not in self.tokens:
            raise Refusal("unauthenticated", "UNAUTHENTICATED")
        return self.tokens[token]

    def _reply(self, method: str, message: dict[str, Any], caller: str) -> dict[str, Any]:
        name = method.rpartition("/")[2]
        match name:
            case "GetServerInfo":
                who = {"tenant": "acme", "subject": caller, "roles": self.roles, "authenticated": bool(self.tokens)}
                features = ["FEATURE_REVIEWS", "FEATURE_AUDIT", "FEATURE_USAGE"]
                return {"serverInfo": {"features": features, "caller": who}}
            case "ListRoutes":
                return {"routes": [{"name": "default"}, {"name": "travel"}]}
            case "ListReviews":
                return self._list(message)
            case "SubmitFeedback":
                return {"answerKept": True}
            case "QueryUsage":
                return USAGE
            case "ListAuditEntries":
                event = {"event": "review.opened", "details": {"etag": "1"}}
                return {"entries": [{"sequence": "1", "time": moment(-300), **event}]}
            case _:
                return self._of_review(name, method, message, caller)

    def _of_review(self, name: str, method: str, message: dict[str, Any], caller: str) -> dict[str, Any]:
        if not method.startswith(_SERVICE):
            raise Refusal("unimplemented", "FEATURE_NOT_OFFERED")
        if "ROLE_REVIEWER" not in self.roles:
            raise Refusal("permission_denied", "FORBIDDEN", {"role": "reviewer"})
        review = self.reviews.get(message["ticket"])
        if review is None:
            raise Refusal("not_found", "REVIEW_NOT_FOUND")
        return {"review": self._review(name, review, message, caller)}

    def _list(self, message: dict[str, Any]) -> dict[str, Any]:
        every = list(self.reviews.values())
        states = message.get("filter", {}).get("states", [])
        found = [_listed(review) for review in every if not states or review["state"] in states]
        limit = message.get("pageSize", 100)
        token = {"nextPageToken": "more"} if len(found) > limit else {}
        return {"reviews": found[:limit], **token, "open": sum(review["state"] in _OPEN for review in every)}

    def _review(self, name: str, review: dict[str, Any], message: dict[str, Any], caller: str) -> dict[str, Any]:
        ticket, held = review["ticket"], review["state"] == "STATE_CLAIMED"
        if name == "GetReview":
            return review
        if review["state"] not in _OPEN:
            raise Refusal("failed_precondition", "REVIEW_DECIDED")
        if name == "ClaimReview":
            if held and review["reviewer"] != caller:
                raise Refusal("aborted", "REVIEW_CLAIMED")
            return self.change(ticket, state="STATE_CLAIMED", reviewer=caller, leaseExpireTime=moment(self.lease))
        if not held or review["reviewer"] != caller:
            raise Refusal("failed_precondition", "REVIEW_NOT_CLAIMED")
        if name == "ReleaseReview":
            return self.change(ticket, state="STATE_PENDING", reviewer="")
        edited = checked(message["text"]) if name == "EditReview" else {}
        if message.get("validateOnly"):
            return {**review, **edited}
        if message["etag"] != review["etag"]:
            raise Refusal("aborted", "REVIEW_CHANGED")
        if edited.get("belowMinimum") and not message.get("acceptUnsupported"):
            raise Refusal("failed_precondition", "REVIEW_TEXT_UNSUPPORTED", {"sentences": "0"})
        state = {"ApproveReview": "STATE_APPROVED", "EditReview": "STATE_EDITED", "RejectReview": "STATE_REJECTED"}
        kept = {key: message[key] for key in ("note", "faults", "wrongSentences") if message.get(key)}
        left = {"decided": review.get("proposed")} if name == "ApproveReview" else edited
        return self.change(ticket, state=state[name], decideTime=moment(0), **kept, **left)


def checked(text: str) -> dict[str, Any]:
    """Return an edited text with its verdict: one that names 160 euros is supported."""
    right = "160" in text
    verdict = "VERDICT_ENTAILED" if right else "VERDICT_UNSUPPORTED"
    sentence = {"span": span(text, text), "verdict": verdict, "citationIndexes": [0] if right else []}
    citations = [{"chunkId": "c1", "quote": "In Munich and Hamburg the limit is 160 euros."}] if right else []
    answer = {"text": text, "sentences": [sentence], "citations": citations}
    return {"decided": answer, "belowMinimum": [] if right else [0]}


USAGE: Final[dict[str, Any]] = {
    "rows": [
        {
            "day": f"2026-11-{day:02}",
            "model": model,
            "inputTokens": str(9000 * day % 41000 + 8000),
            "outputTokens": str(1700 * day % 5000 + 400),
            "costMicros": str((731 * day % 97) * price),
            "currency": "USD",
            "calls": str(day * 13 % 70 + 5),
        }
        for day in range(1, 28)
        for model, price in (("small", 2100), ("large", 9400))
    ],
    "open": [{"process": "server-2", "beginTime": moment(-9000), "writtenTime": moment(-4000), "openCalls": 3}],
    "countedTime": moment(-5),
}


def _listed(review: dict[str, Any]) -> dict[str, Any]:
    left_out = {"proposed", "passages", "decided", "withheld"}
    return {key: value for key, value in review.items() if key not in left_out}


def _envelope(message: dict[str, Any], flags: int = 0) -> bytes:
    data = json.dumps(message).encode()
    return struct.pack(">BI", flags, len(data)) + data
