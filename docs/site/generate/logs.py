"""The reference of logs, from the decision event in `telemetry/decision.py` and the fields in `app/logs.py`."""

from collections.abc import Iterator

from docs.site.generate import markdown
from groundwire_server.app.logs import COMMON_FIELDS
from groundwire_server.edge import blocked_content, decision_log, quarantine_log, security_events
from groundwire_server.telemetry import line_sums
from groundwire_server.telemetry.decision import EVENT_NAME, decision_fields


def page() -> str:
    """Return the page."""
    return markdown.page(
        "Logs",
        "The server writes its log to standard error, one JSON object a line, and sends the same lines over OTLP when "
        "an endpoint is configured: `event` is then the record's event name, `message` its body. No line holds a "
        "question, a passage, a prompt, an answer or a credential. [Operate the server](../how-to/operate.md) has "
        "queries for the usual questions.",
        "## Every line",
        markdown.table(["field", "holds"], common()),
        f"Of lines alike, the first {line_sums.LINES} in {line_sums.WINDOW:.0f} seconds are written. The others are "
        "counted in one line of the same logger and level, with the message `N more: …`, when the window has ended. "
        f"The loggers `{decision_log.LOGGER}` and `{security_events.LOGGER}` have limits of their own.",
        "## The decision event",
        f"Every call leaves one event, with `event` = `{EVENT_NAME}` and the logger `{decision_log.LOGGER}`. A field "
        "that does not apply is absent. The message is the outcome, or else the error reason, or else the status. "
        "Times end in `_ms` and are milliseconds. The fields with an attribute are on the span of the call too. "
        "Limits on the number of lines are in [`telemetry.decisions`](configuration.md).",
        markdown.table(["field", "holds", "attribute"], decisions()),
        "Their names are part of the interface: one that changes is in the changelog. New ones may come at any time.",
        "## The security log",
        f"A denied call leaves a line on the logger `{security_events.LOGGER}`, with `event` = `call_denied`, `peer` "
        "and `reason`, and with `key_id`, `tenant` or `issuer` where the credential names one. After "
        f"{security_events.LOGGED} in {security_events.WINDOW:.0f} seconds from one source, the others are counted in "
        "a line with `event` = `calls_denied` and their number in `suppressed`.",
        f"What a guard has blocked leaves a line with `event` = `{blocked_content.EVENT}`, with `screen`, `guard`, "
        "`guard_version`, `category`, `tenant`, `subject` (a hash), `route`, `outcome`, `request_id` and `trace_id`; "
        f"never with the text. After {blocked_content.LINES} of one tenant, route, guard and category in "
        f"{line_sums.WINDOW:.0f} seconds the others are counted. A caller that says a block was a mistake "
        f"(`AppealBlock`) leaves one with `event` = `{blocked_content.APPEAL_EVENT}`, `guard`, `category`, `tenant`, "
        "`request_id` and the `trace_id` of the call that was blocked.",
        f"A document that guards hold back leaves a line with `event` = `{quarantine_log.QUARANTINED}` for each guard "
        "and category, with `guard`, `guard_version` and `category`; its release leaves one with `event` = "
        f"`{quarantine_log.RELEASED}`. Both have `tenant`, `request_id` and `trace_id`, and in `document_hash` the "
        "SHA-256, in lower-case hexadecimal, of tenant, line feed and document id.",
    )


def common() -> Iterator[tuple[str, str]]:
    """Return each field that any line may have, with what it holds."""
    return ((markdown.code(name), markdown.prose(about)) for name, about in COMMON_FIELDS.items())


def decisions() -> Iterator[tuple[str, str, str]]:
    """Return each field of the decision event, what it holds and the attribute that holds it too."""
    return (
        (markdown.code(field.name), markdown.prose(field.about), markdown.code(field.attribute))
        for field in decision_fields()
    )
