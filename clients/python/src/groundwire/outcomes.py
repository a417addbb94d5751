"""How a question ended: one class for each outcome of the contract, to be taken apart with ``match``."""

from collections.abc import Sequence
from datetime import timedelta
from enum import IntEnum
from typing import ClassVar, TypeAlias

from google.protobuf.descriptor import EnumDescriptor
from google.protobuf.duration_pb2 import Duration

from groundwire.v1 import outcome_pb2 as pb
from groundwire.v1.cause_pb2 import Cause
from groundwire.v1.grounding_pb2 import Citation, GroundedText
from groundwire.v1.passage_pb2 import Passage
from groundwire.v1.report_pb2 import Report

_SHOWN = 60
"""The most characters of an answer in a `repr`."""


class NextStep(IntEnum):
    """What the caller should do, with the contract's numbers; one that this client does not know is DO_NOT_RETRY."""

    SHOW = pb.NEXT_STEP_SHOW
    SHOW_WITH_CAUTION = pb.NEXT_STEP_SHOW_WITH_CAUTION
    REPHRASE = pb.NEXT_STEP_REPHRASE
    WAIT_FOR_OPERATION = pb.NEXT_STEP_WAIT_FOR_OPERATION
    WAIT_FOR_REVIEW = pb.NEXT_STEP_WAIT_FOR_REVIEW
    RETRY_AFTER = pb.NEXT_STEP_RETRY_AFTER
    DO_NOT_RETRY = pb.NEXT_STEP_DO_NOT_RETRY

    @classmethod
    def _missing_(cls, value: object) -> "NextStep":
        return cls.DO_NOT_RETRY


class _Outcome:
    """What every outcome says.

    Attributes:
        message: the contract's own message.
    """

    __slots__ = ("message",)
    __match_args__: ClassVar[tuple[str, ...]] = ()

    def __init__(self, message: pb.Outcome) -> None:
        self.message = message

    @property
    def kind(self) -> str:
        """The outcome's name in the contract, such as ``in_review``; empty for one that this client does not know."""
        return self.message.WhichOneof("result") or ""

    @property
    def next_step(self) -> NextStep:
        """What to do with it."""
        return NextStep(self.message.next_step)

    @property
    def cause(self) -> str:
        """What happened: a name of `Cause` without its prefix, or the number of one that this client does not know."""
        return value_name(Cause.DESCRIPTOR, self.message.cause)

    @property
    def action(self) -> str:
        """What the server did about it: a name of `Action`, as with `cause`."""
        return value_name(pb.Action.DESCRIPTOR, self.message.action)

    @property
    def report(self) -> Report:
        """How it came about: ids, versions, models, usage and times."""
        return self.message.report

    @property
    def answer(self) -> GroundedText | None:
        """The answer with its evidence, whichever outcome carries one; look at `next_step` before you show it."""
        return None

    @property
    def verified(self) -> bool:
        """Whether there is an answer whose every claim is proven, by the passages' own words or by a checker."""
        return self.answer is not None and self.answer.verified

    @property
    def text(self) -> str:
        """The answer's text; empty without one."""
        return self.answer.text if self.answer is not None else ""

    @property
    def citations(self) -> Sequence[Citation]:
        """The answer's citations, in the order of the text they support; empty without one."""
        return self.answer.citations if self.answer is not None else ()

    def __eq__(self, other: object) -> bool:
        return self.message == other.message if isinstance(other, _Outcome) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # a message can change

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]}…"
        said = f"{text!r}, " if text else ""
        return f"{type(self).__name__}({said}{self.cause}, {self.next_step.name}, {self.report.request_id!r})"


class Answered(_Outcome):
    """A validated answer."""

    __slots__ = ()
    __match_args__ = ("text", "citations")

    @property
    def answer(self) -> GroundedText:
        """The answer with its evidence."""
        return self.message.answered.answer


class Abstained(_Outcome):
    """The documents do not hold the answer."""

    __slots__ = ()
    __match_args__ = ("nearest",)

    @property
    def nearest(self) -> Sequence[Passage]:
        """The passages that came closest, best first."""
        return self.message.abstained.nearest

    @property
    def searched(self) -> int:
        """How many passages were looked at."""
        return self.message.abstained.searched


class Cached(_Outcome):
    """An earlier validated answer that stands in."""

    __slots__ = ()
    __match_args__ = ("text", "citations", "age")

    @property
    def answer(self) -> GroundedText:
        """The earlier answer with its evidence."""
        return self.message.cached.answer

    @property
    def age(self) -> timedelta:
        """The time since it was validated."""
        return self.message.cached.age.ToTimedelta()

    @property
    def keyed_on(self) -> Sequence[str]:
        """What agreed with the earlier call: names of `Cached.Key`, as with `cause`."""
        return [value_name(pb.Cached.Key.DESCRIPTOR, key) for key in self.message.cached.keyed_on]


