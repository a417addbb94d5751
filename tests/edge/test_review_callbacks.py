"""The endpoint at which ticketing systems decide reviews, over scripted calls of ReviewService."""

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from grpc_status import rpc_status
from standardwebhooks import Webhook

from groundwire.v1 import review_service_pb2 as reviews
from groundwire.v1.answer_fault_pb2 import AnswerFault
from groundwire.v1.grounding_pb2 import Verdict
from groundwire.v1.review_pb2 import Review
from groundwire_server.domain.access_denied import AccessDenied
from groundwire_server.domain.caller import Caller, Role
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.gateway.callback import MAX_BODIES_OF_NETWORK, MAX_BYTES, ReviewCallbacks
from groundwire_server.edge.gateway.callback_calls import METHODS
from groundwire_server.edge.gateway.callback_options import ReviewCallbackOptions
from groundwire_server.edge.gateway.context import HttpContext
from groundwire_server.edge.gateway.http_call import HttpCall, Message, RequestBody
from groundwire_server.edge.statuses import aborted
from groundwire_server.options.secret import Secret
from tests.doubles.reviewed_service import span

NOW = 1_800_000_000
TICKET = "7f3a09c2"


def secret(name: str) -> Secret:
    return Secret(f"env://{name}", f"whsec_{base64.b64encode(name.encode().ljust(32)).decode()}")


JIRA = ReviewCallbackOptions(secret=secret("JIRA"), tenant="acme", subject_prefix="jira:", principals=("staff",))
DESK = ReviewCallbackOptions(secret=secret("DESK"), tenant="demo")


@dataclass
class ScriptedReviews:
    """Stands for ReviewService: one review, which calls decide, behind a check of who calls."""

    state: "Review.State.ValueType" = Review.STATE_PENDING
    failing: dict[str, Rejection] = field(default_factory=dict)
    unsupported: bool = False
    called: list[tuple[str, Any]] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)
    denied: int = 0

    def handlers(self) -> Mapping[str, Any]:
        return {method: _Handler(self, method) for method in METHODS}

    async def serve(self, method: str, context: HttpContext) -> None:
        assert context.identify is not None
        try:
            caller = context.identify()
        except AccessDenied as denied:
            self.denied += 1
            await context.abort(*aborted(denied))
        request = await context.read()
        self.callers.append(caller)
        self.called.append((method, request))
        if method in self.failing:
            await context.abort(*aborted(self.failing[method]))
        if isinstance(request, reviews.EditReviewRequest) and self.unsupported and not request.validate_only:
            rejection = Rejection(Reason.REVIEW_TEXT_UNSUPPORTED, metadata={"sentences": "0"})
            await context.abort(*aborted(rejection))
        review = Review(ticket=request.ticket, reviewer=caller.subject, state=_after(method, self.state))
        review.decide_time.FromSeconds(NOW)
        if isinstance(request, reviews.EditReviewRequest):
            review.decided.text = request.text
            review.decided.sentences.add(span=span(request.text, request.text), verdict=Verdict.VERDICT_UNSUPPORTED)
            review.below_minimum.append(0)
        await context.write(reviews.ApproveReviewResponse(review=review))


def _after(method: str, state: "Review.State.ValueType") -> "Review.State.ValueType":
    ends = {"ApproveReview": Review.STATE_APPROVED, "EditReview": Review.STATE_EDITED}
    return ends.get(method, Review.STATE_REJECTED if method == "RejectReview" else state)


class _Handler:
    """A handler as the chain of interceptors makes them."""

    def __init__(self, service: ScriptedReviews, method: str) -> None:
        self._service, self._method = service, method
        self.request_deserializer = getattr(reviews, f"{method}Request").FromString

    async def stream_stream(self, _: object, context: HttpContext) -> None:
        await self._service.serve(self._method, context)


@dataclass
class Answered:
    """What the endpoint has answered."""

    status: int
    body: Any
    headers: Mapping[bytes, bytes]


Post = Callable[..., Any]


@pytest.fixture
def service() -> ScriptedReviews:
    return ScriptedReviews()


