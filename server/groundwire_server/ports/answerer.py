"""Making an inquiry of a question, and answering it."""

from typing import Protocol

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.experiments.experiment import Assignment
from groundwire_server.domain.inquiry import Inquiry, RunRequest
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.question import Question
from groundwire_server.ports.sink import Sink


class Answerer(Protocol):
    """Answers an inquiry: the pipeline itself, and what is wrapped around it (runs, later admission and queues)."""

    async def answer(self, inquiry: Inquiry, sink: Sink | None) -> Outcome:
        """Return the outcome, by the inquiry's deadline.

        Args:
            inquiry: the question with its caller, policy and time.
            sink: takes every event as it happens, the outcome last; None for a unary answer.

        Raises:
            Rejection: when the call itself fails, such as for a blank question.
        """
        ...


class Inquiries(Protocol):
    """Makes inquiries of questions, by the routes of one configuration."""

    def inquiry(
        self,
        question: Question,
        caller: Caller,
        arrived: float,
        deadline: Deadline | None,
        run: RunRequest | None = None,
        assignments: tuple[Assignment, ...] = (),
    ) -> Inquiry:
        """Return the inquiry that a question on its route is, within the limits of its requester.

        Args:
            question: names the route.
            caller: who asks.
            arrived: when the call came in, in seconds on the event loop's clock.
            deadline: the caller's; the route's default without one, and never later than the route's maximum.
            run: how the caller will find the run again.
            assignments: the arms that it belongs to; the settings of those that are in force answer it.

        Raises:
            Rejection: ROUTE_UNKNOWN.
        """
        ...