class Degraded(_Outcome):
    """Less than was asked for: an answer with something given up, or passages alone."""

    __slots__ = ()
    __match_args__ = ("text", "citations", "passages")

    @property
    def answer(self) -> GroundedText | None:
        """The answer with its evidence; None when it was given up."""
        return self.message.degraded.answer if self.message.degraded.HasField("answer") else None

    @property
    def passages(self) -> Sequence[Passage]:
        """The evidence, best first, when the answer was given up."""
        return self.message.degraded.passages

    @property
    def losses(self) -> Sequence[str]:
        """What was given up: names of `Degraded.Loss`, as with `cause`."""
        return [value_name(pb.Degraded.Loss.DESCRIPTOR, loss) for loss in self.message.degraded.losses]


class Queued(_Outcome):
    """Accepted, to be answered later: ``await client.operation(outcome.operation).wait()`` gives the outcome."""

    __slots__ = ()
    __match_args__ = ("operation", "poll_after")

    @property
    def operation(self) -> str:
        """The name of the operation to ask for."""
        return self.message.queued.operation

    @property
    def poll_after(self) -> timedelta:
        """How long to wait before asking."""
        return self.message.queued.poll_after.ToTimedelta()

    @property
    def position(self) -> int:
        """How many questions are ahead."""
        return self.message.queued.position


class InReview(_Outcome):
    """An answer that a person must approve."""

    __slots__ = ()
    __match_args__ = ("ticket", "operation")

    @property
    def ticket(self) -> str:
        """The name of the review, for its reviewers."""
        return self.message.in_review.ticket

    @property
    def operation(self) -> str:
        """The name of the operation to ask for: it ends with the outcome of the review."""
        return self.message.in_review.operation

    @property
    def expected_within(self) -> timedelta | None:
        """How long the review is expected to take; None when that is unknown."""
        return _time(self.message.in_review.expected_within, given=self.message.in_review.HasField("expected_within"))


class Blocked(_Outcome):
    """No answer, because policy forbids one."""

    __slots__ = ()
    __match_args__ = ("policy", "category")

    @property
    def policy(self) -> str:
        """The name of the policy."""
        return self.message.blocked.policy

    @property
    def category(self) -> str:
        """The kind of content within the policy."""
        return self.message.blocked.category


class FailedSafe(_Outcome):
    """No answer, because nothing better was possible in time."""

    __slots__ = ()
    __match_args__ = ("retry_after",)

    @property
    def retry_after(self) -> timedelta | None:
        """How long to wait before the question is asked again; None when it would fail again."""
        return _time(self.message.failed_safe.retry_after, given=self.message.failed_safe.retryable)


class Unrecognized(_Outcome):
    """An outcome that this client does not know; `next_step` says what to do all the same."""

    __slots__ = ()


Outcome: TypeAlias = Answered | Abstained | Cached | Degraded | Queued | InReview | Blocked | FailedSafe | Unrecognized
"""How a question ended; a ``match`` over these classes is complete."""


def outcome_of(message: pb.Outcome) -> Outcome:
    """Return the contract's message as one of the classes above."""
    match message.WhichOneof("result"):
        case "answered":
            return Answered(message)
        case "abstained":
            return Abstained(message)
        case "cached":
            return Cached(message)
        case "degraded":
            return Degraded(message)
        case "queued":
            return Queued(message)
        case "in_review":
            return InReview(message)
        case "blocked":
            return Blocked(message)
        case "failed_safe":
            return FailedSafe(message)
        case _:
            return Unrecognized(message)


def text_or_reason(outcome: Outcome) -> str:
    """Return the answer's text, or one line that says why there is none, for a model that reads a tool's result."""
    if outcome.text:
        return outcome.text
    operation = f" {outcome.operation}" if isinstance(outcome, Queued | InReview) else ""
    return (
        f"No answer: {outcome.kind or 'unrecognized'}, {outcome.cause}; next step {outcome.next_step.name}{operation}."
    )


def _time(duration: Duration, *, given: bool) -> timedelta | None:
    return duration.ToTimedelta() if given else None


def value_name(enum: EnumDescriptor, number: int) -> str:
    """Return a value's name without the enum's prefix; its number where this client does not know it."""
    value = enum.values_by_number.get(number)
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return str(number) if value is None else value.name.removeprefix(prefix)
