# Generated from clients/python/src/groundwire/_async/client.py: change that, then `make generate`.
"""The client for programs without asyncio."""

from collections.abc import Generator, Iterable, Mapping
from types import TracebackType
from typing import Self

import grpc

from groundwire._sync.audit import AuditCalls
from groundwire._sync.checks import check
from groundwire._sync.connection import Connection
from groundwire._sync.documents import DocumentCalls
from groundwire._sync.experiments import ExperimentCalls
from groundwire._sync.feedback import FeedbackCalls
from groundwire._sync.operations import QueuedCalls
from groundwire._sync.prompts import PromptCalls
from groundwire._sync.recordings import RecordingCalls
from groundwire._sync.records import RecordCalls
from groundwire._sync.reviews import ReviewCalls
from groundwire._sync.stream import SyncAnswerStream
from groundwire._sync.usage import UsageCalls
from groundwire._threads.calls import INTERRUPTED
from groundwire.caller import Caller
from groundwire.channels import DEFAULT_SERVER, DEFAULT_TIMEOUT
from groundwire.outcomes import Blocked, Outcome, outcome_of
from groundwire.requests import answer_request, check_request, question_of, retrieve_request, stream_request
from groundwire.retrying import DEFAULT_RETRY, Retry
from groundwire.security import Credential, Tls, Token, channel_credentials
from groundwire.settings import Settings
from groundwire.v1.answer_service_pb2 import CancelAnswerRequest
from groundwire.v1.feedback_service_pb2 import AppealBlockRequest
from groundwire.v1.filter_pb2 import Filter
from groundwire.v1.grounding_service_pb2 import CheckGroundingResponse, Fact
from groundwire.v1.limit_service_pb2 import GetLimitsRequest, GetLimitsResponse
from groundwire.v1.passage_pb2 import ProvidedPassage
from groundwire.v1.question_pb2 import Question
from groundwire.v1.retrieval_service_pb2 import RetrieveResponse
from groundwire.v1.route_pb2 import Route
from groundwire.v1.route_service_pb2 import ListRoutesRequest
from groundwire.v1.server_info_pb2 import ServerInfo
from groundwire.v1.server_info_service_pb2 import GetServerInfoRequest