@pytest.fixture
def post(service: ScriptedReviews) -> Post:
    callbacks = ReviewCallbacks(service.handlers(), {"jira": JIRA, "desk": DESK}, lambda: float(NOW))

    async def posted(
        said: object = None, *, raw: bytes | None = None, by: Secret = JIRA.secret, at: int = NOW, **headers: str
    ) -> Answered:
        body = json.dumps(said).encode() if raw is None else raw
        stamp = datetime.fromtimestamp(at, UTC)
        signed = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(at),
            "webhook-signature": Webhook(by.reveal()).sign("msg_1", stamp, body.decode("utf-8", "surrogateescape")),
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        call = HttpCall({}, RequestBody(receive), send, {**signed, **headers}, "ipv4:127.0.0.1:1", {})
        await callbacks.serve(call)
        return Answered(sent[0]["status"], json.loads(sent[1]["body"]), dict(sent[0]["headers"]))

    return posted


def decision(kind: str = "approve", **more: object) -> dict[str, object]:
    return {"ticket": TICKET, "decision": kind, "reviewer": "alice", **more}


async def test_a_decision_is_carried_out_as_the_person_who_made_it(post: Post, service: ScriptedReviews) -> None:
    answered = await post(decision(note="as the handbook says"))
    assert (answered.status, answered.body) == (
        200,
        {"ticket": TICKET, "state": "APPROVED", "reviewer": "jira:alice", "decide_time": "2027-01-15T08:00:00Z"},
    )
    assert [method for method, _ in service.called] == ["ClaimReview", "ApproveReview"]
    assert service.called[1][1].note == "as the handbook says"
    caller = service.callers[0]
    assert (caller.tenant, caller.subject, caller.roles) == ("acme", "jira:alice", frozenset({Role.REVIEWER}))
    assert caller.principals == {"staff"}


async def test_remarks_go_with_what_is_wrong(post: Post, service: ScriptedReviews) -> None:
    answered = await post(decision("reject", faults=["incorrect", "no_answer"], wrong_sentences=[0, 2]))
    assert answered.body["state"] == "REJECTED"
    request = service.called[1][1]
    assert list(request.faults) == [AnswerFault.ANSWER_FAULT_INCORRECT, AnswerFault.ANSWER_FAULT_NO_ANSWER]
    assert list(request.wrong_sentences) == [0, 2]


async def test_each_system_acts_in_its_own_tenant(post: Post, service: ScriptedReviews) -> None:
    assert (await post(decision(), by=DESK.secret)).status == 200
    assert (service.callers[0].tenant, service.callers[0].subject) == ("demo", "tickets:alice")


async def test_the_same_decision_twice_has_the_same_result(post: Post, service: ScriptedReviews) -> None:
    first = await post(decision())
    service.failing["ClaimReview"] = Rejection(Reason.REVIEW_DECIDED)
    assert await post(decision()) == first


@pytest.mark.parametrize(
    ("method", "rejection", "status"),
    [
        ("ApproveReview", Rejection(Reason.REVIEW_DECIDED), 409),
        ("ApproveReview", Rejection(Reason.REVIEW_NO_DRAFT), 409),
        ("ClaimReview", Rejection(Reason.REVIEW_NOT_FOUND), 404),
        ("ClaimReview", Rejection(Reason.REVIEW_CLAIMED, retry_after=60), 409),
        ("ClaimReview", Rejection(Reason.REVIEW_OWN), 403),
        ("ClaimReview", Rejection(Reason.OVERLOADED, retry_after=3), 503),
        ("ClaimReview", Rejection(Reason.FEATURE_NOT_OFFERED), 501),
        ("ClaimReview", Rejection(Reason.INTERNAL), 500),
    ],
)
async def test_a_decision_that_cannot_be_says_why(
    post: Post, service: ScriptedReviews, method: str, rejection: Rejection, status: int
) -> None:
    service.failing[method] = rejection
    answered = await post(decision())
    assert (answered.status, answered.body["reason"]) == (status, rejection.reason)
    assert answered.body["message"]
    assert (b"retry-after" in answered.headers) == (rejection.retry_after is not None)


async def test_what_was_claimed_in_vain_is_given_back(post: Post, service: ScriptedReviews) -> None:
    service.failing["ApproveReview"] = Rejection(Reason.REVIEW_NO_DRAFT)
    await post(decision())
    assert service.called[-1][0] == "ReleaseReview"


