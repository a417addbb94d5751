"""A question on its way through the server, as a value: all that answering it depends on beside the server's parts."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline, TimePlan
from groundwire_server.domain.experiments.experiment import Assignment, arms_word
from groundwire_server.domain.operation import Claim
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.question import Question
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import StreamMode

_DIGEST_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class RunKey:
    """The name of a run: a request id means nothing outside its tenant and subject."""

    tenant: str
    subject: str
    request_id: str


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a caller that chose a request id says about the run behind it.

    Attributes:
        fingerprint: a digest of the request: another request under the same id is refused.
        resume_window: seconds that the run lives on without a follower; None takes the route's `retry_window`.
        after_sequence: the last event that the caller has; None begins a run where there is none.
    """

    fingerprint: bytes
    resume_window: float | None = None
    after_sequence: int | None = None


@dataclass(frozen=True, slots=True)
class RunOrigin:
    """The call that began a run.

    Attributes:
        fingerprint: a digest of its request.
        traceparent: the trace context of its span, which calls that join the run link to; empty without one.
    """

    fingerprint: bytes
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question with its caller, the route's policy and its time.

    Attributes:
        arrived: when the call came in, in seconds on the event loop's clock.
        deadline: when the caller stops listening, on the same clock.
        run: how the caller will find the run again; None where it gave no request id.
        assignments: the arms that it belongs to; they are kept through queue, review and retry.
        claim: the operation that a worker answers; None for a call that waits for its answer.
        dates: those that its prompt shows, in the order of the route's blocks.
    """

    question: Question
    caller: Caller
    policy: Policy
    arrived: float
    deadline: Deadline
    run: RunRequest | None = None
    assignments: tuple[Assignment, ...] = ()
    claim: Claim | None = None
    dates: tuple[str, ...] = ()

    @property
    def experiment_arm(self) -> str:
        """The arms that it belongs to, as reports have them."""
        return arms_word(self.assignments)

    @property
    def mode(self) -> StreamMode:
        """When text of a stream may leave."""
        return self.question.mode or self.policy.mode

    @property
    def requester(self) -> Requester:
        """On whose behalf it is answered."""
        question, caller = self.question, self.caller
        return Requester(caller.tenant, caller.subject, question.end_user_id, self.policy.route, question.priority)

    @property
    def run_key(self) -> RunKey:
        """The name of its run."""
        return RunKey(self.caller.tenant, self.caller.subject, self.question.request_id)

    @property
    def fingerprint(self) -> bytes:
        """A digest of the request; without an id of the caller's nobody can send it again."""
        if self.run is not None:
            return self.run.fingerprint
        return blake2b(self.question.request_id.encode(), digest_size=_DIGEST_BYTES).digest()

    @property
    def resume_window(self) -> float:
        """Seconds that its run lives on without a follower."""
        if self.run is None:
            return 0.0
        window = self.run.resume_window
        return self.policy.retry_window if window is None else window

    def time_plan(self, *, search_alone: bool = False) -> TimePlan:
        """Return how its time is divided over the stages.

        Args:
            search_alone: whether nothing follows the search.
        """
        policy = self.policy
        return TimePlan(
            self.arrived,
            self.deadline,
            policy.retrieval_share,
            policy.retrieval_max,
            policy.first_token_share,
            search_alone=search_alone,
        )
