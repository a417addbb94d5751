"""What is recorded of verdicts: on spans, in metrics and in the report, and never a text."""

from groundwire_server.domain.vocabulary import ConflictKind, Verdict
from groundwire_server.telemetry import metrics, names
from tests.doubles.generator import DONE, draft
from tests.pipeline.running import FIRST, SECOND, path
from tests.pipeline.samples import RULES

WRONG = "Their bodies hold 77 expressions."


async def test_every_judged_sentence_is_an_event_of_the_stage_with_the_checker_and_its_hash() -> None:
    made = await path([*draft((f"{FIRST} {SECOND}", ["p1"]), (WRONG, ["p1"])), DONE])
    await made.ask(None)
    events = made.spans.events("groundwire.check")
    assert [event[names.GEN_AI_EVALUATION_LABEL] for event in events][:2] == ["VERBATIM", "VERBATIM"]
    assert events[2][names.GEN_AI_EVALUATION_LABEL] in {"CONTRADICTED", "UNSUPPORTED"}
    first = events[0]
    assert first == {
        names.GEN_AI_EVALUATION_NAME: "verdict",
        names.GEN_AI_EVALUATION_SCORE: 1.0,
        names.GEN_AI_EVALUATION_LABEL: "VERBATIM",
        names.CHECKER: "rules",
        names.CHECKER_FINGERPRINT: RULES.fingerprint,
    }
    assert "bodies" not in made.spans.everything()


async def test_the_report_counts_what_was_written_and_the_metrics_what_left() -> None:
    made = await path([*draft((FIRST, ["p1"]), (WRONG, ["p1"])), DONE], fallbacks={})
    outcome = await made.ask(None)
    assert outcome.report.judged[Verdict.VERBATIM] == 1
    assert sum(outcome.report.judged.values()) == 2
    assert ConflictKind.NUMBER in outcome.report.conflicts
    assert made.counts.of(metrics.CONFLICTS, "default", ConflictKind.NUMBER) >= 1
    assert made.counts.of(metrics.SENTENCES, "default", Verdict.VERBATIM) == 1


def test_the_fingerprint_is_that_of_the_rules_and_the_weights() -> None:
    assert len(RULES.fingerprint) == 16
    assert type(RULES).packaged().fingerprint == RULES.fingerprint
