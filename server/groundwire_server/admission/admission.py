"""Admission: who may begin, and who is refused before anything is done for it."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
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

    def admitted(self, applicant: Applicant) -> "_Admitted":
        """Return what holds all that the applicant needs while it works, to be entered with `async with`.

        Raises (on entering):
            Rejection: QUOTA_EXCEEDED, OVERLOADED.
        """
        return _Admitted(self._limits, applicant)


class _Admitted:
    """What one applicant holds of every limit. Written out: an exit stack costs more than the limits do."""

    __slots__ = ("_applicant", "_held", "_limits")

    def __init__(self, limits: Sequence[Limit], applicant: Applicant) -> None:
        self._limits = limits
        self._applicant = applicant
        self._held: list[AbstractAsyncContextManager[None]] = []

    async def __aenter__(self) -> None:
        try:
            for limit in self._limits:
                hold = limit.hold(self._applicant)
                await hold.__aenter__()
                self._held.append(hold)
        except BaseException as raised:
            await self.__aexit__(type(raised), raised, raised.__traceback__)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            while self._held:
                await self._held.pop().__aexit__(kind, raised, trace)
        finally:
            if self._held:
                # One that failed to give back must not keep what the others hold.
                await self.__aexit__(kind, raised, trace)


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
