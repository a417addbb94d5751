"""Limits in shadow that hold for each call by itself: what they would have refused is said once it is known."""

from groundwire_server.admission.limit_table import LimitTable
from groundwire_server.admission.quota_reports import QuotaReports
from groundwire_server.domain.allowance import total_tokens
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.vocabulary import LimitKind
from groundwire_server.ports.answerer import Answerer
from groundwire_server.ports.sink import Sink


class ShadowedAnswerer:
    """An Answerer that says which limits in shadow an answer exceeded. It changes nothing of the answer.

    Args:
        inner: does the work.
        table: the limits.
        reports: says what they would have refused.
    """

    def __init__(self, inner: Answerer, table: LimitTable, reports: QuotaReports) -> None:
        self._inner = inner
        self._table = table
        self._reports = reports

    async def answer(self, inquiry: Inquiry, sink: Sink | None) -> Outcome:
        """Answer an inquiry.

        Raises:
            Rejection: as the inner answerer says.
        """
        outcome = await self._inner.answer(inquiry, sink)
        limits = self._table.shadow_values(inquiry.requester)
        if limits:
            usage = sum((each.usage for each in outcome.report.usage), Usage())
            exceeding = {
                LimitKind.QUESTION_CHARS: len(inquiry.question.text),
                LimitKind.TOKENS_PER_CALL: total_tokens(usage),
                LimitKind.COST_PER_CALL: usage.cost_micros,
            }
            self._reports.shadowed([limit for limit in limits if exceeding.get(limit.kind, 0) > limit.most])
        return outcome