async def test_a_text_that_is_not_supported_comes_back_with_its_sentences(post: Post, service: ScriptedReviews) -> None:
    service.unsupported = True
    answered = await post(decision("edit", text="Nobody may sign."))
    assert (answered.status, answered.body["reason"]) == (422, "REVIEW_TEXT_UNSUPPORTED")
    assert answered.body["sentences"] == [{"index": 0, "text": "Nobody may sign.", "verdict": "UNSUPPORTED"}]
    methods = [method for method, _ in service.called]
    assert methods == ["ClaimReview", "EditReview", "EditReview", "ReleaseReview"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": secret("OTHER")},
        {"at": NOW - 301},
        {"at": NOW + 301},
        {"webhook-id": "msg_2"},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
    ],
)
async def test_who_has_not_signed_learns_nothing(post: Post, service: ScriptedReviews, wrong: dict[str, Any]) -> None:
    answered = await post(decision(), **wrong)
    assert (answered.status, answered.body["reason"]) == (401, "UNAUTHENTICATED")
    assert answered.body["message"].startswith("sign with the secret")
    assert (service.called, service.denied) == ([], 1)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ([], "send a JSON object"),
        ({}, "decision must be one of approve, edit, reject"),
        (decision("close"), "decision must be one of"),
        (decision("edit"), "text goes with the decision edit"),
        (decision("approve", text="x"), "text goes with the decision edit"),
        (decision("approve", faults=["other"]), "go with edit and reject"),
        (decision("reject", faults=["odd"]), "faults must be of incorrect"),
        (decision("reject", faults="odd"), "faults must be a list"),
        (decision("reject", wrong_sentences=[True]), "whole numbers"),
        (decision("reject", wrong_sentences=[2**40]), "of its type"),
        (decision("reject", note=7), "note must be a text"),
        (decision("reject", etag="1"), "and nothing else"),
        (decision("edit", text="\ud800"), "valid Unicode"),
        (decision(reviewer=""), "must not be empty"),
        (decision(reviewer="a\nb"), "printable"),
        (decision(reviewer="x" * 300), "256"),
    ],
)
async def test_what_cannot_be_read_says_what_to_send(
    post: Post, service: ScriptedReviews, said: object, words: str
) -> None:
    answered = await post(said)
    assert (answered.status, answered.body["reason"]) == (400, "INVALID_REQUEST")
    assert words in answered.body["message"]
    assert service.called == []


@pytest.mark.parametrize("raw", [b"", b"{", b"[" * 100_000, b"7"])
async def test_what_is_no_json_is_refused(post: Post, raw: bytes) -> None:
    assert (await post(raw=raw)).status == 400


async def test_a_body_that_says_two_decisions_says_none(post: Post, service: ScriptedReviews) -> None:
    said = f'{{"ticket": "{TICKET}", "reviewer": "alice", "decision": "approve", "decision": "reject"}}'
    answered = await post(raw=said.encode())
    assert (answered.status, answered.body["message"]) == (400, "name each field once")
    assert service.called == []


async def test_a_body_that_is_too_large_is_not_read(post: Post, service: ScriptedReviews) -> None:
    answered = await post(raw=b" " * (MAX_BYTES + 1))
    assert (answered.status, answered.body["reason"]) == (413, "TOO_LARGE")
    assert (service.called, service.denied) == ([], 0)


async def test_bodies_that_do_not_arrive_keep_few_places(service: ScriptedReviews) -> None:
    callbacks = ReviewCallbacks(service.handlers(), {"jira": JIRA}, lambda: float(NOW))
    goes_on = asyncio.Event()
    answered: list[int] = []

    async def receive() -> Message:
        await goes_on.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answered.append(message["status"])

    def serving(peer: str) -> "asyncio.Task[None]":
        return asyncio.create_task(callbacks.serve(HttpCall({}, RequestBody(receive), send, {}, peer, {})))

    held = [serving(f"ipv4:192.0.2.1:{port}") for port in range(MAX_BODIES_OF_NETWORK)]
    await asyncio.sleep(0)
    await serving("ipv4:192.0.2.1:4711")
    assert answered == [503]
    other = serving("ipv4:192.0.2.2:4711")
    goes_on.set()
    await asyncio.gather(other, *held)
    await serving("ipv4:192.0.2.1:4711")
    assert (answered, service.called) == ([503], [])


def test_the_reason_of_a_status_can_be_read() -> None:
    # The endpoint reads the details that the statuses of the contract have.
    code, message, trailers = aborted(Rejection(Reason.REVIEW_DECIDED))
    assert rpc_status.GRPC_DETAILS_METADATA_KEY in {key for key, _ in trailers}
    assert (code.name, bool(message)) == ("FAILED_PRECONDITION", True)
