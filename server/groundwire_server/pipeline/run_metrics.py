"""What one run adds to metrics and accounts, once, however many callers wait for its outcome, and however it ends."""

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Outcome, Report
from groundwire_server.domain.vocabulary import Verdict
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.recording import Recording
from groundwire_server.telemetry import metrics

_MICROS = 1_000_000


def record_run(recording: Recording, inquiry: Inquiry, report: Report, outcome: Outcome | None) -> None:
    """Record a run that has ended.

    Args:
        recording: takes the metrics, and what was consumed.
        inquiry: what was asked.
        report: what is known of how it was answered.
        outcome: None for a run that failed or was cancelled.
    """
    recorder, route = recording.metrics, report.route
    for timing in report.stages:
        recorder.record(metrics.STAGE_DURATION, timing.duration, route, timing.stage)
    for attempt in report.attempts:
        recorder.add(metrics.ATTEMPTS, 1, route, attempt.model, attempt.action, attempt.cause or "")
    if report.cache is not None:
        recorder.add(metrics.CACHE_LOOKUPS, 1, route, report.cache, report.cache_staleness or "")
    _record_findings(recorder, report)
    record_usage(recording, inquiry.caller, report)
    if report.time_to_first_token is not None:
        recorder.record(metrics.FIRST_TEXT, report.time_to_first_token, route)
    if report.best_relevance is not None:
        recorder.record(metrics.BEST_RELEVANCE, report.best_relevance, route)
    if outcome is None:
        return
    if inquiry.assignments and inquiry.claim is None:
        # What a worker has answered counts once its answer is kept.
        recording.experiments.outcome(inquiry.assignments, inquiry.requester, outcome)
    recorder.record(metrics.ANSWER_DURATION, report.total, route, type(outcome.result).__name__)
    if outcome.answer is not None:
        recorder.record(metrics.GROUNDING, outcome.answer.grounding_score, route)
        for sentence in outcome.answer.sentences:
            recorder.add(metrics.SENTENCES, 1, route, sentence.verdict)
            if sentence.verdict is not Verdict.NOT_A_CLAIM:
                recorder.record(metrics.SUPPORT, sentence.support, route)


def _record_findings(recorder: Metrics, report: Report) -> None:
    """Record what checks and guards found, and the guards that could not be asked."""
    route = report.route
    for kind, count in report.conflicts.items():
        recorder.add(metrics.CONFLICTS, count, route, kind)
    for flag, count in report.flags.items():
        recorder.add(metrics.GUARD_FINDINGS, count, route, flag.screen, flag.guard.name, flag.category, flag.action)
    for guard in report.guards_unavailable:
        recorder.add(metrics.GUARDS_UNAVAILABLE, 1, route, guard)


def record_usage(recording: Recording, caller: Caller, report: Report) -> None:
    """Record the tokens and the cost of a run, which the caller's tenant pays: all accounts of them agree."""
    recorder = recording.metrics
    recording.usage.add(caller.tenant, caller.subject, report.route, report.usage)
    for consumed in report.usage:
        usage, labels = consumed.usage, (caller.tenant, consumed.model, consumed.purpose)
        recorder.add(metrics.TOKENS, usage.input_tokens, *labels, "input")
        recorder.add(metrics.TOKENS, usage.output_tokens, *labels, "output")
        recorder.add(metrics.TOKENS_CACHED, usage.cached_input_tokens, *labels)
        if usage.cost_micros:
            recorder.add(metrics.COST, usage.cost_micros / _MICROS, *labels, usage.currency)
