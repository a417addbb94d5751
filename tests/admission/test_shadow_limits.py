"""What limits in shadow would have refused is said once a call has ended."""

import pytest

from groundwire_server.admission.shadow_limits import ShadowedAnswerer
from groundwire_server.domain.generation import ModelUsage, Usage
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Abstained, Outcome, Report
from groundwire_server.domain.vocabulary import Action, Cause, NextStep, Purpose
from groundwire_server.ports.sink import Sink
from groundwire_server.telemetry import metrics
from tests.admission.limiting import Limited, row
from tests.admission.test_limit_table import inquiry

USED = (
    ModelUsage("first", Purpose.ANSWER, Usage(60, 20, cost_micros=30)),
    ModelUsage("judge", Purpose.CHECK, Usage(15, 5, cost_micros=12)),
)
OUTCOME = Outcome(Abstained(0, ()), Cause.NO_EVIDENCE, Action.ABSTAIN, NextStep.REPHRASE, Report(usage=USED))


class Answered:
    """Answers at once."""

    async def answer(self, inquiry: Inquiry, sink: Sink | None) -> Outcome:
        return OUTCOME


@pytest.mark.parametrize(
    ("limit", "most", "said"),
    [
        ("question_chars", 3, True),
        ("question_chars", 4, False),
        ("tokens_per_call", 99, True),
        ("tokens_per_call", 100, False),
        ("cost_per_call", 41, True),
        ("cost_per_call", 42, False),
    ],
)
async def test_a_call_that_exceeds_a_limit_in_shadow_is_answered_and_counted(limit: str, most: int, said: bool) -> None:
    limited = Limited((row(shadow=True, **{limit: float(most)}),))  # type: ignore[arg-type]
    answerer = ShadowedAnswerer(Answered(), limited.table, limited.reports)
    assert await answerer.answer(inquiry(text="Who?"), None) is OUTCOME
    assert limited.counts.series(metrics.LIMITS_REACHED) == ({(f"users.{limit}", "SHADOW"): 1} if said else {})


async def test_an_enforced_limit_is_not_said_to_be_in_shadow() -> None:
    limited = Limited((row(tokens_per_call=1),))
    await ShadowedAnswerer(Answered(), limited.table, limited.reports).answer(inquiry(), None)
    assert limited.counts.series(metrics.LIMITS_REACHED) == {}
