"""Admission: who may begin, and who is refused before anything is done for it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Protocol

from groundwire_server.domain.admission import Applicant, Work
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Outcome
from groundwire_server.ports.answerer import Answerer
from groundwire_server.ports.sink import Sink


class Limit(Protocol):
    """One bound on what may begin."""

    def hold(self, applicant: Applicant) -> AbstractAsyncContextManager[None]:
        """Hold what the applicant takes of the bound while it works; it may wait for it first.

        Raises (on entering):
            Rejection: when there is nothing left, or not in time.
        """
        ...


class Admission:
    """Lets those begin that every limit admits.

    Args:
        limits: asked in this order; what was taken is given back in the reverse order.
    """

    def __init__(self, limits: Sequence[Limit] = ()) -> None:
        self._limits = tuple(limits)

    @asynccontextmanager
    async def admitted(self, applicant: Applicant) -> AsyncIterator[None]:
        """Hold all that the applicant needs while it works.

        Raises (on entering):
            Rejection: QUOTA_EXCEEDED, OVERLOADED.
        """
        async with AsyncExitStack() as held:
            for limit in self._limits:
                await held.enter_async_context(limit.hold(applicant))
            yield


class AdmittedAnswerer:
    """An Answerer of inquiries that were admitted. Runs stand outside it: to join one takes nothing.

    Args:
        inner: does the work.
        admission: decides who may begin.
    """

    def __init__(self, inner: Answerer, admission: Admission) -> None:
        self._inner = inner
        self._admission = admission

    async def answer(self, inquiry: Inquiry, sink: Sink | None) -> Outcome:
        """Answer an inquiry once it is admitted.

        Raises:
            Rejection: as `Admission.admitted` and the inner answerer say.
        """
        async with self._admission.admitted(applicant(Work.ANSWER, inquiry)):
            return await self._inner.answer(inquiry, sink)


def applicant(work: Work, inquiry: Inquiry) -> Applicant:
    """Return what admission sees of an inquiry."""
    return Applicant(work, inquiry.requester, inquiry.arrived, inquiry.deadline)