class SyncClient(
    DocumentCalls,
    QueuedCalls,
    RecordCalls,
    ReviewCalls,
    FeedbackCalls,
    UsageCalls,
    AuditCalls,
    PromptCalls,
    ExperimentCalls,
    RecordingCalls,
):
    """A connection to a groundwire server, for programs without asyncio. Use it with ``with``, or call ``close``.

    Every call has a deadline, `timeout` where a call names none, and raises ``groundwire.Error`` when it fails.

    Args:
        server: the server's address, or a channel of your own, which you close yourself.
        tenant: whose documents the calls are about; a server with authentication takes it from the credential.
        subject: the caller's name, for a server without authentication.
        principals: what the caller may see documents as, such as groups, for a server without authentication.
        token: a bearer token, or a function that returns the one to send; it is called for every call.
        api_key: an API key, in place of a token.
        tls: secures the connection.
        credentials: gRPC's own, in place of `tls`.
        timeout: seconds that a call may take, with everything that is sent again.
        retry: when a call that failed is sent again; None for never.

    Raises:
        ValueError: when a credential would go to another machine over a connection that is not secured, among others.
    """

    def __init__(
        self,
        server: str | grpc.Channel = DEFAULT_SERVER,
        *,
        tenant: str = "",
        subject: str = "",
        principals: Iterable[str] = (),
        token: Token | None = None,
        api_key: str | None = None,
        tls: Tls | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        retry: Retry | None = DEFAULT_RETRY,
    ) -> None:
        caller = Caller.of(tenant, subject, principals)
        secure = channel_credentials(tls, credentials)
        super().__init__(Connection(server, caller, Credential(token, api_key), secure, timeout, retry))

    @classmethod
    def from_env(
        cls,
        *,
        subject: str = "",
        principals: Iterable[str] = (),
        timeout: float = DEFAULT_TIMEOUT,
        retry: Retry | None = DEFAULT_RETRY,
    ) -> Self:
        """Return a client that connects as the environment says, by the variables of the `groundwire` command.

        They are ``GROUNDWIRE_SERVER``, ``_TENANT``, ``_TOKEN`` or ``_TOKEN_FILE``, ``_API_KEY`` or ``_API_KEY_FILE``,
        ``_TLS``, ``_TLS_CA``, ``_TLS_CERT`` and ``_TLS_KEY``. Without a credential or a tenant, the tenant is `local`.

        Raises:
            ValueError: when what they say cannot be used.
        """
        settings = Settings.from_environment()
        return cls(
            settings.server,
            **settings.identity(),
            subject=subject,
            principals=principals,
            timeout=timeout,
            retry=retry,
        )

    def answer(
        self,
        question: str | Question,
        *,
        route: str = "",
        request_id: str = "",
        top_k: int | None = None,
        filter: Filter | None = None,  # noqa: A002  (the contract's word)
        passages: Iterable[ProvidedPassage] | None = None,
        context: Mapping[str, str] | None = None,
        end_user_id: str = "",
        allow_queue: bool = False,
        timeout: float | None = None,
    ) -> Outcome:
        """Ask a question and return how it ended.

        Args:
            question: the text, or a whole message where there is more to say than the keywords can.
            route: the named use; empty takes the server's default.
            request_id: makes the call idempotent; empty takes a new one when the client retries.
            top_k: the most passages to consider.
            filter: narrows the search by the documents' metadata.
            passages: your own passages, in place of a search.
            context: further values by name, such as `{"plan": "pro"}`; a model sees those that the route declares.
            end_user_id: a pseudonym of the person behind the call, for limits by end user and experiments.
            allow_queue: lets the server answer later where it cannot now; the outcome is then `Queued`.
            timeout: seconds that the call may take.
        """
        asked = question_of(
            question,
            route,
            top_k,
            filter,
            passages,
            context=context,
            end_user_id=end_user_id,
            allow_queue=allow_queue,
        )
        request = answer_request(asked, request_id, self._connection.retry)
        try:
            response = self._connection.call(self._connection.answers.Answer, request, timeout)
        except INTERRUPTED:
            self._connection.abandon(request.request_id)
            raise
        return outcome_of(response.outcome)

    def stream(
        self,
        question: str | Question,
        *,
        route: str = "",
        request_id: str = "",
        top_k: int | None = None,
        filter: Filter | None = None,  # noqa: A002  (the contract's word)
        passages: Iterable[ProvidedPassage] | None = None,
        context: Mapping[str, str] | None = None,
        end_user_id: str = "",
        allow_queue: bool = False,
        provisional: bool = False,
        resume_window: float | None = None,
        after_sequence: int | None = None,
        timeout: float | None = None,
    ) -> SyncAnswerStream:
        """Ask a question and return the events on the way to its outcome, which is the last.

        Args:
            question: the text, or a whole message where there is more to say than the keywords can.
            route: the named use; empty takes the server's default.
            request_id: makes the call idempotent; empty takes a new one when the answer has a resume window.
            top_k: the most passages to consider.
            filter: narrows the search by the documents' metadata.
            passages: your own passages, in place of a search.
            context: further values by name, such as `{"plan": "pro"}`; a model sees those that the route declares.
            end_user_id: a pseudonym of the person behind the call, for limits by end user and experiments.
            allow_queue: lets the server answer later where it cannot now; the outcome is then `Queued`.
            provisional: lets text arrive before it was checked; a retraction takes back what does not stand.
            resume_window: seconds for which the answer goes on when the connection is lost, so that the stream can be
                resumed; None takes that of `retry`, and 0 ends the answer at once.
            after_sequence: resumes the answer of `request_id` after this event.
            timeout: seconds that all of it may take.
        """
        asked = question_of(
            question,
            route,
            top_k,
            filter,
            passages,
            context=context,
            end_user_id=end_user_id,
            allow_queue=allow_queue,
        )
        retry = self._connection.retry
        request = stream_request(asked, request_id, provisional, resume_window, after_sequence, retry)
        return SyncAnswerStream(self._connection, request, timeout)

    def cancel(self, request_id: str, *, timeout: float | None = None) -> bool:
        """End an answer in flight; return False when there was none of that id."""
        request = CancelAnswerRequest(request_id=request_id)
        response = self._connection.call(self._connection.answers.CancelAnswer, request, timeout)
        return response.cancelled

    def retrieve(
        self,
        text: str,
        *,
        route: str = "",
        top_k: int | None = None,
        filter: Filter | None = None,  # noqa: A002  (the contract's word)
        alpha: float | None = None,
        timeout: float | None = None,
    ) -> RetrieveResponse:
        """Return the passages that an answer to the text would be drawn from, best first.

        Args:
            text: the question.
            route: the named use; empty takes the server's default.
            top_k: the most passages to find.
            filter: narrows the search by the documents' metadata.
            alpha: the weight of meaning beside words, 0 to 1, where the route allows it.
            timeout: seconds that the call may take.
        """
        request = retrieve_request(text, route, top_k, filter, alpha)
        return self._connection.call(self._connection.retrieval.Retrieve, request, timeout)

    def check(
        self,
        text: str,
        *,
        facts: Iterable[str | Fact] | None = None,
        question: str = "",
        route: str = "",
        top_k: int | None = None,
        filter: Filter | None = None,  # noqa: A002  (the contract's word)
        timeout: float | None = None,
    ) -> Generator[CheckGroundingResponse, None, None]:
        """Check a text of your own and yield its sentences in order, each with its verdict, and the summary last.

        Leaving the iteration early ends the check.

        Args:
            text: the text, at most 64 KiB.
            facts: what it is checked against, at most 200 of 10,000 characters, as texts or as messages with ids and
                titles; None searches the documents for each sentence.
            question: what the text answers: "Yes." is read with it.
            route: the named use; empty takes the server's default.
            top_k: the most passages to find for a sentence.
            filter: narrows the search by the documents' metadata.
            timeout: seconds that all of it may take.
        """
        request = check_request(text, facts, question, route, top_k, filter)
        return check(self._connection, request, timeout)

    def routes(self, *, timeout: float | None = None) -> list[Route]:
        """Return the routes that the caller may use, ordered by name; the timeout is that of each page."""
        found: list[Route] = []
        request = ListRoutesRequest()
        for page in self._connection.pages(self._connection.routes.ListRoutes, request, timeout):
            found.extend(page.routes)
        return found

    def server_info(self, *, timeout: float | None = None) -> ServerInfo:
        """Return the server's version, features and limits, and the caller as the server understood it."""
        method = self._connection.server_info.GetServerInfo
        response = self._connection.call(method, GetServerInfoRequest(), timeout)
        return response.server_info

    def limits(
        self,
        *,
        tenant: str = "",
        subject: str = "",
        end_user_id: str = "",
        route: str = "",
        timeout: float | None = None,
    ) -> GetLimitsResponse:
        """Return the limits that hold for a requester, with what is used and left of them; for operators.

        Args:
            tenant: to look at; the caller's own unless said otherwise.
            subject: whose counts are shown.
            end_user_id: whose counts are shown.
            route: that would be called; the default one unless said otherwise.
            timeout: seconds for the call.

        Raises:
            Error: FORBIDDEN for another tenant's limits, unless the caller is an operator.
        """
        request = GetLimitsRequest(tenant=tenant, subject=subject, end_user_id=end_user_id, route=route)
        return self._connection.call(self._connection.limits.GetLimits, request, timeout)

    def appeal(self, outcome: Blocked, *, timeout: float | None = None) -> None:
        """Say that policy forbade an answer by mistake: the operator finds it by its trace. Nothing is answered.

        Args:
            outcome: that was blocked.
            timeout: seconds for the call.

        Raises:
            Error: INVALID_REQUEST where the policy is none of your routes.
        """
        report, blocked = outcome.message.report, outcome.message.blocked
        request = AppealBlockRequest(
            request_id=report.request_id,
            trace_id=report.trace_id,
            policy=blocked.policy,
            category=blocked.category,
        )
        self._connection.call(self._connection.feedback.AppealBlock, request, timeout)

    def close(self) -> None:
        """End the connection and all that goes on over it, unless the channel is your own."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<groundwire.{type(self).__name__} {self._connection}>"
