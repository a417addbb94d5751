"""Feedback and cases in memory; review openings by their tickets."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import datetime

from groundwire_server.domain.case import Case
from groundwire_server.domain.feedback import AnswerFeedback, Rating
from groundwire_server.ports.feedback import FeedbackPlace, KeptFeedback, LabelledCase, LabelSource
from groundwire_server.ports.operations import RecordsError
from tests.doubles.operation_records import Away


class MemoryFeedback:
    """FeedbackRecords of one process; it passes the contract suite but for what only a database can do.

    Attributes:
        away: whether it cannot be asked.
        kept: for how many seconds each case is kept, by its request.
        judged: what reviewers have said, among what `labelled` yields.
    """

    def __init__(self) -> None:
        self.away = False
        self.kept: dict[str, float] = {}
        self.judged: list[LabelledCase] = []
        self._cases: dict[tuple[str, str, str, str], Case] = {}
        self._said: dict[tuple[str, str, str], AnswerFeedback] = {}

    async def put(self, feedback: AnswerFeedback, keep: float) -> KeptFeedback:
        """Keep feedback."""
        del keep
        self._reach()
        key = (feedback.tenant, feedback.subject, feedback.request_id)
        case = self._cases.get((*key, feedback.trace_id))
        replaced = key in self._said
        self._said[key] = replace(feedback, case_id="" if case is None else feedback.request_id)
        return KeptFeedback(case, replaced)

    async def page(
        self, tenant: str, route: str, rating: Rating | None, after: FeedbackPlace | None, most: int
    ) -> Sequence[tuple[FeedbackPlace, AnswerFeedback]]:
        """Return a page."""
        self._reach()
        placed = [
            (FeedbackPlace(each.said, "-".join(key)), each)
            for key, each in self._said.items()
            if each.tenant == tenant and route in ("", each.route) and rating in (None, each.rating)
        ]
        placed.sort(key=lambda one: (one[0].said, one[0].feedback_id), reverse=True)
        if after is not None:
            placed = [one for one in placed if (one[0].said, one[0].feedback_id) < (after.said, after.feedback_id)]
        return placed[:most]

    async def keep_case(self, case: Case, keep: float) -> None:
        """Keep a case."""
        self._reach()
        self.kept[case.question.request_id] = keep
        self._cases[case.tenant, case.subject, case.question.request_id, case.report.trace_id] = case

    async def case_of(self, tenant: str, subject: str, request_id: str, trace_id: str) -> Case | None:
        """Return a case."""
        self._reach()
        return self._cases.get((tenant, subject, request_id, trace_id))

    async def labelled(
        self, tenant: str, since: datetime | None, until: datetime | None, route: str
    ) -> AsyncGenerator[LabelledCase, None]:
        """Yield cases."""
        self._reach()
        found = list(self.judged)
        for each in self._said.values():
            case = self._cases.get((each.tenant, each.subject, each.request_id, each.trace_id))
            if case is not None and each.right is not None:
                found.append(
                    LabelledCase(
                        LabelSource.FEEDBACK,
                        case,
                        each.right,
                        each.said,
                        faults=each.faults,
                        correction=each.correction,
                    )
                )
        for label in sorted(found, key=lambda one: one.labelled):
            in_time = (since is None or label.labelled >= since) and (until is None or label.labelled < until)
            if label.case.tenant == tenant and route in ("", label.case.question.route) and in_time:
                yield label

    async def sweep(self) -> int:
        """Forget nothing."""
        self._reach()
        return 0

    def _reach(self) -> None:
        if self.away:
            raise RecordsError(Away.GONE)
